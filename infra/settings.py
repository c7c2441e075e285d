"""What `-c name=value` can set, read and checked before anything is built: every mistake at once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

from lambdas.core.exports import Exports, Mistakes, parse
from lambdas.core.fields import ARN
from lambdas.vendors import FACTS

Lookup = Callable[[str], object]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The stack's settings; the README lists them with their meaning."""

    stage: str
    exports: Path
    target: str  # "aws": bundles for arm64 and Python 3.13; "host": for this machine, for the local cloud
    callback: bool  # off: no vendor is told to call back, and there is no address
    access_log: bool  # on: a line for each request that comes to the callback's address
    keep: bool  # data, ledger, secrets and logs outlive the stack
    nag: bool
    bundle: Path | None  # bundles made before; None: they are made now
    account: str | None
    region: str | None
    kms_key: str | None  # the ARN of the owner's key, under which everything at rest is encrypted; None: AWS's own keys
    bucket: str | None  # the name of a bucket of the owner's, as the lake; None: one of the stack's own
    ledger: str | None  # the name of a table that an earlier stack left; None: one of the stack's own
    pseudonym_arn: str | None  # a key of the pseudonyms that is there already; None: AWS draws one
    raw_expire_days: int  # 0: never
    noncurrent_days: int
    quarantine_days: int
    results_days: int
    log_days: int
    scan_limit_gb: int
    timezone: str  # whose days and hours the views tell; IANA's name
    copier_mb: int  # the copier's memory, and with it its share of a core: one whole at 1769
    rate: int  # callbacks a second
    burst: int
    alarm_email: str | None  # where alarms are mailed to, once the address has confirmed it
    runbook_url: str  # where docs/runbook.md can be read by whoever gets an alarm's mail
    budget_usd: float  # a month: what a day's use times thirty may cost before the alarm rings

    @property
    def name(self) -> str:
        """What the stack and the things that need a name of their own are called."""
        return f"cdr-{self.stage}"

    @property
    def namespace(self) -> str:
        """The namespace of our own metrics, so that two stages do not mix."""
        return f"cdr-exporter/{self.stage}"

    @property
    def database(self) -> str:
        """The Glue database; Athena knows no hyphen."""
        return self.name.replace("-", "_")


class Reader:
    """Takes one setting after the other and remembers what was wrong."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.mistakes: list[str] = []

    def text(self, name: str, default: str, pattern: str = ".+") -> str:
        """A text of that form; `default` may be empty, a given value may not."""
        value = self._lookup(name)
        if value is None:
            return default
        if not re.fullmatch(pattern, str(value)):
            self.mistakes.append(f"{name}: {value!r} is not of the form {pattern}")
        return str(value)

    def word(self, name: str, words: Sequence[str]) -> str:
        """One of `words`; the first is the default."""
        value = self.text(name, words[0])
        if value not in words:
            self.mistakes.append(f"{name}: {value!r} is none of {', '.join(words)}")
        return value

    def count(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds."""
        value = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,9}", value) or not low <= int(value) <= high:
            self.mistakes.append(f"{name}: {value!r} is not a whole number from {low} to {high}")
            return default
        return int(value)

    def money(self, name: str, default: float) -> float:
        """An amount above nothing, with cents."""
        value = self.text(name, f"{default:g}")
        if not re.fullmatch(r"\d{1,6}(\.\d{1,2})?", value) or not float(value):
            self.mistakes.append(f"{name}: {value!r} is not an amount such as 25 or 0.50")
            return default
        return float(value)

    def zone(self, name: str, default: str) -> str:
        """A time zone by its IANA name."""
        value = self.text(name, default)
        if value not in available_timezones():
            self.mistakes.append(f"{name}: {value!r} is no time zone: one such as Europe/Berlin is wanted")
            return default
        return value

    def one_of(self, name: str, default: int, numbers: Sequence[int]) -> int:
        """A number out of a list, for services that take no other."""
        value = self.count(name, default, min(numbers), max(numbers))
        if value not in numbers:
            self.mistakes.append(f"{name}: {value} is none of {', '.join(map(str, numbers))}")
        return value


RUNBOOK = "docs/runbook.md"
# What CloudWatch Logs takes, up to two years; it refuses every other number of days.
RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731)


