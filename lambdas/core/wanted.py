"""What an export should hold by now: its sources from its start to the last window that is due."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.rows import Head, Span
from lambdas.core.windows import DAY, midnight

NOTES = {"active": "not planned yet", "paused": "not planned, for the export is paused"}


@dataclass(frozen=True)
class Wanted:
    """What is asked for of an export, and what its head says has rows."""

    export: str
    sources: Collection[str]
    start: datetime
    ends: Mapping[str, datetime]  # by source, the end of the last window that is due; none of a retired export
    spans: Mapping[str, Span]
    note: str = NOTES["active"]  # why what is due has no row

    def edges(self, source: str) -> set[datetime]:
        """Where something begins or ends, whatever rows there are."""
        span, end = self.spans.get(source), self.ends.get(source)
        return ({span.since, span.until} if span else set()) | ({self.start, end} if end else set())

    def planned(self, source: str, when: datetime) -> bool:
        """Whether an instant has a row, as the head says."""
        span = self.spans.get(source)
        return span is not None and span.since <= when < span.until

    def due(self, source: str, when: datetime) -> bool:
        """Whether an instant should be exported by now."""
        end = self.ends.get(source)
        return end is not None and self.start <= when < end


def wanted(export: Export, facts: Facts, head: Head, now: datetime, until: datetime | None = None) -> Wanted:
    """What the export should hold at `now`; or up to `until`, due or not.

    Of a retired export nothing that was never planned is wanted.
    """
    start, ends, spans = export.first(head.born or now), dict[str, datetime](), dict(head.spans)
    if until:
        spans = {source: replace(span, until=min(span.until, until)) for source, span in spans.items()}
    if export.state != "retired":
        ends = {source: until or last(export, facts, head, source, now) for source in export.sources}
    return Wanted(export.name, export.sources, start, ends, spans, NOTES.get(export.state, ""))


def last(export: Export, facts: Facts, head: Head, source: str, now: datetime) -> datetime:
    """The end of the last window that is due: where the requester's rows end once all of them are made."""
    limit, span = min(now - export.settle, now + facts.limits.latest_end), head.spans.get(source)
    if span is None:
        return _tiled(max(export.first(head.born or now), midnight(now - export.settle)), limit, export.window)
    at = span.until
    if at != midnight(at) and span.seconds != export.window:  # the new length begins at the next midnight
        at = _tiled(at, min(limit, midnight(at) + DAY), span.seconds)
        if at != midnight(at):
            return at
    return _tiled(at, limit, export.window)


def _tiled(start: datetime, limit: datetime, seconds: int) -> datetime:
    step = timedelta(seconds=seconds)
    return start + max(0, (limit - start) // step) * step


def unplanned(export: Export, facts: Facts, head: Head, now: datetime) -> datetime | None:
    """The oldest instant that is due, has no row yet, and that the vendor still has; None when there is none."""
    start = export.first(head.born or now)
    edge = start if facts.retention is None else now - facts.retention
    found = []
    for source in export.sources:
        span, end = head.spans.get(source), last(export, facts, head, source, now)
        without = [(start, span.since), (max(start, span.until), end)] if span else [(start, end)]
        found += [max(since, edge) for since, until in without if max(since, edge) < until]
    return min(found, default=None)
