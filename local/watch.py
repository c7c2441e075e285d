"""Watches the ledger until everything that is due is done, telling each move as it happens."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from lambdas.core.exports import Export, Exports
from lambdas.core.rows import Head, Row, Work
from lambdas.core.windows import Window
from local.clock import Clock
from local.stack import Stack

Say = Callable[[str], None]
AGAIN = 20.0  # seconds without an execution after which the schedule fires once more
LOOK = 0.5
SURE = 2  # so many looks in a row must find that nobody moves
TROUBLE = (Work.QUARANTINED, Work.STUCK, Work.LOST)
BUSY = (Work.PLANNED, Work.ASKING, Work.ASKED, Work.COPYING)


class Halted(Exception):
    """It cannot go on before somebody acts; the lines say on what."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__("\n".join(lines))


class Open(NamedTuple):
    """Something of an export that is still to be done."""

    export: str
    what: str


@dataclass(frozen=True)
class Outcome:
    """The ledger at the end of a wait; what is open then, somebody must act on."""

    rows: list[Row]
    left: tuple[Open, ...] = ()
    advice: tuple[str, ...] = ()


class Sight(NamedTuple):
    """What one look shows: the ledger, what is open, how many executions run."""

    rows: list[Row]
    heads: Mapping[str, Head]
    left: tuple[Open, ...]
    running: int


@dataclass
class Watch:
    """One wait for quiet."""

    stack: Stack
    exports: Exports
    clock: Clock
    until: datetime | None  # the end of a rehearsal
    say: Say
    patience: float  # seconds
    brief: timedelta = timedelta(seconds=60)  # a vendor that rests no longer than this is waited for
    played: Collection[str] = ()  # exports whose vendor we play ourselves
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    fired: float = 0.0  # when, by the real clock
    expected: set[str] = field(default_factory=set)  # exports whose schedule fired, and that had no tick since

    def wait(self) -> Outcome:
        """Until nothing is open, or nothing moves any more without somebody."""
        began, still = time.time(), 0
        self.fire()
        while True:
            rows, heads, left, running = self.look()
            if not left and not running:
                return Outcome(rows)
            idle = not running and not self.expected
            still = still + 1 if idle and self._blocked(left, heads) else 0
            if still >= SURE:
                return Outcome(rows, left, tuple(self._advice(left, heads)))
            if time.time() - began > self.patience:
                return Outcome(rows, left, tuple(self._late(left)))
            if time.time() - self.fired > AGAIN and not running:
                self.fire()
            time.sleep(LOOK)

    def look(self) -> Sight:
        """Tell what moved since the last look."""
        rows, heads = self.stack.rows(), self.stack.heads()
        for line in self._moved(rows, heads):
            self.say(line)
        return Sight(rows, heads, tuple(self._left(rows, heads)), self.stack.running())

    def fire(self) -> None:
        """Let every schedule fire now."""
        self.fired = time.time()
        names = self.stack.fire()
        self.expected = set(names)
        self.say(f"the schedule fires: {', '.join(names)}" if names else "no schedule is on")

    def _left(self, rows: list[Row], heads: Mapping[str, Head]) -> Iterator[Open]:
        if self.expected:
            self.expected -= self.stack.ticked(self.fired)
        yield from (Open(name, "its schedule fired, and no tick has ended since") for name in sorted(self.expected))
        yield from open_work(self.exports, heads, rows, self._horizon())

    def _horizon(self) -> datetime:
        return min(self.clock(), self.until) if self.until else self.clock()

    def _moved(self, rows: list[Row], heads: Mapping[str, Head]) -> Iterator[str]:
        news = [((row.export, row.window.sk), f"{title(row.window)}: {told(row)}") for row in sorted(rows, key=_order)]
        blocks = [((name, ""), f"is blocked: {head.blocked}" if head.blocked else "") for name, head in heads.items()]
        for key, now in [*blocks, *news]:
            if self.seen.get(key, "") != now:
                self.seen[key] = now
                yield f"{key[0]} {now or 'is not blocked any more'}"

    def _blocked(self, left: Iterable[Open], heads: Mapping[str, Head]) -> bool:
        """Whether all that is open waits for vendors that will not be asked for long."""
        return all(self._rests(heads.get(one.export)) for one in left)

    def _rests(self, head: Head | None) -> bool:
        now = self.clock()
        return head is not None and bool(head.blocked) and (head.next_try or now) - now > self.brief

    def _advice(self, left: Iterable[Open], heads: Mapping[str, Head]) -> Iterator[str]:
        for name in sorted({one.export for one in left}):
            reason = heads[name].blocked or ""
            yield f"{name}: {reason}{hint(self.exports.get(name), reason, played=name in self.played)}"

    def _late(self, left: Iterable[Open]) -> Iterator[str]:
        yield f"still open after {self.patience:.0f} s (--patience waits longer):"
        yield from (f"{one.export} {one.what}" for one in list(left)[:20])


def hint(export: Export, reason: str, *, played: bool) -> str:
    """What to do about a vendor that is not asked any more, after its reason."""
    if "key was not accepted" in reason:
        if played:
            return f'; the simulated vendor knows its own key only: leave "{export.secret_id}" out of the secrets'
        return f'; put the right key into "{export.secret_id}" of the file of --secrets'
    if "not reachable" in reason or "no answer came" in reason:
        return f"; does {export.base_url} answer? It is the export's base_url"
    return ""


def open_work(exports: Exports, heads: Mapping[str, Head], rows: Iterable[Row], horizon: datetime) -> Iterator[Open]:
    """What is still to be done up to the horizon, in words."""
    active = {export.name: export for export in exports.exports if export.state == "active"}
    for name, export in active.items():
        yield from _unplanned(export, heads.get(name), horizon)
    for row in rows:
        again = row.state in (Work.DONE, Work.QUARANTINED) and row.due_at is not None and row.due_at <= horizon
        again = again or row.leftover is not None
        if row.export in active and (row.state in BUSY or again):
            yield Open(row.export, f"{title(row.window)}: {told(row)}")


def _unplanned(export: Export, head: Head | None, horizon: datetime) -> Iterator[Open]:
    if head is None or head.born is None:
        yield Open(export.name, "had no tick yet")
        return
    start, due = export.first(head.born), horizon - export.settle
    for source in export.sources:
        span = head.spans.get(source)
        if span is None or span.since > start or span.until + timedelta(seconds=export.window) <= due:
            yield Open(export.name, f"{source}: windows not planned yet")


def told(row: Row) -> str:
    """A row's state with what matters about it."""
    match row.state:
        case Work.DONE if row.published:
            kept = f"done, {row.published.rows} rows"
            return f"{kept}; {row.reason}" if row.reason else kept
        case Work.ASKED if not row.reason:
            return f"asked{f', looked {row.looks}x' if row.looks else ''}"
        case Work.PLANNED if row.reason:
            return f"to be asked again: {row.reason}"
    return str(row.state) if not row.reason else f"{row.state}: {row.reason}"


def title(window: Window) -> str:
    """A window for people."""
    hours = "" if window.seconds == 86400 else f" {window.start:%H:%M} +{window.seconds // 60}m"
    return f"{window.date}{hours} {window.source}"


def _order(row: Row) -> tuple[str, Window]:
    return row.export, row.window
