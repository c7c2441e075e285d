"""Lets exports run on rooms in memory under a clock that jumps from event to event, and counts what that costs."""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from lambdas.copier import COPY, LEASE
from lambdas.core import keys, planning, polling
from lambdas.core.exports import Export
from lambdas.core.place import Place
from lambdas.core.rows import Published, Row, Work, move
from lambdas.core.windows import Window
from lambdas.rooms import Rooms
from local.memory.meter import Meter
from local.memory.stage import Run, Stage

TICK = timedelta(minutes=15)
FUNCTIONS = {"listen": "poller", "listening": "poller", "look": "poller", "copy": "copier", "tick": "requester"}
READY = (30, 300)  # seconds until a report is ready, drawn evenly


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass(order=True)
class Event:
    """Something that happens at its time."""

    at: datetime
    number: int
    do: Callable[[], None] = field(compare=False)


class Year(Stage):
    """The handlers, the machine and the vendor; every invocation, transition and request is counted."""

    def __init__(self, text: str, now: datetime, luck: float | None = None) -> None:
        self.turned, self.meter, self.chances, self._luck = Clock(now), Meter(), random.Random(0), luck
        super().__init__(text, self.turned, self.meter)
        self.__dict__["ledger"] = self.memory  # no fuse: nobody dies here
        self.copier = copied
        self.invoked: Counter[str] = Counter()
        self.transitions: list[int] = []  # of each report that came to its end
        self.wrong = 0  # receipts whose count of them is another than the machine's
        self._events: list[Event] = []
        self._numbers = count()
        self._seen = 0
        for n, export in enumerate(self.exports.exports):
            self._tick(export.name, now + timedelta(seconds=n))

    def chance(self) -> float:
        return self.chances.random() if self._luck is None else self._luck

    def run(self, until: datetime) -> None:
        """Let all happen that happens before `until`."""
        while self._events and self._events[0].at < until:
            event = heapq.heappop(self._events)
            self.turned.now = max(self.turned.now, event.at)
            event.do()
        self.turned.now = until

    def ticked(self, export: str) -> None:
        """One tick, and what it started."""
        self.theirs.takes = self.chances.randint(*READY)
        self.invoked["requester"] += 1
        self.tick(export)
        self._begun()

    def _tick(self, export: str, at: datetime) -> None:
        def scheduled() -> None:
            self.invoked["schedule"] += 1
            self.ticked(export)
            self._tick(export, at + TICK)

        self._at(at, scheduled)

    def _begun(self) -> None:
        """Executions that were started go on, and what was asked for will be called back."""
        for run in [run for run in self.machine.runs if run.state == "route" and not run.steps]:
            self._go(run)
        reports = self.theirs.reports
        while self._seen < len(reports):
            report, self._seen = reports[self._seen], self._seen + 1
            if url := report.callback:
                self._at(report.ready_at, lambda url=url: self._heard(url))  # type: ignore[misc] # a lambda with a default

    def _heard(self, url: str) -> None:
        self.invoked["callback"] += 1
        waiting = {run.name for run in self.machine.runs if run.state == "listening"}
        self.call_back(url)
        for run in [run for run in self.machine.runs if run.name in waiting and run.state == "look"]:
            self._go(run)

    def _go(self, run: Run) -> None:
        """On with an execution until it waits, or is over."""
        while run.until is None or run.until <= self.turned.now:
            state = run.state
            if state in FUNCTIONS:
                self.invoked[FUNCTIONS[state]] += 1
            self.step(run)
            if state == "tick":
                self._begun()
            if state == "done":
                self.transitions.append(run.steps)
                self._checked(run)
                return
        self._at(run.until, lambda: self._later(run, run.steps))

    def _later(self, run: Run, steps: int) -> None:
        """Unless it was woken meanwhile."""
        if run.steps == steps and run in self.machine.runs:
            self._go(run)

    def _checked(self, run: Run) -> None:
        place = Place.read(run.told)
        row = self.memory.get(place.export, place.window)
        self.wrong += row is None or (place.is_of(row) and row.steps != run.steps)

    def _at(self, at: datetime, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, Event(at, next(self._numbers), do))


def copied(told: dict[str, Any], at: Rooms) -> dict[str, Any]:
    """Stands for the copier: its reads, its moves and its objects, but no Parquet: the same calls at each revision."""
    place = Place.read(told)
    row = at.ledger.get(place.export, place.window)
    if row is None or not place.is_of(row) or row.state is not Work.ASKED:
        return {}
    export = at.exports.get(row.export)
    row = at.ledger.apply(
        row, move(row, "lease", due_at=at.now() + LEASE, steps=told.get("steps", 0) + COPY + polling.END)
    )
    at.account(export).look(row.report_id or "")
    aged = planning.aged(row, export, row.asked_at or at.now())
    told_ = {"aged": aged, "due_at": planning.again_at(row, export, aged), "reason": None, "token": None}
    if row.published:
        at.lake.write(keys.receipt(row.export, row.window, row.revision), {})
        return {"state": at.ledger.apply(row, move(row, "keep", published=row.published, **told_)).state}
    for key in (keys.raw(row.export, row.window, 0, 1, 1, 0), keys.calls(row.export, row.window)):
        at.lake.write(key, {})
    at.lake.write(keys.receipt(row.export, row.window, row.revision), {})
    return {"state": at.ledger.apply(row, move(row, "publish", published=copy(row, at.now()), **told_)).state}


def copy(row: Row, now: datetime) -> Published:
    """What is known of a copy: as long as a real one, for its bytes are what DynamoDB counts."""
    totals = {"rows": "1234", "duration_s": "123456", "cost": "12.34567800", "vendor_rows": "1234"}
    raw = keys.raw(row.export, row.window, row.revision, row.attempt, row.run, 0)
    return Published(
        revision=row.revision, digest="d" * 64, key=keys.calls(row.export, row.window), etag=f'"{"e" * 32}"',
        receipt=keys.receipt(row.export, row.window, row.revision), raw=(raw,), rows=1234, when=now, totals=totals,
        asked=row.fields, api="v1",
    )  # fmt: skip


def history(row: Row, export: Export, stop: datetime, number: int) -> Iterator[Row]:
    """So many windows until `stop`, copied in time: like one that is, but those due again that still are."""
    step, seconds, source = timedelta(seconds=export.window), export.window, row.window.source
    young = stop - max(export.reexport) - step
    for n in reversed(range(number)):
        window = Window(stop - (n + 1) * step, seconds, source)
        old = replace(row, export=export.name, window=window)
        if window.start >= young:
            aged = planning.aged(old, export, stop)
            old = replace(old, aged=aged, due_at=planning.again_at(old, export, aged))
        yield old
