"""A callback may come in any order with everything else, twice, for an older run, or never: the result is the same."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas import copier, poller
from lambdas.core.rows import Row, Work
from local.vendors.flowroute import Flowroute
from tests.world import Clock, World, world

TEXT = """
[[export]]
name = "f"
vendor = "flowroute"
start = "-1d"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
"""
DAY = datetime(2026, 11, 19, tzinfo=UTC)
URL = "https://callbacks.example"
# Before each of these, and after all of them.
PLACES = ("recorded", "listening", "looking", "waiting", "listening again", "leased", "published", "told", "over")
CALLS = [(), *((one,) for one in PLACES), *((one, one) for one in PLACES), PLACES[:3], PLACES[3:6], PLACES[6:]]


@pytest.fixture
def clock() -> Clock:
    """It stands at noon of the 20th."""
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Flowroute]:
    """A Flowroute of few calls, whose own callbacks go nowhere."""
    with Flowroute(3, "orders", clock=clock, per_day=5, build_s=(600, 600), callbacks="never") as one:
        yield one


class Life:
    """The life of one report, which calls back wherever it is told to."""

    def __init__(self, at: World, calls: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        self.at, self.calls, self.apply = at, calls, at.ledger.apply
        monkeypatch.setattr(at.ledger, "apply", self.moved)

    def come(self, place: str) -> None:
        """As many callbacks as are due here."""
        tag = self.at.row("f", DAY).tag or self.tag
        for _ in range(self.calls.count(place)):
            assert self.at.call_back(f"{URL}/callbacks/{tag}/{self.at.capability(tag)}")

    def moved(self, old: Row, new: Row) -> Row:
        """A move, and what comes just before it."""
        self.tag = old.tag or self.tag
        if new.report_id and not old.report_id:
            self.come("recorded")
        if new.looks > old.looks:
            self.come("waiting")
        if new.state is Work.COPYING:
            self.come("leased")
        if new.published and not old.published:
            self.come("published")
        if old.news and not new.news:
            self.come("told")
        return self.apply(old, new)

    tag = ""

    def run(self) -> None:
        """Asked, waited for, looked at in vain, waited for, ready, copied, told."""
        at = self.at
        at.tick("f")
        told: dict[str, Any] = at.executions.started[-1][1]
        self.come("listening")
        poller.listen(told, "first", at)
        self.come("looking")
        at.clock.turn(seconds=5)
        told = poller.look(told, at)
        assert told["next"] == "wait"
        self.come("listening again")
        poller.listen(told, "second", at)
        at.clock.turn(hours=1)
        told = poller.look(told, at)
        assert told["next"] == "copy"
        copier.copy(told, at)
        at.tick("f")
        self.come("over")


@pytest.mark.parametrize(
    "calls",
    [(), *((one,) for one in PLACES), *((one, one) for one in PLACES), PLACES[:3], PLACES[3:6], PLACES[6:]],
    ids=str,
)
def test_no_order_changes_the_result(
    vendor: Flowroute, clock: Clock, monkeypatch: pytest.MonkeyPatch, calls: tuple[str, ...]
) -> None:
    """One report, one object, one receipt, one state; only the waking differs."""
    with world(TEXT.format(vendor), clock, URL) as at:
        Life(at, calls, monkeypatch).run()
        row = at.row("f", DAY)
        assert (row.state, row.attempt, row.run, row.looks, row.news) == (Work.DONE, 1, 1, 1, False)
        assert len(vendor.created) == 1 and len(at.written()) == 3
        # No callback is missed by the wait that it should shorten; one that comes during a look counts as after it.
        assert "first" in at.executions.woken or not {"recorded", "listening", "looking"} & set(calls)
        assert "second" in at.executions.woken or not {"waiting", "listening again"} & set(calls)
        assert len(at.executions.woken) <= len(calls) + 1
