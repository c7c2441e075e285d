"""What is asked of a lake of some days: plain questions of one day, and each of infra/questions.py of all the days."""

from dataclasses import dataclass
from datetime import date, timedelta

from benchmarks.asking.lake import FIRST, exports
from infra import questions

HISTORY = 365  # days before that some questions look at, if nobody says otherwise
AROUND = 3  # days that a question reads beside those asked about: one before, two after (infra/questions.py)
RAW = "the raw files"
WHOLE = "everything"
TOTALS = "SELECT count(*) AS n, sum(cost) AS cost FROM"


@dataclass(frozen=True)
class Question:
    """SQL over a lake, and how many days' worth of calls it reads there and for a month."""

    sql: str
    days: int
    month: int


def one_day(database: str, days: int) -> dict[str, Question]:
    """The count and the cost of the last day, with `dt` and without; the names are the table's."""
    day = FIRST + timedelta(days=days - 1)
    span = f"started_at >= TIMESTAMP '{day} 00:00:00' AND started_at < TIMESTAMP '{day + timedelta(days=1)} 00:00:00'"
    where = {
        "`calls_all`, `dt`": f"{TOTALS} {database}.calls_all WHERE dt = '{day}'",
        "`calls`, `dt`": f"{TOTALS} {database}.calls WHERE dt = '{day}'",
        "`calls`, `started_at` alone": f"{TOTALS} {database}.calls WHERE {span}",
        "`calls`, no filter": f"{TOTALS} {database}.calls",
        "view `calls_daily`, `day`": f"SELECT * FROM {database}.calls_daily WHERE day = {questions.date(day)}",  # noqa: S608 - no stranger's text
    }
    return {
        name: Question(sql, days if "alone" in name or "no filter" in name else 1, 1) for name, sql in where.items()
    }


def all_days(database: str, days: int) -> dict[str, Question]:
    """Every question over the whole lake; one that looks back divides the days with its history."""
    last = FIRST + timedelta(days=days - 1)
    return {name: _asked(name, database, days, last) for name in questions.QUESTIONS}


def _asked(name: str, database: str, days: int, last: date) -> Question:
    back = "history" in questions.QUESTIONS[name].values or "{before}" in questions.QUESTIONS[name].sql
    half = days // 2 if back else 0
    first = FIRST + timedelta(days=half)
    values = {"history": max(half, 1)} if back else {}
    spans = [(first, last)] + ([(first - timedelta(days=max(half, 1)), first - timedelta(days=1))] if back else [])
    asked = questions.Asked(
        database, exports(), questions.date(first), questions.date(last),
        values={one: value for one, value in values.items() if one in questions.QUESTIONS[name].values},
    )  # fmt: skip
    read = sum(_within(start, end, last) for start, end in spans)
    return Question(questions.text(name, asked), read, 30 + AROUND + (HISTORY + AROUND if back else 0))


def _within(start: date, end: date, last: date) -> int:
    """The lake's days among those that are read for a span."""
    first, final = max(start - timedelta(days=1), FIRST), min(end + timedelta(days=2), last)
    return max(0, (final - first).days + 1)
