"""What `cdr query` is asked: a saved question with its days, zone, exports and values, or a query out of a file."""

import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any

import click
from rich.table import Table
from rich.text import Text

from cli.wrong import Wrong
from infra import questions
from infra.questions import QUESTIONS, Question
from lambdas.core.exports import Exports

DAYS = 30  # asked about, unless somebody says which
MOST = {"history": 5000}  # Trino's sequence() makes 10,000 days at most
LONGEST = 5000  # days that can be asked about
# What only reads; before it, comments may stand. Another statement could change the lake, which `cdr query` never does.
# Comments are passed over once and for good: nothing between two of them is taken for a part of one.
QUERY = re.compile(
    r"(?>\s|--[^\n]*(?:\n|\Z)|/\*(?:(?!\*/).)*\*/)*+(SELECT\b|WITH\b|VALUES\b|\()", re.DOTALL | re.IGNORECASE
)


class Day(click.ParamType[date]):
    """A day, as ISO 8601 has it."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-11-20", param, ctx)


class Zone(click.ParamType[str]):
    """A time zone's name, as the IANA has it."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value != "UTC" and value not in zoneinfo.available_timezones():
            self.fail(f"{value!r} is not a time zone such as Europe/Berlin or America/New_York", param, ctx)
        return str(value)


class Setting(click.ParamType[tuple[str, int]]):
    """A value of a question: `limit=10`."""

    name = "name=number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        found = re.fullmatch(r"([a-z_]+)=([0-9]{1,9})", value)
        if not found:
            self.fail(f"{value!r} is not a name and a whole number, such as limit=10", param, ctx)
        return found[1], int(found[2])


@dataclass(frozen=True)
class Wish:
    """A saved question and what it is asked about, as the command line says it."""

    name: str
    first: date | None = None
    last: date | None = None
    zone: str = "UTC"
    only: Sequence[str] = ()
    values: Sequence[tuple[str, int]] = ()

    def sql(self, database: str, exports: Exports, now: datetime) -> str:
        """The finished query. Raises Wrong, or click's own errors of usage."""
        values = _values(_question(self.name), self.values)
        names = [one.name for one in exports.exports]
        for name in self.only:
            if name not in names:
                raise Wrong(f"no export {name}: the file has {', '.join(names)}")
        first, last = self._days(now)
        asked = questions.Asked(
            database, exports, questions.date(first), questions.date(last), zone=self.zone,
            only=tuple(dict.fromkeys(self.only)), values=values,
        )  # fmt: skip
        return questions.text(self.name, asked)

    def _days(self, now: datetime) -> tuple[date, date]:
        last = self.last or now.astimezone(UTC if self.zone == "UTC" else zoneinfo.ZoneInfo(self.zone)).date()
        first = self.first or last - timedelta(days=DAYS - 1)
        if first > last:
            raise click.UsageError(f"--from {first} is after --to {last}: no day lies between them")
        if (last - first).days >= LONGEST:
            raise click.UsageError(f"--from {first} --to {last}: more than {LONGEST} days are too many to ask about")
        return first, last


def _question(name: str) -> Question:
    try:
        return QUESTIONS[name]
    except KeyError:
        raise Wrong(f"no question {name}: there are {', '.join(QUESTIONS)}") from None


def _values(question: Question, given: Sequence[tuple[str, int]]) -> dict[str, int]:
    """The values that were set. Raises Wrong for one that the question does not have."""
    for name, _ in given:
        if name not in question.values:
            has = f"it has {', '.join(_told(question.values))}" if question.values else "it has none"
            raise Wrong(f"{question.name} has no value {name} to --set: {has}")
    for name, number in given:
        if not 1 <= number <= MOST.get(name, number):
            raise Wrong(f"{name} is at least 1{f' and at most {MOST[name]}' if name in MOST else ''}, not {number}")
    return dict(given)


def written(file: IO[str]) -> str:
    """The query that a file holds. Raises Wrong for what is no query."""
    name = getattr(file, "name", "stdin")  # which may have none
    try:
        text = file.read()
    except UnicodeDecodeError:
        raise Wrong(f"{name}: cannot be read: not UTF-8") from None
    if not QUERY.match(text):
        raise Wrong(f"{name}: no query: only SELECT, WITH and VALUES are run here, which change nothing")
    return re.sub(r"[\s;]+\Z", "", text)


def listed() -> Table:
    """The saved questions."""
    made = Table("question", "asks", "values to --set")
    for one in QUESTIONS.values():
        made.add_row(Text(one.name), Text(one.asks), Text(", ".join(_told(one.values))))
    made.columns[0].no_wrap = True
    return made


def flat() -> list[dict[str, Any]]:
    """The same for a program."""
    return [{"question": one.name, "asks": one.asks, "values": dict(one.values)} for one in QUESTIONS.values()]


def _told(values: Mapping[str, int]) -> list[str]:
    return [f"{name}={number}" for name, number in values.items()]
