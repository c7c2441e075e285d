"""The questions that people ask of the calls: Trino's SQL, one file each, finished with what it is asked about."""

import datetime
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from infra.answers import VIEWS
from lambdas.core.exports import Exports
from lambdas.vendors import FACTS

FOLDER = Path(__file__).parent / "sql"
FRAGMENTS = ("rows", "choosing")  # what several questions have in common
# The numbers that a question may be asked with, and what they are unless somebody says otherwise.
VALUES: Mapping[str, int] = {
    "digits": 6,  # of a number, its plus sign among them: +1 and an area code's first digits
    "history": 365,  # days
    "least": 10,  # calls
    "lines": 100,
    "minutes": 60,
    "seconds": 6,
}


@dataclass(frozen=True)
class Question:
    """One file of SQL."""

    name: str
    sql: str

    @property
    def asks(self) -> str:
        """The question in a sentence, which is the file's first line."""
        return self.sql.partition("\n")[0].removeprefix("-- ").format_map(VALUES)

    @property
    def values(self) -> Mapping[str, int]:
        """Its numbers and their defaults, in the order of their names."""
        return {name: VALUES[name] for name in sorted(set(self.holes) & VALUES.keys())}

    @property
    def holes(self) -> list[str]:
        """The names in braces."""
        return re.findall(r"{(\w+)}", self.sql)

    @property
    def is_view(self) -> bool:
        """Whether it is deployed as a view."""
        return self.name in VIEWS


QUESTIONS: Mapping[str, Question] = {
    path.stem: Question(path.stem, path.read_text("utf-8").strip())
    for path in sorted(FOLDER.glob("*.sql"))
    if path.stem not in FRAGMENTS
}


@dataclass(frozen=True)
class Asked:
    """What a question is asked about; `first` and `last` are dates in SQL, both included."""

    database: str
    exports: Exports
    first: str
    last: str
    zone: str = "UTC"  # whose days, hours and months; an IANA name
    only: tuple[str, ...] = ()  # exports; none: all
    values: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def holes(self) -> dict[str, str | int]:
        """What fills a question's holes, but for other files."""
        names = self.only or tuple(export.name for export in self.exports.exports)
        return {
            **VALUES,
            **self.values,
            "database": self.database,
            "zone": self.zone,
            "first": self.first,
            "last": self.last,
            "opening": f"CAST({self.first} AS varchar)",
            "closing": f"CAST({self.last} AS varchar)",
            "since": f"CAST({_later(self.first, -1)} AS varchar)",
            "until": f"CAST({_later(self.last, 2)} AS varchar)",
            "only": ", ".join(f"'{name}'" for name in names),
            "wanted": ", ".join(self._wanted()),
            "active": ", ".join(self._active()),
            "outcome": "|".join(sorted({name for facts in FACTS.values() for name in facts.by_outcome}) or ["none"]),
        }

    def _wanted(self) -> Iterator[str]:
        """Each source that an export asks for today, and how many it asks for."""
        for export, sources in self.exports.sources.items():
            yield from (f"('{export}', '{source}', {len(sources)})" for source in sources)

    def _active(self) -> Iterator[str]:
        """Each export that asks today, and since when; that is not known here where it counts from the first tick."""
        for export in self.exports.exports:
            begins = "CAST(NULL AS date)" if isinstance(export.start, int) else date(export.start)
            if export.state == "active":
                yield f"('{export.name}', {begins})"
        yield "(CAST(NULL AS varchar), CAST(NULL AS date))"  # VALUES needs a row

    @property
    def before(self) -> "Asked":
        """The days before: so many as `history` says."""
        history = int(self.holes["history"])
        return replace(self, first=_later(self.first, -history), last=_later(self.first, -1))


def text(name: str, asked: Asked) -> str:
    """The finished SQL. Raises KeyError for a question, or a number of it, that there is not."""
    question = QUESTIONS[name]
    for value in asked.values:
        if value not in question.values:
            raise KeyError(value)
    return _filled(question.sql, asked)


def date(day: datetime.date) -> str:
    """A day in SQL."""
    return f"DATE '{day:%Y-%m-%d}'"


def recent(days: int) -> tuple[str, str]:
    """The last days up to today, whenever it is asked."""
    return _later("current_date", -days), "current_date"


def _filled(sql: str, asked: Asked) -> str:
    """Holes that are named like a file are filled with it; its comments stay there."""
    parts: dict[str, str | int] = {}
    for hole in set(re.findall(r"{(\w+)}", sql)):
        if hole == "before":
            parts[hole] = _part("rows", asked.before)
        elif hole in FRAGMENTS or hole in QUESTIONS:
            parts[hole] = _part(hole, asked)
    return sql.format_map({**asked.holes, **parts})


def _part(name: str, asked: Asked) -> str:
    lines = (FOLDER / f"{name}.sql").read_text("utf-8").strip().split("\n")
    return _filled("\n".join(line for line in lines if not line.lstrip().startswith("--")), asked)


def _later(day: str, days: int) -> str:
    # Twice a date: DuckDB, which plays Athena on a laptop, takes a date and days for a timestamp.
    return f"CAST(date_add('day', {days}, {day}) AS date)"
