"""Which windows are new, and what becomes of a window that is too old, too large or due again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.rows import EPOCH, Head, Row, Span, Work, move
from lambdas.core.windows import DAY, Window, midnight, tile

ROWS_A_TICK = 200
DEATHS = 3  # so many copies of a report may die before it is put aside
DECLINES = 3  # so often a window's request may be declined before it is given up
URGENT = timedelta(hours=72)  # what the vendor forgets within this time goes first


@dataclass(frozen=True)
class Plan:
    """New rows, and the stretches that have rows once these are made."""

    rows: tuple[Row, ...]
    spans: Mapping[str, Span]


def extend(
    export: Export,
    facts: Facts,
    head: Head,
    now: datetime,
    waiting: Mapping[str, int] = MappingProxyType({}),
    there: Collection[Window] = (),
) -> Plan:
    """Make rows for what has no row yet: forward to the newest window first, then back to the start.

    So many rows of each source are `waiting` already: its backlog grows no faster than it is asked for, the newest
    windows always; and a source that the vendor refuses, or that is not wanted any more, holds back no other. But
    what the vendor forgets soon gets its rows at any rate: only a row can be asked for before others.

    `there` are windows that have rows, though the head does not say so: a tick died before it could. They are taken
    as they are, whatever the export's window is by now, or two rows would cover the same time.
    """
    start = export.first(head.born or now)
    spans, rows, room = dict(head.spans), list[Row](), ROWS_A_TICK
    until = min(now - export.settle, now + facts.limits.latest_end)
    of = {source: spans.get(source) or _seed(export, start, now) for source in export.sources}
    had = {source: sorted(window for window in there if window.source == source) for source in of}
    ahead = {source: _ahead(span, export, source, until, had[source])[:ROWS_A_TICK] for source, span in of.items()}
    room -= sum(map(len, ahead.values()))
    for source, span in of.items():
        used = 0 if _pressing(span, facts, start, now) else waiting.get(source, 0)
        behind = _behind(span, export, source, start, room - used, had[source])
        room -= len(behind)
        rows += [_row(export, facts, window, now, Work.LOST) for window in ahead[source]]
        rows += [_row(export, facts, window, now, Work.UNREACHABLE) for window in behind]
        if ahead[source] or behind or source in spans:  # a start that is to come leaves no anchor in the future
            spans[source] = _grown(span, export, ahead[source], behind)
    return Plan(tuple(rows), spans)


def _pressing(span: Span, facts: Facts, start: datetime, now: datetime) -> bool:
    """Whether the stretch without rows reaches into what the vendor forgets soon."""
    if facts.retention is None:
        return False
    edge = now - facts.retention
    return start < span.since and edge < span.since and max(start, edge) < edge + URGENT


def _seed(export: Export, start: datetime, now: datetime) -> Span:
    """The empty stretch from which an export's rows grow both ways: the last midnight, so the newest come first."""
    anchor = max(start, midnight(now - export.settle))
    return Span(anchor, anchor, export.window)


def _ahead(span: Span, export: Export, source: str, until: datetime, had: Sequence[Window]) -> list[Window]:
    """From the stretch's end on; a new window length begins at the first midnight that has no row."""
    at, seconds, found = span.until, span.seconds, list[Window]()
    for window in had:
        if window.start == at:
            found.append(window)
            at, seconds = window.end, window.seconds
    if at != midnight(at) and seconds != export.window:
        found += tile(at, min(until, midnight(at) + DAY), seconds, source)
        at = found[-1].end if found else at
        if at != midnight(at):
            return found
    return found + tile(at, until, export.window, source)


def _behind(span: Span, export: Export, source: str, start: datetime, room: int, had: Sequence[Window]) -> list[Window]:
    """Backwards from the stretch's begin to the export's start, newest first, by whole days.

    So the stretch begins at a midnight always, and a changed window length leaves no odd hours behind.
    """
    lengths = {midnight(window.start): window.seconds for window in had}
    found, day = list[Window](), span.since
    while day > start and len(found) < room:
        day -= DAY
        found += reversed(tile(day, day + DAY, lengths.get(day, export.window), source))
    return found


def reach(plan: Plan, head: Head) -> list[tuple[str, datetime, datetime]]:
    """The stretches, by source, that have no rows by what the head says and that a plan fills."""
    found = []
    for source, new in plan.spans.items():
        old = head.spans.get(source) or Span(new.until, new.until, new.seconds)
        found += [(source, old.until, new.until), (source, new.since, old.since)]
    return [one for one in found if one[1] < one[2]]


def _grown(span: Span, export: Export, ahead: Sequence[Window], behind: Sequence[Window]) -> Span:
    since = behind[-1].start if behind else span.since
    return Span(since, ahead[-1].end, ahead[-1].seconds) if ahead else Span(since, span.until, span.seconds)


def _row(export: Export, facts: Facts, window: Window, now: datetime, gone: Work) -> Row:
    """A window that the vendor has forgotten is `gone`: lost, if it came due in the time that is exported already.

    It is no news to the vendor, but to the proof in S3.
    """
    if why := beyond(facts, window, now):
        state = gone if forgotten(facts, window, now) else Work.UNREACHABLE
        return Row(export.name, window, state=state, reason=why, due_at=EPOCH, news=True)
    return Row(export.name, window, due_at=now, opened=now)


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


def aside(row: Row, export: Export, now: datetime) -> Row:
    """The row of a report whose copies died without a word: too large for our time or memory, or unreadable."""
    count = aged(row, export, row.asked_at or now)
    reason = f"too-large: {DEATHS} copies did not come to an end; take a smaller window"
    again = again_at(row, export, count)
    told = {"aged": count, "due_at": again, "stale_since": stale(row, now), "reason": reason}
    return move(row, "quarantine", crashes=0, token=None, **told)


def stale(row: Row, now: datetime) -> datetime | None:
    """Since when what is published may lack something, after a re-export that came to nothing."""
    return row.stale_since or (now if row.published else None)


def aged(row: Row, export: Export, asked_at: datetime) -> int:
    """How many re-export ages were behind the window when it was asked."""
    return sum(row.window.end + age <= asked_at for age in export.reexport)


def again_at(row: Row, export: Export, count: int) -> datetime | None:
    """When the window is asked for again, or None when it is final."""
    return row.window.end + export.reexport[count] if count < len(export.reexport) else None
