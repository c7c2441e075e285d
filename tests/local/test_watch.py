"""What is still open, what moved, and when waiting has no sense any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from lambdas.core.exports import Exports, parse
from lambdas.core.rows import Head, Published, Row, Span, Work
from lambdas.core.windows import Window
from lambdas.vendors import FACTS
from local.stack import Stack
from local.watch import Open, Outcome, Watch, hint, open_work, title, told

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
BEGIN = datetime(2026, 11, 18, tzinfo=UTC)
DAYS = [BEGIN, BEGIN + timedelta(days=1)]
SPANS = {"calls": Span(BEGIN, BEGIN + timedelta(days=2), 86400)}


def exports(state: str = "active") -> Exports:
    text = f'[[export]]\nname = "one"\nvendor = "flowroute"\nstart = 2026-11-18\nstate = "{state}"\n'
    return parse(text, "dev", FACTS)


def row(day: datetime, state: Work = Work.DONE, **more: Any) -> Row:
    return Row("one", Window(day, 86400, "calls"), state=state, **more)


HEAD = Head("one", born=NOW, spans=SPANS)
DONE = [row(day) for day in DAYS]


def left(rows: list[Row], head: Head | None = HEAD, state: str = "active", horizon: datetime = NOW) -> list[Open]:
    return list(open_work(exports(state), {"one": head} if head else {}, rows, horizon))


def test_nothing_is_open_when_every_window_is_done() -> None:
    """Planned up to the horizon less `settle`, all rows done, no re-export due."""
    assert left(DONE) == []


@pytest.mark.parametrize("state", [Work.PLANNED, Work.ASKING, Work.ASKED, Work.COPYING])
def test_a_window_that_is_on_its_way_is_open(state: Work) -> None:
    """It is named with its day and state."""
    (one,) = left([DONE[0], row(DAYS[1], state)])
    assert one == Open("one", f"2026-11-19 calls: {state}")


@pytest.mark.parametrize("state", [Work.DONE, Work.QUARANTINED])
def test_a_reexport_is_open_from_its_time_on(state: Work) -> None:
    """Not before: the horizon decides, which in a rehearsal stands still."""
    rows = [DONE[0], row(DAYS[1], state, due_at=NOW)]
    assert len(left(rows)) == 1
    assert left(rows, horizon=NOW - timedelta(seconds=1)) == []


@pytest.mark.parametrize("state", [Work.STUCK, Work.LOST, Work.UNREACHABLE])
def test_what_rings_an_alarm_is_not_waited_for(state: Work) -> None:
    """Nothing that this run could do would move it."""
    assert left([DONE[0], row(DAYS[1], state, due_at=NOW)]) == []


def test_an_export_without_a_tick_is_open() -> None:
    """And one that is paused is not."""
    assert left([], None) == left([], Head("one")) == [Open("one", "had no tick yet")]
    assert left([], None, "paused") == []


def test_windows_that_have_no_row_yet_are_open() -> None:
    """Newer than the stretch, older than it, or of a source without any."""
    day = timedelta(days=1)
    missing = [Open("one", "calls: windows not planned yet")]
    assert left(DONE, replace(HEAD, spans={"calls": Span(BEGIN, BEGIN + day, 86400)})) == missing
    assert left(DONE, replace(HEAD, spans={"calls": Span(BEGIN + day, BEGIN + 2 * day, 86400)})) == missing
    assert left(DONE, replace(HEAD, spans={})) == missing


def test_a_window_that_has_not_settled_is_not_open() -> None:
    """Two hours after its end, by default."""
    end = BEGIN + timedelta(days=3)
    assert left(DONE, horizon=end + timedelta(hours=2) - timedelta(seconds=1)) == []
    assert len(left(DONE, horizon=end + timedelta(hours=2))) == 1


def test_a_row_is_told_with_what_matters() -> None:
    """Rows, looks, reasons."""
    published = Published(0, "d", "k", "e", "r", (), 7, NOW)
    assert told(row(BEGIN, published=published)) == "done, 7 rows"
    assert told(row(BEGIN, Work.ASKED)) == "asked"
    assert told(row(BEGIN, Work.ASKED, looks=2)) == "asked, looked 2x"
    assert told(row(BEGIN, Work.ASKED, looks=2, reason="why")) == "asked: why"
    assert told(row(BEGIN, Work.PLANNED, reason="why")) == "to be asked again: why"
    assert told(row(BEGIN, Work.LOST, reason="why")) == "lost: why"


def test_a_window_has_a_title() -> None:
    """A day is its date; a part of a day tells its begin and length."""
    assert title(Window(BEGIN, 86400, "calls")) == "2026-11-18 calls"
    assert title(Window(BEGIN + timedelta(hours=6), 900, "calls")) == "2026-11-18 06:00 +15m calls"


# Waiting, over a ledger that a test writes.


@dataclass
class Ledger:
    """A stack of which each look shows the next scene; the last one stays."""

    scenes: list[tuple[list[Row], Mapping[str, Head], int]]
    fires: int = 0
    ticks: int = 0

    def fire(self) -> list[str]:
        self.fires += 1
        return ["one"]

    def ticked(self, since: float) -> set[str]:
        self.ticks += 1
        return {"one"} if self.ticks > 2 else set()

    def rows(self) -> list[Row]:
        return self.scenes[0][0]

    def heads(self) -> Mapping[str, Head]:
        return self.scenes[0][1]

    def running(self) -> int:
        found = self.scenes[0][2]
        if len(self.scenes) > 1:
            self.scenes.pop(0)
        return found


@dataclass
class Waited:
    ledger: Ledger
    outcome: Outcome
    said: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.watch.LOOK", 0.0)


def wait(*scenes: tuple[list[Row], Mapping[str, Head], int], patience: float = 5.0) -> Waited:
    ledger, said = Ledger(list(scenes)), list[str]()
    watch = Watch(cast(Stack, ledger), exports(), lambda: NOW, NOW, said.append, patience)
    return Waited(ledger, watch.wait(), said)


REFUSED = replace(
    HEAD, blocked="flowroute: create: HTTP 401: the key was not accepted", next_try=NOW + timedelta(hours=1)
)
PLANNED = [DONE[0], row(DAYS[1], Work.PLANNED)]


def test_it_waits_for_the_tick_even_when_nothing_is_open() -> None:
    """Else a run that finds all done would end before its schedule has shown that it changes nothing."""
    waited = wait((DONE, {"one": HEAD}, 0))
    assert waited.outcome == Outcome(DONE)
    assert waited.ledger.ticks == 3


def test_it_waits_for_what_runs_and_tells_each_move_once() -> None:
    """In the order of exports and windows."""
    asked = [DONE[0], row(DAYS[1], Work.ASKED)]
    waited = wait(
        (PLANNED, {"one": HEAD}, 0), (asked, {"one": HEAD}, 1), (asked, {"one": HEAD}, 1), (DONE, {"one": HEAD}, 0)
    )
    assert waited.outcome.left == ()
    assert waited.said == [
        "the schedule fires: one",
        "one 2026-11-18 calls: done",
        "one 2026-11-19 calls: planned",
        "one 2026-11-19 calls: asked",
        "one 2026-11-19 calls: done",
    ]


def test_a_vendor_that_refuses_ends_the_wait_with_advice() -> None:
    """Which export, why, and which secret to mend; and the block was told as it happened."""
    waited = wait((PLANNED, {"one": REFUSED}, 0))
    assert [one.export for one in waited.outcome.left] == ["one"]
    assert waited.outcome.advice == (
        'one: flowroute: create: HTTP 401: the key was not accepted; put the right key into "cdr/dev/one" of the'
        " file of --secrets",
    )
    assert f"one is blocked: {REFUSED.blocked}" in waited.said


def test_a_vendor_that_rests_briefly_is_waited_for() -> None:
    """A 429 with a short distance is no reason to stop."""
    brief = replace(REFUSED, next_try=NOW + timedelta(seconds=30))
    waited = wait(*[(PLANNED, {"one": brief}, 0)] * 4, (DONE, {"one": HEAD}, 0))
    assert waited.outcome.left == ()
    assert "one is not blocked any more" in waited.said


def test_what_still_runs_is_waited_for_beside_a_refusal() -> None:
    """The reports that are under way are not given up."""
    assert wait(*[(PLANNED, {"one": REFUSED}, 1)] * 4, (DONE, {"one": HEAD}, 0)).outcome.left == ()


def test_patience_has_an_end() -> None:
    """What is open is named."""
    waited = wait((PLANNED, {"one": HEAD}, 0), patience=0.01)
    assert waited.outcome.advice[0].startswith("still open after 0 s (--patience waits longer)")
    assert "one 2026-11-19 calls: planned" in waited.outcome.advice


def test_the_schedule_fires_again_when_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it would by itself, later."""
    monkeypatch.setattr("local.watch.AGAIN", 0.0)
    waited = wait(*[(PLANNED, {"one": HEAD}, 0)] * 3, (DONE, {"one": HEAD}, 0))
    assert waited.ledger.fires > 1


def test_each_block_has_its_hint() -> None:
    """The secret, the simulated vendor's own key, the address; else the reason stands for itself."""
    (one,) = exports().exports
    assert '"cdr/dev/one"' in hint(one, "HTTP 403: the key was not accepted", played=False)
    assert 'leave "cdr/dev/one" out' in hint(one, "HTTP 401: the key was not accepted", played=True)
    assert one.base_url in hint(one, "flowroute: list: not reachable (ConnectTimeout)", played=False)
    assert hint(one, "HTTP 422", played=False) == ""
