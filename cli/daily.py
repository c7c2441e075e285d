"""The calendar of an export in the terminal: a month a row, a letter and a colour for each day."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby

from rich.text import Text

from cli.picture.coverage import PLANNED_NOT, TO_COME
from cli.picture.looks import LOOKS, Look
from lambdas.core.coverage import Stretch
from lambdas.core.states import MISSING, State
from lambdas.core.windows import DAY, midnight

# The two that only a defect of the ledger makes; a receipt knows none of them, and so the report has none.
DEFECTS = {
    str(State.GAP): Look("G", "gap: the ledger has no row for it, a defect", "#3b0a12", "#ffffff"),
    str(State.OVERLAP): Look("V", "overlap: two rows cover it, a defect", "#3b0a12", "#ffffff"),
}
ALL: Mapping[str, Look] = DEFECTS | dict(LOOKS)  # worst first
PLAIN = {"✓": "+", "✓✓": "#", "·": "."}  # where a terminal has no others
NUMBERED = (1, 5, 10, 15, 20, 25, 30)
MOST = 24  # months that are shown in any case
WIDE = 2  # columns of a day
Days = Mapping[date, str]


def days(found: Iterable[Stretch], start: datetime, now: datetime) -> dict[date, str]:
    """What each UTC day from the start to today is: the worst of its stretches, or not due yet."""
    told: dict[date, str] = {}
    order = list(ALL)
    for one in found:
        state = PLANNED_NOT if one.state is State.OPEN and not one.windows else str(one.state)
        for day in _dates(one.start, one.end):
            if day not in told or order.index(state) < order.index(told[day]):
                told[day] = state
    first = min([midnight(start).date(), *told])
    last = max([now.date(), *told])
    every = (first + DAY * number for number in range((last - first).days + 1))
    return {day: told.get(day, TO_COME) for day in every}


def _dates(start: datetime, end: datetime) -> Iterator[date]:
    at = midnight(start)
    while at < end:
        yield at.date()
        at += DAY


def calendar(told: Days, *, plain: bool = False) -> list[Text]:
    """The months, the newest last, and what the letters mean; of old months those alone that lack something."""
    months = [(name, dict(some)) for name, some in groupby(told.items(), lambda one: f"{one[0]:%Y-%m}")]
    old = [one for one in months[:-MOST] if _missing(one[1])]
    shown = [*old, *months[-MOST:]]
    lines = [_numbers(), *(_month(name, some, plain=plain) for name, some in shown)]
    if left := len(months) - len(shown):
        lines.append(Text(f"and {left} older months in which nothing is missing", "dim"))
    return [*lines, *_legend({state for _, some in shown for state in some.values()}, plain=plain)]


def _missing(some: Days) -> bool:
    return any(state in (*map(str, MISSING), *DEFECTS, PLANNED_NOT) for state in some.values())


def _numbers() -> Text:
    days_ = "".join(f"{day if day in NUMBERED else '':<{WIDE}}" for day in range(1, 32))
    return Text(f"{'':8}{days_}".rstrip(), "dim")


def _month(name: str, some: Days, *, plain: bool) -> Text:
    line = Text(f"{name} ")
    by_day = {day.day: ALL[state] for day, state in some.items()}
    for number in range(1, max(by_day) + 1):
        look = by_day.get(number)
        line.append(f"{_letter(look, plain=plain):<{WIDE}}" if look else " " * WIDE, _style(look) if look else "")
    return line


def _letter(look: Look, *, plain: bool) -> str:
    return PLAIN.get(look.letter, look.letter) if plain else look.letter


def _style(look: Look) -> str:
    return f"{look.ink} on {look.fill}"


def _legend(states: Iterable[str], *, plain: bool) -> Iterator[Text]:
    """The letters that were used, worst first."""
    used = set(states)
    for state, look in ALL.items():
        if state in used:
            yield Text("  ").append(f"{_letter(look, plain=plain):<{WIDE}}", _style(look)).append(f" {look.words}")


def ended(now: datetime, until: datetime | None) -> datetime:
    """The last instant that the calendar shows."""
    return until - timedelta(microseconds=1) if until else now
