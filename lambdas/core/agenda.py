"""What is to be done about the rows that are due, in which order, and in how many places at a time."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.planning import DECLINES, ROWS_A_TICK, URGENT, beyond, forgotten, partial
from lambdas.core.rows import IN_FLIGHT, Head, Row, Work
from lambdas.core.windows import DAY

MARGIN = timedelta(minutes=2)
BUILDING = timedelta(hours=6)  # a report may wait for so long and some before the vendor reads the calls for it
RETIRED = "the export is retired"
# What a row that is due becomes; the rest is decided by the step itself.
STEPS: Mapping[Work, str] = {
    Work.PLANNED: "ask",
    Work.ASKING: "search",
    Work.ASKED: "rerun",
    Work.COPYING: "rerun",
    Work.DONE: "reexport",  # or "clear", while something of ours is left at the vendor
    Work.QUARANTINED: "reexport",
    Work.STUCK: "retry",
}


@dataclass(frozen=True)
class Step:
    """One thing for the requester to do."""

    name: str
    row: Row
    why: str = ""


def steps(
    rows: Iterable[Row],
    export: Export,
    facts: Facts,
    now: datetime,
    horizon: datetime,
    *,
    asking: bool,
    places: int | None = None,
    shut: Collection[str] = (),
) -> list[Step]:
    """What to do about the rows that are due, most urgent first, within the export's `places`.

    `horizon` bounds what is planned, `now` what is overdue: they differ in a rehearsal only. `asking` is false while
    the vendor refuses or rests: then nothing new is asked, and what runs goes on. `shut` are sources that the vendor
    refused a moment ago; a source that the export does not ask for any more keeps its rows, for it may come back.
    """
    rows = list(rows)
    due = [row for row in rows if row.due_at is not None and row.due_at <= _limit(row, now, horizon)]
    others = [row for row in due if not row.news and not row.littered]
    if export.state == "retired":
        aside = [row for row in rows if row.state is Work.QUARANTINED and row.opened and row.due_at is None]
        found = [_retired(row, now) for row in (*others, *aside)]
    else:
        flying = [row for row in rows if row.state in IN_FLIGHT]
        free = (places or export.max_in_flight) - len(flying)
        found = _steps(others, export, facts, now, free if asking else 0, flying, shut)
    # What is told and cleared comes last: nothing waits for it.
    found += [Step("enter", row) for row in due if row.news]
    return found + [Step("clear", row) for row in due if row.littered]


def _steps(
    due: list[Row],
    export: Export,
    facts: Facts,
    now: datetime,
    places: int,
    flying: Sequence[Row],
    shut: Collection[str],
) -> list[Step]:
    planned = sorted((row for row in due if row.state is Work.PLANNED), key=lambda row: _rank(row, facts, now))
    gone = {row.window: why for row in planned if (why := _gone(row, facts, now))}
    begun = sum(row.published is not None for row in planned)
    found = _followed([row for row in due if row.state is not Work.PLANNED], ROWS_A_TICK - begun)
    found += [Step(_end(row, export, facts, now), row, gone[row.window]) for row in planned if row.window in gone]
    if export.state == "active":
        open_ = set(export.sources) - set(shut)
        wanted = [row for row in planned if row.window not in gone and row.window.source in open_]
        found += [Step("ask", row) for row in _seats(wanted, places, flying)]
    return found


def _gone(row: Row, facts: Facts, now: datetime) -> str:
    """Why a row is not asked for any more; a full copy is never replaced by what the vendor still has of it."""
    if row.published and not beyond(facts, row.window, now) and partial(facts, row.window, now + BUILDING):
        return "the vendor begins to forget it"
    return beyond(facts, row.window, now)


def _followed(due: list[Row], room: int) -> list[Step]:
    """What runs, and what is to be asked again: of re-exports so many at a time, or a tick would outlast its lease."""
    again = [row for row in due if STEPS[row.state] == "reexport"]
    later = {row.window for row in again[max(0, room) :]}
    return [Step(STEPS[row.state], row) for row in due if row.window not in later]


def _retired(row: Row, now: datetime) -> Step:
    """Nothing is asked any more, what runs comes to its end in its time, and what is published stays."""
    until = row.give_up_at or (row.asked_at or now) + DAY
    if row.state is Work.COPYING or (row.state in IN_FLIGHT and now < until):
        return Step(STEPS[row.state], row)
    why = f"{RETIRED}; {row.reason}" if row.reason else RETIRED
    return Step("settle" if row.published else "close", row, why)


def _end(row: Row, export: Export, facts: Facts, now: datetime) -> str:
    """How a row ends that cannot be asked for.

    What nobody wanted any more, or what the vendor never took (which was told, as stuck), is not lost.
    """
    if row.published is not None:
        return "settle"
    taken = row.declined < DECLINES or row.failures > 0
    return "forget" if taken and row.window.source in export.sources and forgotten(facts, row.window, now) else "close"


def _limit(row: Row, now: datetime, horizon: datetime) -> datetime:
    waits = row.state in (Work.DONE, Work.QUARANTINED) and not row.littered and not row.news
    return horizon if waits else now


def _seats(planned: list[Row], places: int, flying: Sequence[Row]) -> list[Row]:
    """The first rows in rank; one place is always kept for the newest window, unless it, or a newer one, has it."""
    if places <= 0 or not planned:
        return []
    newest = max(planned, key=lambda row: row.window.start)
    chosen = planned[:places]
    if newest in chosen or any(row.window.start >= newest.window.start for row in flying):
        return chosen
    return [*chosen[:-1], newest]


def _rank(row: Row, facts: Facts, now: datetime) -> tuple[int, float]:
    """What is forgotten soon, then the newest; re-exports after it, the rest of the backlog, and what was declined."""
    if row.declined:
        return 4, -row.window.start.timestamp()
    if facts.retention and row.window.start <= now - facts.retention + URGENT:
        return 0, row.window.start.timestamp()
    if row.published is not None:
        return 2, row.window.start.timestamp()
    return (1 if now - row.window.end <= DAY + MARGIN else 3), -row.window.start.timestamp()


def share(export: Export, others: Sequence[tuple[Export, Head]]) -> int:
    """How many reports an export may have on their way, when others draw on the same account.

    The budget is the largest that one of them was given. Those that have anything to do share it alike; what one does
    not take is another's; and each has one place at least, or it would wait for ever.
    """
    budget = max([export.max_in_flight, *(one.max_in_flight for one, _ in others)])
    wants = [head.flying + head.waiting for _, head in others if head.flying or head.waiting]
    fair = -(-budget // (len(wants) + 1))
    flying = sum(head.flying for _, head in others)
    return max(1, min(export.max_in_flight, budget - sum(min(want, fair) for want in wants), budget - flying))
