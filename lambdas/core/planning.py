"""Which windows are new, and what is to be done about the rows that are due."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.rows import IN_FLIGHT, Head, Row, Span, Work, move
from lambdas.core.windows import DAY, Window, midnight, tile

ROWS_A_TICK = 200
DEATHS = 3  # so many copies of a report may die before it is put aside
DECLINES = 3  # so often a window's request may be declined before it is given up
URGENT = timedelta(hours=72)  # what the vendor forgets within this time goes first
MARGIN = timedelta(minutes=2)
# What a row that is due becomes; the rest is decided by the step itself.
STEPS: Mapping[Work, str] = {
    Work.PLANNED: "ask",
    Work.ASKING: "search",
    Work.ASKED: "rerun",
    Work.COPYING: "rerun",
    Work.DONE: "reexport",  # or "discard", while the vendor has a report whose copy is verified
    Work.QUARANTINED: "reexport",
    Work.STUCK: "retry",
}


@dataclass(frozen=True)
class Plan:
    """New rows, and the stretches that have rows once these are made."""

    rows: tuple[Row, ...]
    spans: Mapping[str, Span]


@dataclass(frozen=True)
class Step:
    """One thing for the requester to do."""

    name: str
    row: Row
    why: str = ""


def extend(
    export: Export, facts: Facts, head: Head, now: datetime, waiting: Mapping[str, int] = MappingProxyType({})
) -> Plan:
    """Make rows for what has no row yet: forward to the newest window first, then back to the start.

    So many rows of each source are `waiting` already: its backlog grows no faster than it is asked for, the newest
    windows always; and a source that the vendor refuses, or that is not wanted any more, holds back no other.
    """
    start = export.first(head.born or now)
    spans, rows, room = dict(head.spans), list[Row](), ROWS_A_TICK
    for source in export.sources:
        span = spans.get(source) or _seed(export, start, now)
        until = min(now - export.settle, now + facts.limits.latest_end)
        ahead = _ahead(span, export, source, until)[:room]
        behind = _behind(span, export, source, start, room - len(ahead) - waiting.get(source, 0))
        room -= min(room, len(ahead) + len(behind))
        rows += [_row(export, facts, window, now) for window in (*ahead, *behind)]
        if ahead or behind or source in spans:  # a start that is to come leaves no anchor in the future
            spans[source] = _grown(span, export, ahead, behind)
    return Plan(tuple(rows), spans)


def _seed(export: Export, start: datetime, now: datetime) -> Span:
    """The empty stretch from which an export's rows grow both ways: the last midnight, so the newest come first."""
    anchor = max(start, midnight(now - export.settle))
    return Span(anchor, anchor, export.window)


def _ahead(span: Span, export: Export, source: str, until: datetime) -> list[Window]:
    """From the stretch's end on; a new window length begins at the first midnight that has no row."""
    at, found = span.until, list[Window]()
    if at != midnight(at) and span.seconds != export.window:
        found = tile(at, min(until, midnight(at) + DAY), span.seconds, source)
        at = found[-1].end if found else at
        if at != midnight(at):
            return found
    return found + tile(at, until, export.window, source)


def _behind(span: Span, export: Export, source: str, start: datetime, room: int) -> list[Window]:
    """Backwards from the stretch's begin to the export's start, newest first, by whole days.

    So the stretch begins at a midnight always, and a changed window length leaves no odd hours behind.
    """
    found, day = list[Window](), span.since
    while day > start and len(found) < room:
        day -= DAY
        found += reversed(tile(day, day + DAY, export.window, source))
    return found


def _grown(span: Span, export: Export, ahead: Sequence[Window], behind: Sequence[Window]) -> Span:
    since = behind[-1].start if behind else span.since
    return Span(since, ahead[-1].end, ahead[-1].seconds) if ahead else Span(since, span.until, span.seconds)


def _row(export: Export, facts: Facts, window: Window, now: datetime) -> Row:
    if why := beyond(facts, window, now):
        return Row(export.name, window, state=Work.UNREACHABLE, reason=why)
    return Row(export.name, window, due_at=now)


def beyond(facts: Facts, window: Window, now: datetime) -> str:
    """Why the vendor cannot give a window any more, or would not take a request for it; "" when it would."""
    limits = facts.limits
    if forgotten(facts, window, now):
        return "the vendor can no longer give it"
    if limits.longest is not None and window.end - window.start > limits.longest:
        return f"longer than the {limits.longest} that the vendor takes"
    if limits.oldest_end is not None and window.end <= now - limits.oldest_end:
        return f"it ended longer ago than the {limits.oldest_end} that the vendor takes"
    return ""


