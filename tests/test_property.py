"""Whatever happens in whatever order, the invariants hold after every step, and all is done once the faults stop.

Hypothesis draws the steps: clocks, schedules, deaths, callbacks, outages, late records, deploys. The handlers are the
real ones, on rooms in memory. `make test` runs the same examples at each run; a longer hunt, other examples each time:

    CDR_PROPERTY=1000 .venv/bin/python -m pytest tests/test_property.py --timeout 0
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from lambdas.core.exports import Mistakes
from lambdas.core.rows import Row, Work
from lambdas.core.windows import DAY
from lambdas.logs import log
from local.memory.stage import Stage
from local.memory.vendor import FATES, MOODS
from tests.claims import Claims, read
from tests.deploys import CHANGES, OPTIONS, table
from tests.world import NOW, Clock

EXAMPLES = int(os.environ.get("CDR_PROPERTY", "0"))
QUARTER = timedelta(minutes=15)
TOUCHES = st.none() | st.integers(0, 40)


class Exporter(RuleBasedStateMachine):
    """Two exports of one account, on a clock that somebody turns."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(NOW)
        self.told: dict[str, dict[str, Any]] = {}
        self.leapt = False

    @initialize(second=st.sampled_from(["telnyx", "flowroute"]), discard=st.booleans())
    def begin(self, second: str, discard: bool) -> None:
        """One export that is polled, and one that is called back or draws on the same account."""
        self.told = {
            "main": {"vendor": "telnyx", "start": "2026-11-17", "discard": discard, "secret": "both"},
            "side": {"vendor": second, "start": "2026-11-18", "secret": "both" if second == "telnyx" else "other"},
        }
        self.options = {"main": {"source": ["calls"]}, "side": {} if second == "flowroute" else {"source": ["calls"]}}
        self.stage = Stage(self.text, self.clock)
        self.stage.theirs.retention = 30 * DAY
        self.claims = Claims(self.stage)

    @property
    def text(self) -> str:
        """exports.toml as it is now."""
        return "\n".join(table(name, told, self.options[name]) for name, told in self.told.items())

    @rule(by=st.sampled_from([5, 16, 60, 60 * 5, 60 * 24, 60 * 24 * 3]))
    def turn(self, by: int) -> None:
        """Time passes, and nothing is delivered meanwhile."""
        self.clock.turn(minutes=by)

    @precondition(lambda self: not self.leapt)
    @rule()
    def leap(self) -> None:
        """More than a month passes: longer than the vendor keeps anything."""
        self.leapt = True
        self.clock.turn(days=33)

    @rule(hours=st.integers(1, 30))
    def go(self, hours: int) -> None:
        """Time passes as it should: every schedule and every execution in its order."""
        self.pass_(self.clock.now + timedelta(hours=hours))

    @rule(name=st.sampled_from(["main", "side"]), touches=TOUCHES)
    def tick(self, name: str, touches: int | None) -> None:
        """A schedule's tick, doubled, late or early, that may die."""
        self.stage.tick(name, touches)

    @rule(index=st.integers(0, 9), touches=TOUCHES)
    def work(self, index: int, touches: int | None) -> None:
        """An execution's next state, whose Lambda may die."""
        if ready := self.stage.machine.ready:
            self.stage.step(ready[index % len(ready)], touches)

    @rule(index=st.integers(0, 9), touches=st.integers(0, 40), minutes=st.sampled_from([1, 20, 200]))
    def stall(self, index: int, touches: int, minutes: int) -> None:
        """A Lambda that stands still in the middle while everybody else goes on, and then goes on too.

        A copy also after its lease, for the fence must hold; the others no longer than their time-outs let them.
        """
        run = next(iter(self.stage.machine.ready[index:]), None)
        late = run is not None and run.state == "copy"
        then = self.clock.now + timedelta(minutes=minutes if late else 1)
        if run:
            self.stage.step(run, touches, lambda: self.pass_(then))
        else:
            self.stage.tick("main", touches, lambda: self.pass_(then))

    @rule(index=st.integers(0, 9))
    def stop(self, index: int) -> None:
        """An execution is stopped."""
        if runs := self.stage.machine.runs:
            del runs[index % len(runs)]

    @rule(deaf=st.booleans())
    def deafen(self, deaf: bool) -> None:
        """Executions do not begin, or do so again."""
        self.stage.machine.deaf = deaf

    @rule(mood=st.sampled_from(["well", *MOODS]))
    def mood(self, mood: str) -> None:
        """The vendor is down, refuses, or recovers."""
        self.stage.theirs.mood = mood

    @rule(fate=st.sampled_from(FATES), takes=st.sampled_from([30, 900, 18_000]), hides=st.sampled_from([0, 600, 9000]))
    def fate(self, fate: str, takes: int, hides: int) -> None:
        """What becomes of the reports that are asked for from now on."""
        theirs = self.stage.theirs
        theirs.fate, theirs.takes, theirs.hides, theirs.pages = fate, takes, hides, takes // 900

    @rule(index=st.integers(0, 99), touches=TOUCHES, genuine=st.booleans())
    def call_back(self, index: int, touches: int | None, genuine: bool) -> None:
        """A callback, early, late, again, for an older attempt, or forged."""
        if urls := [one.callback for one in self.stage.theirs.reports if one.callback]:
            url = urls[index % len(urls)]
            self.stage.call_back(url if genuine else f"{url[:-2]}xx", touches)

    @rule(days=st.integers(0, 6), source=st.sampled_from(["calls", "call-control"]), priced=st.booleans())
    def correct(self, days: int, source: str, priced: bool) -> None:
        """A call is recorded late, or priced anew."""
        at, now = self.clock.now.replace(hour=3, minute=30, second=0) - days * DAY, self.clock.now
        if priced:
            self.stage.theirs.prices.append((source, at, now))
        else:
            self.stage.theirs.late.append((source, at + timedelta(seconds=len(self.stage.theirs.late) + 1), now))

    @rule(name=st.sampled_from(["main", "side"]), data=st.data(), touches=st.none() | st.integers(0, 12))
    def deploy(self, name: str, data: st.DataObject, touches: int | None) -> None:
        """Another exports.toml, also in the middle of a tick; one with mistakes is not deployed."""
        if touches is not None:
            self.stage.tick(name, touches)
        field = data.draw(st.sampled_from([*CHANGES, "options"]))
        before = dict(self.told[name]), dict(self.options[name])
        if field == "options":
            vendor = self.told[name]["vendor"]
            word = "source" if vendor == "telnyx" else "direction"
            self.options[name] = {word: data.draw(st.sampled_from(OPTIONS[vendor]))}
        else:
            self.told[name][field] = data.draw(st.sampled_from(CHANGES[field]))
        try:
            self.stage.deploy(self.text)
        except Mistakes:
            self.told[name], self.options[name] = before

    @invariant()
    def holds(self) -> None:
        """Whatever came before."""
        self.claims.hold()

    def pass_(self, until: datetime) -> None:
        """Schedules tick every quarter of an hour, executions go on when their time has come."""
        while True:
            for export in self.told:
                self.stage.tick(export)
            self._run(min(until, self._next()))
            if self.clock.now >= until:
                return

    def _next(self) -> datetime:
        """The next tick that may have something to do: those between do not differ from it."""
        now, heads = self.clock.now, [self.stage.memory.head(one) for one in self.told]
        times = [row.due_at for row in self.claims.rows if row.due_at]
        times += [when for head in heads for when in (head.next_try, head.slow_until, head.lease_until) if when]
        soon = min([when for when in times if when > now], default=now + DAY)
        soon = min(soon, now + timedelta(hours=6))  # windows come due
        return now + max(1, -((now - soon) // QUARTER)) * QUARTER

    def _run(self, until: datetime) -> None:
        """Executions by the time they wait for."""
        machine = self.stage.machine
        while True:
            while ready := machine.ready:
                self.stage.step(ready[0])
            soon = min((run.until for run in machine.runs if run.until), default=until)
            if soon > until or self.clock.now >= until:
                break
            self.clock.now = max(soon, self.clock.now)
        self.clock.now = max(until, self.clock.now)

    def teardown(self) -> None:
        """The faults stop and time goes on: everything comes to an end that says why."""
        if not self.told:
            return
        theirs = self.stage.theirs
        theirs.mood, theirs.fate, theirs.takes, theirs.hides, theirs.pages = "well", "ready", 60, 0, 0
        self.stage.machine.deaf = False
        for told in self.told.values():
            told["state"] = "retired" if told.get("state") == "retired" else "active"
            told["settle"] = "28d"  # nothing new is planned: what is there comes to its end
        self.stage.deploy(self.text)
        stopped = self.clock.now
        for _ in range(20):
            self.pass_(self.clock.now + DAY)
            self.claims.hold()
            old = [row for row in self.claims.rows if row.window.end <= stopped]
            if all(self._ended(row) for row in old):
                break
        for row in old:
            assert self._ended(row), f"no end: {row}"
            self._true(row)
            if row.published or row.due_at is None:
                self.claims.proven(row)

    def _ended(self, row: Row) -> bool:
        """At rest: done for good, or a reason is told; a source that nobody asks for any more may wait for ever."""
        wanted = row.window.source in self.stage.exports.get(row.export).sources
        if row.news or row.littered or (row.state is not Work.DONE and wanted and row.due_at):
            return False
        return (row.state is Work.DONE and row.due_at is None) or bool(row.reason) or not wanted

    def _true(self, row: Row) -> None:
        """The lake holds what the vendor knew when the window was asked for the last time."""
        if row.state is not Work.DONE or row.stale_since or row.published is None or row.asked_at is None:
            return
        window, key = row.window, row.published.key
        calls = self.stage.theirs.calls(self.told[row.export]["vendor"], window, row.asked_at)
        assert read(self.stage.bucket.objects[key].body) == calls


@contextmanager
def _quiet() -> Iterator[None]:
    """The handlers' words are of no use here, and cost more than what they do."""
    before = log().log_level
    log().setLevel("CRITICAL")
    yield
    log().setLevel(before)


@pytest.mark.timeout(0 if EXAMPLES else 300)
def test_whatever_happens_nothing_is_lost_and_nothing_twice() -> None:
    """By drawn steps; a failing case prints the steps that repeat it."""
    how = settings(
        derandomize=not EXAMPLES, deadline=None, max_examples=EXAMPLES or 40, stateful_step_count=30,
        suppress_health_check=list(HealthCheck), database=None, print_blob=True,
    )  # fmt: skip
    with _quiet():
        run_state_machine_as_test(Exporter, settings=how)
