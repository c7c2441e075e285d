"""Watches the ledger until everything that is due is done, telling each move as it happens."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lambdas.core.exports import Export, Exports
from lambdas.core.rows import Head, Row, Work
from lambdas.core.windows import Window
from local.clock import Clock
from local.stack import Stack

Say = Callable[[str], None]
AGAIN = 20.0  # seconds without an execution after which the schedule fires once more
LOOK = 0.5
BRIEF = timedelta(seconds=60)  # a vendor that rests no longer than this is waited for
TROUBLE = (Work.QUARANTINED, Work.STUCK, Work.LOST)
BUSY = (Work.PLANNED, Work.ASKING, Work.ASKED, Work.COPYING)


class Halted(Exception):
    """It cannot go on before somebody acts; the lines say on what."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__("\n".join(lines))


@dataclass
class Watch:
    """One wait for quiet."""

    stack: Stack
    exports: Exports
    clock: Clock
    until: datetime | None  # the end of a rehearsal
    say: Say
    patience: float  # seconds
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def fired(self) -> None:
        """Fire the schedules, and say so."""
        names = self.stack.fire()
        self.say(f"the schedule fires: {', '.join(names)}" if names else "no schedule is on")

    def wait(self) -> list[Row]:
        """Until nothing is open; the rows then. Raises Halted."""
        began = fired = time.monotonic()
        self.fired()
        while True:
            rows, heads = self.stack.rows(), self.stack.heads()
            for line in self._moved(rows):
                self.say(line)
            left = list(open_work(self.exports, heads, rows, self._horizon()))
            if not left and not self.stack.running():
                return rows
            self._halt(heads, rows, left, time.monotonic() - began)
            if time.monotonic() - fired > AGAIN and not self.stack.running():
                fired = time.monotonic()
                self.fired()
            time.sleep(LOOK)

    def _horizon(self) -> datetime:
        return min(self.clock(), self.until) if self.until else self.clock()

    def _moved(self, rows: list[Row]) -> Iterator[str]:
        for row in sorted(rows, key=lambda row: (row.export, row.window)):
            now, key = told(row), (row.export, row.window.sk)
            if self.seen.get(key) != now:
                self.seen[key] = now
                yield f"{row.export} {title(row.window)}: {now}"

    def _halt(self, heads: Mapping[str, Head], rows: list[Row], left: list[str], passed: float) -> None:
        """End early when the only way on is somebody's."""
        moving = {row.export for row in rows if row.state in (Work.ASKED, Work.COPYING)}
        blocked = [
            f"{name}: {head.blocked}"
            for name, head in sorted(heads.items())
            if head.blocked and name not in moving and (head.next_try or self.clock()) - self.clock() > BRIEF
        ]
        if blocked and not self.stack.running():
            raise Halted(blocked)
        if passed > self.patience:
            raise Halted([f"still open after {passed:.0f} s (--patience waits longer):", *left[:20]])


def open_work(exports: Exports, heads: Mapping[str, Head], rows: Iterable[Row], horizon: datetime) -> Iterator[str]:
    """What is still to be done up to the horizon, in words."""
    active = {export.name: export for export in exports.exports if export.state == "active"}
    for name, export in active.items():
        yield from _unplanned(export, heads.get(name), horizon)
    for row in rows:
        again = row.state is Work.DONE and row.due_at is not None and row.due_at <= horizon
        if row.export in active and (row.state in BUSY or again):
            yield f"{row.export} {title(row.window)}: {told(row)}"


def _unplanned(export: Export, head: Head | None, horizon: datetime) -> Iterator[str]:
    if head is None or head.born is None:
        yield f"{export.name}: had no tick yet"
        return
    start, due = export.first(head.born), horizon - export.settle
    for source in export.sources:
        span = head.spans.get(source)
        if span is None or span.since > start or span.until + timedelta(seconds=export.window) <= due:
            yield f"{export.name} {source}: windows not planned yet"


def told(row: Row) -> str:
    """A row's state with what matters about it."""
    match row.state:
        case Work.DONE if row.published:
            return f"done, {row.published.rows} rows"
        case Work.ASKED:
            return f"asked{f', looked {row.looks}x' if row.looks else ''}"
        case Work.PLANNED if row.reason:
            return f"to be asked again: {row.reason}"
    return str(row.state) if not row.reason else f"{row.state}: {row.reason}"


def title(window: Window) -> str:
    """A window for people."""
    hours = "" if window.seconds == 86400 else f" {window.start:%H:%M} +{window.seconds // 60}m"
    return f"{window.date}{hours} {window.source}"
