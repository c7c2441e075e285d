"""What `-c name=value` can set, read and checked before anything is built: every mistake at once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import available_timezones

from lambdas.core.exports import Exports, Mistakes, parse
from lambdas.vendors import FACTS

Lookup = Callable[[str], object]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The stack's settings; the README lists them with their meaning."""

    stage: str
    exports: Path
    target: str  # "aws": bundles for arm64 and Python 3.13; "host": for this machine, for the local cloud
    callback: bool  # off: no vendor is told to call back
    keep: bool  # data, ledger, secrets and logs outlive the stack
    nag: bool
    bundle: Path | None  # bundles made before; None: they are made now
    account: str | None
    region: str | None
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

    @property
    def name(self) -> str:
        """What the stack and the things that need a name of their own are called."""
        return f"cdr-{self.stage}"

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
        keep=take.word("removal", ("retain", "destroy")) == "retain",
        nag=take.word("nag", ("on", "off")) == "on",
        bundle=Path(bundle) if bundle else None,
        account=take.text("account", "", r"\d{12}") or None,
        region=take.text("region", "", r"[a-z]{2}(-[a-z]+)+-\d") or None,
        raw_expire_days=take.count("raw_expire_days", 0, 0, 36500),
        noncurrent_days=take.count("noncurrent_days", 30, 1, 3650),
        quarantine_days=take.count("quarantine_days", 90, 1, 3650),
        results_days=take.count("results_days", 7, 1, 365),
        log_days=take.one_of("log_days", 30, RETENTIONS),
        scan_limit_gb=take.count("scan_limit_gb", 100, 1, 100_000),
        timezone=take.zone("timezone", "UTC"),
        copier_mb=take.count("copier_mb", 1024, 512, 10_240),
        rate=take.count("rate", 50, 1, 10_000),
        burst=take.count("burst", 100, 1, 5_000),
    )
    if take.mistakes:
        raise Mistakes([f"context: {mistake}" for mistake in take.mistakes])
    return found


def exports(chosen: Settings) -> Exports:
    """The exports of the file that the settings name; raises Mistakes, each naming the file."""
    try:
        return parse(chosen.exports.read_text("utf-8"), chosen.stage, FACTS)
    except Mistakes as wrong:
        raise Mistakes([f"{chosen.exports.name}: {mistake}" for mistake in wrong.mistakes]) from wrong
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Mistakes([f"{chosen.exports}: cannot be read: {reason}"]) from error
