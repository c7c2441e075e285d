"""One `[[export]]` table read field by field: each reader method takes a field, checks it, and notes what is wrong."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from lambdas.core.facts import Facts
from lambdas.core.lines import lines
from lambdas.core.origins import loopback, mistaken, unfit

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
DAY = timedelta(days=1)
NEAR = ("http://127.0.0.1/", "http://localhost/")
SUCH = 'a list of URLs with a path, such as ["https://files.example.com/bucket/"]'
FAR = (
    "this machine, where in AWS no vendor is: take the line out, and the vendor's own is meant"
    " (the local cloud, -c target=host, takes it)"
)
# What one place of `max_in_flight` carries: a report is usually there within ten minutes (shared/vendors.md).
REPORT = timedelta(minutes=10)
OLDEST = 2000  # the year of the oldest call that is asked for
# The characters that Secrets Manager takes; that they go into a template and a policy as they are, they are held to.
NAMES = r"[A-Za-z0-9/_+=.@-]{1,200}"
ARN = rf"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{{12}}:secret:{NAMES}"


class Reader:
    """Takes the fields of one table and remembers the mistakes and the fields taken."""

    def __init__(self, table: Mapping[str, Any], number: int, text: str, *, near: bool = True) -> None:
        self._table, self._near = table, near
        self._lines = lines(text, number)
        self._taken: set[str] = set()
        self.mistakes: list[str] = []
        self.label = _text(table.get("name"))[:60] or f"number {number + 1}"

    def say(self, field: str, what: str) -> str:
        """A mistake with its line, export and field."""
        near = [
            field.rsplit(".", n)[0] for n in range(min(field.count("."), 3) + 1)
        ]  # inline tables have one line for all
        line = next((self._lines[one] for one in (*near, "") if one in self._lines), 0)
        return f"line {line}: export {self.label}: {field}: {what}"

    def wrong(self, field: str, what: str) -> None:
        """Note a mistake."""
        self.mistakes.append(self.say(field, what))

    def take(self, field: str, default: Any = None) -> Any:
        """The value as TOML gave it."""
        self._taken.add(field)
        return self._table.get(field, default)

    def unknown(self) -> None:
        """Note every field that nobody took."""
        for field in sorted(set(self._table) - self._taken):
            self.wrong(field, "not a field of an export; docs/settings.md lists them")

    def name(self) -> str:
        """`name`: part of keys, tags and of a secret's name."""
        value = self.take("name")
        if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", value):
            self.wrong("name", "needed: 1 to 40 of a-z, 0-9 and '-', not at its ends")
        return _text(value)

    def word(self, field: str, words: Sequence[str], default: str | None = None) -> str | None:
        """One of `words`."""
        value = self.take(field, default)
        if value not in words:
            self.wrong(field, f"{'needed' if value is None else 'not known'}: one of {', '.join(words)}")
            return None
        return str(value)

    def flag(self, field: str, default: bool = False) -> bool:
        """true or false."""
        value = self.take(field, default)
        if not isinstance(value, bool):
            self.wrong(field, "true or false, without quotes")
        return value is True

    def discard(self, facts: Facts) -> bool:
        """`discard`: delete the vendor's report once its copy is verified, where the vendor's API can."""
        value = self.flag("discard")
        if value and not facts.discards:
            self.wrong("discard", f"{facts.name} has no way to delete a report; leave it out")
        return value

    def text(self, field: str, default: str) -> str:
        """A string that is not empty."""
        value = self.take(field, default)
        if not isinstance(value, str) or not value.strip():
            self.wrong(field, "a text in quotes, not empty")
        return _text(value)

    def secret(self, default: str, taken: str) -> str:
        """`secret`: any name that Secrets Manager takes, but that of the key of the pseudonyms."""
        value = self.text("secret", default)
        if value.strip() and value != default and not re.fullmatch(NAMES, value):
            self.wrong("secret", "a name of letters, digits and /_+=.@-, up to 200")
        if value == taken:
            self.wrong("secret", f"{taken} is the key of the pseudonyms: give this one another name")
        return value

    def count(self, field: str, default: int, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self.take(field, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.wrong(field, f"a whole number from {least} to {most}")
            return default
        return value

    def span(self, field: str, default: str) -> timedelta:
        """A length of time such as "15m", "2h", "1d"."""
        value = self._span(self.take(field, default))
        if value is None:
            self.wrong(field, 'a length of time such as "15m", "2h" or "1d"')
            return DAY
        return value

    def start(self) -> dt.date | int:
        """A date, or "-7d": so many days before the first tick."""
        value = self.take("start")
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            if value.year < OLDEST:
                self.wrong("start", f"a date from the year {OLDEST} on")
            return value
        match = re.fullmatch(r"-([0-9]{1,3})d", value) if isinstance(value, str) else None
        if match is None:
            self.wrong("start", 'needed: a date without quotes (2026-10-01), or "-7d"')
        return int(match[1]) if match else 0

    def window(self, facts: Facts) -> int:
        """Seconds of a window: from 15 minutes to a day, a whole part of a day."""
        span = self.span("window", "1d")
        accepted = self.word("small_files", ["refused", "accepted"], "refused")
        if not timedelta(minutes=15) <= span <= DAY or DAY % span:
            self.wrong("window", "from 15m to 1d, and it must divide a day")
            return int(DAY.total_seconds())
        if facts.limits.longest is not None and span > facts.limits.longest:
            self.wrong("window", f"{facts.name} takes at most {facts.limits.longest} in one report")
        elif span < timedelta(hours=1) and accepted != "accepted":
            self.wrong("window", 'under 1h makes many small files: add small_files = "accepted" if you mean it')
        return int(span.total_seconds())

    def schedule(self) -> tuple[str, timedelta]:
        """EventBridge Scheduler's expression and the length of a tick."""
        value = self.take("schedule", "rate(15 minutes)")
        match = re.fullmatch(r"rate\(([0-9]{1,4}) (minute|hour)s?\)", value) if isinstance(value, str) else None
        tick = int(match[1]) * UNITS[match[2][0]] if match else timedelta(0)
        if not timedelta(minutes=1) <= tick <= DAY:
            self.wrong("schedule", 'rate(N minutes) or rate(N hours), up to a day; "cron(...)" is not yet built')
            return _text(value), timedelta(minutes=15)
        return _text(value), tick

    def ages(self, facts: Facts) -> tuple[timedelta, ...]:
        """`reexport`: rising ages at which a window is asked for again."""
        values = self.take("reexport", ["1d", "7d"])
        spans = [self._span(value) for value in values] if isinstance(values, list) else [None]
        ages = [span for span in spans if span is not None]
        if len(ages) != len(spans) or ages != sorted(set(ages)):
            self.wrong("reexport", 'a list of rising ages such as ["1d", "7d"], or []')
        elif facts.retention and ages and ages[-1] > facts.retention - 2 * DAY:
            most = (facts.retention - 2 * DAY).days
            self.wrong("reexport", f"{facts.name} forgets after {facts.retention.days} days: at most {most}d")
        elif (oldest := facts.limits.oldest_end) is not None and ages and ages[-1] >= oldest:
            self.wrong("reexport", f"{facts.name} takes no window that ended {oldest} ago: shorter ages, or []")
        return tuple(ages)

    def arn(self) -> str | None:
        """`secret_arn`: a secret that exists already, instead of `secret`."""
        value = self.take("secret_arn")
        if value is None:
            return None
        if "secret" in self._table:
            self.wrong("secret_arn", "either secret or secret_arn, not both")
        if not re.fullmatch(ARN, _text(value)):  # it goes into a policy, where `*` would be everybody's
            self.wrong("secret_arn", "the full ARN of a secret, arn:aws:secretsmanager:...:secret:NAME-AbCdEf")
        self._taken.add("secret")
        return _text(value)

    def url(self, field: str, default: str) -> str:
        """An https URL without a trailing slash; http only on loopback."""
        value = self.take(field, default)
        if wrong := mistaken(value) or self._far(value):
            self.wrong(field, wrong)
        return _text(value).rstrip("/")

    def _far(self, value: str) -> str | None:
        """Whether this machine is named where no vendor can be: told, where the stack is not for the local cloud."""
        return FAR if loopback(value) and not self._near else None

    def prefix(self, facts: Facts, api: str) -> str | None:
        """`prefix`: the path of an api of which several spellings are met; the first is the default."""
        value, known = self.take("prefix"), facts.prefixes
        if value is not None and api not in known:
            apis = " or ".join(f'api = "{one}"' for one in known)
            self.wrong("prefix", f"only with {apis}" if apis else f"{facts.name} has no such setting; remove it")
        elif value is not None and not re.fullmatch(r"(/[a-z0-9_-]+)+", _text(value)):
            self.wrong("prefix", f'a path such as "{known[api][-1]}"')
        return value if isinstance(value, str) else next(iter(known.get(api, ())), None)

    def origins(self, facts: Facts) -> tuple[str, ...]:
        """`download_from`: where files may come from, each scheme + host + path prefix.

        An export whose vendor is played on loopback takes its files from there, by default from any port.
        """
        near = self._near and loopback(_text(self._table.get("base_url")))
        values = self.take("download_from", list(NEAR if near else facts.download_from))
        if not isinstance(values, list) or not values:
            values = [None]
        for value in values:
            if wrong := mistaken(value) or unfit(value) or self._far(value):
                self.wrong("download_from", wrong if wrong == FAR else f"{wrong}; in {SUCH}")
                return ()
        return tuple(values)

    def currency(self) -> str | None:
        """`currency`: ISO 4217, for a vendor that does not say it."""
        value = self.take("currency")
        if value is not None and not re.fullmatch(r"[A-Z]{3}", _text(value)):
            self.wrong("currency", 'an ISO 4217 code such as "USD"')
        return None if value is None else _text(value)

    def options(self, facts: Facts, api: str) -> dict[str, Any]:
        """The vendor's own request fields, checked by the vendor's file."""
        value = self.take("options", {})
        if not isinstance(value, dict):
            self.wrong("options", "a table: [export.options]")
            return {}
        for field, what in facts.check(value, api):
            self.wrong(f"options.{field}", what)
        return value

    def load(self, sources: int, window: int, ages: int, places: int, tick: timedelta) -> None:
        """Refuse what cannot be carried: the steady load may take half of the places at most."""
        asked = sources * (DAY.total_seconds() / window) * (1 + ages)
        carried = places * (DAY / max(tick, REPORT))
        if asked > carried / 2:
            self.wrong(
                "window",
                f"{asked:.0f} reports a day are over half of the {carried:.0f} that max_in_flight = {places} carries:"
                " a longer window, fewer reexport ages, or more max_in_flight",
            )

    @staticmethod
    def _span(value: Any) -> timedelta | None:
        match = re.fullmatch(r"([0-9]{1,5})([mhd])", value) if isinstance(value, str) else None
        return int(match[1]) * UNITS[match[2]] if match else None


def _text(value: Any) -> str:
    """The text; nothing of what is none, which may be a number of more digits than Python writes."""
    return value if isinstance(value, str) else ""
