"""What each day of an export is, from the rows of `coverage`, and in words what is missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cli.picture.facts import Row, Rows
from cli.picture.looks import LOOKS, STRANGE, Look
from cli.picture.scope import Scope, plural, spans
from lambdas.core.exports import Export
from lambdas.core.states import MISSING

PLANNED_NOT, TO_COME = "not planned", "to come"
MISSED = (*map(str, MISSING), PLANNED_NOT)


@dataclass(frozen=True)
class Cell:
    """One day of an export."""

    day: date
    state: str  # one of LOOKS
    row: Row | None = None

    @property
    def look(self) -> Look:
        return LOOKS.get(self.state, STRANGE)


@dataclass(frozen=True)
class Covered:
    """One export's days; those before its start, and those never asked for, are not in it."""

    name: str
    cells: Sequence[Cell]
    due: frozenset[date]

    def of(self, state: str) -> list[date]:
        return [cell.day for cell in self.cells if cell.state == state]

    @property
    def missed(self) -> dict[str, list[date]]:
        """The days that are due and not there, worst first; one in a state that nobody knows here is not there."""
        strange = {cell.state for cell in self.cells}.difference(LOOKS)
        states = [*(state for state in LOOKS if state in MISSED), *sorted(strange)]
        found = {state: [day for day in self.of(state) if day in self.due or state == "lost"] for state in states}
        return {state: days for state, days in found.items() if days}


def covered(scope: Scope, rows: Rows) -> list[Covered]:
    """Each export that is active, or of which there is something."""
    by_name: dict[str, dict[date, Row]] = {}
    for row in rows:
        by_name.setdefault(row["export"] or "", {})[date.fromisoformat((row["day"] or "")[:10])] = row
    known = {one.name: one for one in scope.exports}
    active = [one.name for one in scope.exports if one.state == "active"]
    return [_covered(scope, name, known.get(name), by_name.get(name, {})) for name in scope.order([*by_name, *active])]


def _covered(scope: Scope, name: str, export: Export | None, rows: dict[date, Row]) -> Covered:
    due = frozenset(day for day in scope.days if export is None or scope.due(export, day))
    cells = [Cell(day, _state(rows[day]), rows[day]) for day in scope.days if day in rows]
    if export and export.state == "active":
        begins = _start(scope, export, rows)
        bare = [day for day in scope.days if day not in rows and day >= begins]
        cells += [Cell(day, PLANNED_NOT if day in due else TO_COME) for day in bare]
    return Covered(name, sorted(cells, key=lambda cell: cell.day), due)


def _start(scope: Scope, export: Export, rows: dict[date, Row]) -> date:
    """Where it begins; `-7d` was resolved at its first tick, so the first day with a row tells, if there is one."""
    return export.start if isinstance(export.start, date) else min(rows, default=export.first(scope.made).date())


def _state(row: Row) -> str:
    """A day's state, and of one that is complete whether for good."""
    state = row["state"] or ""
    return ("final" if row["standing"] == "final" else "provisional") if state == "complete" else state


def verdict(found: Iterable[Covered]) -> tuple[str, list[str]]:
    """Whether anything is missing, in one line; then a line for each export that has something to tell."""
    found = list(found)
    lacks = [one for one in found if one.missed]
    if not any(one.cells for one in found):
        return "There is no day of any export in this range: nothing can be said of it.", []
    if not lacks:
        return "Nothing is missing: every day that is due is there.", _told(found)
    days = sum(len(some) for one in lacks for some in one.missed.values())
    return f"Something is missing: {plural(days, 'day')} of {plural(len(lacks), 'export')}.", _told(found)


def _told(found: Iterable[Covered]) -> list[str]:
    told = []
    for one in found:
        parts = [f"{plural(len(days), 'day')} {state} ({spans(days)})" for state, days in one.missed.items()]
        gone, again = one.of("unreachable"), one.of("provisional")
        parts += [f"{plural(len(gone), 'day')} unreachable, not missed ({spans(gone)})"] if gone else []
        parts += [f"{plural(len(again), 'day')} complete so far, to be asked for again"] if again else []
        told += [f"{one.name}: {'; '.join(parts)}"] if parts else []
    return told