def forgotten(facts: Facts, window: Window, now: datetime) -> bool:
    """Whether the vendor no longer keeps any of a window."""
    return facts.retention is not None and window.end <= now - facts.retention


def partial(facts: Facts, window: Window, asked_at: datetime) -> bool:
    """Whether the vendor may have forgotten the beginning of a window when it was asked."""
    return facts.retention is not None and window.start <= asked_at - facts.retention


def steps(
    rows: Iterable[Row],
    export: Export,
    facts: Facts,
    now: datetime,
    horizon: datetime,
    *,
    asking: bool,
    shut: Collection[str] = (),
) -> list[Step]:
    """What to do about the rows that are due, most urgent first, within the export's places.

    `horizon` bounds what is planned, `now` what is overdue: they differ in a rehearsal only. `asking` is false while
    the vendor refuses or rests: then nothing new is asked, and what runs goes on. `shut` are sources that the vendor
    refused a moment ago; a source that the export does not ask for any more keeps its rows, for it may come back.
    """
    rows = list(rows)
    due = [row for row in rows if row.due_at is not None and row.due_at <= _limit(row, now, horizon)]
    found = [Step(STEPS[row.state], row) for row in due if row.state is not Work.PLANNED and not row.leftover]
    planned = sorted((row for row in due if row.state is Work.PLANNED), key=lambda row: _rank(row, facts, now))
    gone = {row.window: why for row in planned if (why := beyond(facts, row.window, now))}
    found += [Step(_end(row, export, facts, now), row, gone[row.window]) for row in planned if row.window in gone]
    places = export.max_in_flight - sum(row.state in IN_FLIGHT for row in rows)
    if asking and export.state == "active":
        open_ = set(export.sources) - set(shut)
        wanted = [row for row in planned if row.window not in gone and row.window.source in open_]
        found += [Step("ask", row) for row in _seats(wanted, max(0, places))]
    return found + [Step("discard", row) for row in due if row.leftover]  # last: nothing waits for it


def _end(row: Row, export: Export, facts: Facts, now: datetime) -> str:
    """How a row ends that cannot be asked for.

    What nobody wanted any more, or what the vendor never took (which was told, as stuck), is not lost.
    """
    if row.published is not None:
        return "settle"
    taken = row.declined < DECLINES or row.failures > 0
    return "forget" if taken and row.window.source in export.sources and forgotten(facts, row.window, now) else "close"


def _limit(row: Row, now: datetime, horizon: datetime) -> datetime:
    return horizon if row.state in (Work.DONE, Work.QUARANTINED) and not row.leftover else now


def _seats(planned: list[Row], places: int) -> list[Row]:
    """The first rows in rank, one place being always kept for the newest window."""
    if places <= 0 or not planned:
        return []
    newest = max(planned, key=lambda row: row.window.start)
    chosen = planned[:places]
    return chosen if newest in chosen else [*chosen[:-1], newest]


def _rank(row: Row, facts: Facts, now: datetime) -> tuple[int, float]:
    """What is forgotten soon, then the newest; re-exports after it, the rest of the backlog, and what was declined."""
    if row.declined:
        return 4, -row.window.start.timestamp()
    if facts.retention and row.window.start <= now - facts.retention + URGENT:
        return 0, row.window.start.timestamp()
    if row.published is not None:
        return 2, row.window.start.timestamp()
    return (1 if now - row.window.end <= DAY + MARGIN else 3), -row.window.start.timestamp()


def aside(row: Row, export: Export, now: datetime) -> Row:
    """The row of a report whose copies died without a word: too large for our time or memory, or unreadable."""
    count = aged(row, export, row.asked_at or now)
    reason = f"too-large: {DEATHS} copies did not come to an end; take a smaller window"
    again = again_at(row, export, count)
    return move(row, "quarantine", aged=count, due_at=again, reason=reason, crashes=0, token=None)


def aged(row: Row, export: Export, asked_at: datetime) -> int:
    """How many re-export ages were behind the window when it was asked."""
    return sum(row.window.end + age <= asked_at for age in export.reexport)


def again_at(row: Row, export: Export, count: int) -> datetime | None:
    """When the window is asked for again, or None when it is final."""
    return row.window.end + export.reexport[count] if count < len(export.reexport) else None