def settings(lookup: Lookup) -> Settings:
    """The settings of CDK's context; raises Mistakes."""
    take = Reader(lookup)
    bundle = take.text("bundle", "")
    found = Settings(
        stage=take.text("stage", "dev", "[a-z][a-z0-9-]{0,15}"),
        exports=Path(take.text("exports", "exports.toml")),
        target=take.word("target", ("aws", "host")),
        callback=take.word("callback", ("on", "off")) == "on",
        access_log=take.word("access_log", ("off", "on")) == "on",
        keep=take.word("removal", ("retain", "destroy")) == "retain",
        nag=take.word("nag", ("on", "off")) == "on",
        bundle=Path(bundle) if bundle else None,
        account=take.text("account", "", r"\d{12}") or None,
        region=take.text("region", "", r"[a-z]{2}(-[a-z]+)+-\d") or None,
        kms_key=take.text("kms_key", "") or None,
        bucket=take.text("bucket", "") or None,
        ledger=take.text("ledger", "", r"[A-Za-z0-9_.-]{3,255}") or None,
        pseudonym_arn=take.text("pseudonym_arn", "", ARN) or None,
        raw_expire_days=take.count("raw_expire_days", 0, 0, 36500),
        noncurrent_days=take.count("noncurrent_days", 30, 1, 3650),
        quarantine_days=take.count("quarantine_days", 90, 1, 3650),
        results_days=take.count("results_days", 7, 1, 365),
        log_days=take.one_of("log_days", 30, RETENTIONS),
        scan_limit_gb=take.count("scan_limit_gb", 100, 1, 100_000),
        timezone=take.zone("timezone", "UTC"),
        copier_mb=take.count("copier_mb", 1024, 512, 10_240),
        rate=take.count("rate", 10, 1, 10_000),
        burst=take.count("burst", 50, 1, 5_000),
        alarm_email=take.text("alarm_email", "", r"[^@\s]+@[^@\s]+\.[^@\s]+") or None,
        runbook_url=take.text("runbook_url", RUNBOOK, r"https://[^\s#]+"),
        budget_usd=take.money("budget_usd", 25),
    )
    take.mistakes += [*_wrong_key(found), *_wrong_bucket(found)]
    if take.mistakes:
        raise Mistakes([f"context: {mistake}" for mistake in take.mistakes])
    return found


KEY = re.compile(r"arn:(aws[a-z-]*):kms:([a-z0-9-]+):(\d{12}):(key/(?:mrk-)?[0-9a-f-]{32,36}|alias/.+)")
PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


def _wrong_key(found: Settings) -> list[str]:
    """What is wrong with the ARN of the KMS key: CloudFormation would say so half way through, or not at all."""
    if found.kms_key is None:
        return []
    if not (parts := KEY.fullmatch(found.kms_key)):
        form = "arn:aws:kms:REGION:ACCOUNT:key/ID"
        return [f"kms_key: {found.kms_key!r} is not the ARN of a key, {form} (`aws kms describe-key` tells it)"]
    partition, region, account, what = parts.groups()
    right = next((name for start, name in PARTITIONS.items() if region.startswith(f"{start}-")), "aws")
    wrong = {
        f"is an alias, which may be pointed at another key: `aws kms describe-key --key-id {what}` tells the key's ARN":
            what.startswith("alias/"),
        f"is of partition {partition}, and {region} of {right}": partition != right,
        f"is in {region}, and the stack in {found.region}": found.region not in (None, region),
        f"is account {account}'s, and the stack {found.account}'s": found.account not in (None, account),
    }  # fmt: skip
    return [f"kms_key: {found.kms_key!r} {said}" for said, holds in wrong.items() if holds]


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
OTHERS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")  # the ends of names of what is no general bucket


def _wrong_bucket(found: Settings) -> list[str]:
    """What is wrong with the name of the owner's bucket."""
    if (name := found.bucket) is None:
        return []
    wrong = {
        "is an ARN or a URL: the name alone is wanted": ":" in name,
        "is no name of a bucket": not BUCKET.fullmatch(name) or bool(re.fullmatch(r"\d+(\.\d+){3}", name)),
        "is an access point or a bucket of another kind: a general purpose bucket is wanted": name.endswith(OTHERS),
    }
    return [f"bucket: {name!r} {said}" for said, holds in wrong.items() if holds][:1]


def notes(chosen: Settings) -> list[str]:
    """What is right, but must be known: told at each synth."""
    yours = {
        f"bucket: {chosen.bucket} is yours: so are its lifecycle, versions, encryption and policy": chosen.bucket,
        f"ledger: {chosen.ledger} is yours: so are its indexes, recovery and protection": chosen.ledger,
    }
    return [f"context: note: {said} (docs/deploying.md)" for said, holds in yours.items() if holds]


def exports(chosen: Settings) -> Exports:
    """The exports of the file that the settings name; raises Mistakes, each naming the file."""
    try:
        return parse(chosen.exports.read_text("utf-8"), chosen.stage, FACTS, near=chosen.target == "host")
    except Mistakes as wrong:
        raise Mistakes([f"{chosen.exports.name}: {mistake}" for mistake in wrong.mistakes]) from wrong
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Mistakes([f"{chosen.exports}: cannot be read: {reason}"]) from error
