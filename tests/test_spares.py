"""A request that no list showed in time, and that turns up after it was sent anew: recognised, and never published."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.core.rows import Row, Work
from local.vendors import SIMULATORS
from local.vendors.flowroute import Flowroute
from local.vendors.frame import Vendor
from local.vendors.telnyx import Telnyx
from tests.world import Clock, World, world

Sim = Vendor[Any, Any]
TEXT = """
[[export]]
name = "e"
vendor = "{0.name}"
start = "-1d"
reexport = []
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
{1}
"""
URL = "https://callbacks.example"
DAY = datetime(2026, 11, 19, tzinfo=UTC)
SOURCE = {"telnyx": 'options = { source = "calls" }', "flowroute": ""}


@pytest.fixture
def clock() -> Clock:
    """It stands at noon of the 20th."""
    return Clock()


@pytest.fixture(params=["telnyx", "flowroute"])
def vendor(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Sim]:
    """One whose API can delete, and one whose API cannot."""
    with SIMULATORS[request.param].play(3, "spares", clock=clock, per_day=20) as one:
        yield one


@pytest.fixture
def at(vendor: Sim, clock: Clock) -> Iterator[World]:
    """A request whose answer was lost, and that the list hides for a while."""
    with world(TEXT.format(vendor, SOURCE[vendor.name]), clock, URL) as one:
        yield one


def done(at: World) -> Row:
    """Ticks until the window is copied."""
    for _ in range(40):
        at.tick("e")
        at.run()
        if (row := at.row("e", DAY)).state is Work.DONE:
            return row
        at.clock.turn(minutes=5)
    raise AssertionError(at.row("e", DAY))


def hidden(vendor: Sim, seconds: float) -> None:
    vendor.faults.add("dropped")
    vendor.faults.add("hidden", seconds=seconds)


def gone(vendor: Sim) -> bool:
    """Whether the spare, the first that was created, is not at the vendor any more."""
    return vendor.created[0].id not in vendor.reports


def test_a_spare_that_turns_up_is_deleted_where_the_api_can(at: World, vendor: Sim) -> None:
    """Also without `discard`: it is nobody's report. What is published is the other one, and stays."""
    hidden(vendor, 20 * 3600)
    row = done(at)
    assert (row.attempt, len(vendor.created), len(row.spares)) == (2, 2, 1)
    assert row.due_at == datetime.fromisoformat(row.spares[0]["asked_at"]) + timedelta(days=1)
    published = row.published
    at.clock.turn(days=1)
    at.tick("e")
    after = at.row("e", DAY)
    assert (after.spares, after.due_at, after.published) == ((), None, published)
    assert gone(vendor) is (vendor.name == "telnyx")
    assert vendor.created[1].id in vendor.reports
    assert len(at.objects("calls/")) == 1


def test_what_never_arrived_is_looked_for_twice_and_forgotten(clock: Clock) -> None:
    """At once, and a day after it was sent; no third time."""
    with Telnyx(3, "spares", clock=clock, per_day=5) as vendor, world(TEXT.format(vendor, ""), clock) as at:
        vendor.faults.add("broken", times=2, on="create")
        row = done(at)
        lists = len([one for one in vendor.requests if one.method == "GET" and one.path.endswith("requests")])
        assert len(row.spares) == 1 and lists
        clock.turn(days=1)
        at.tick("e")
        assert at.row("e", DAY).spares == ()
        assert at.row("e", DAY).due_at is None


def test_a_list_that_fails_is_asked_again_and_then_given_up(at: World, vendor: Sim) -> None:
    """An outage is waited for; what is left after two days stays at the vendor, and is told."""
    hidden(vendor, 20 * 3600)
    done(at)
    at.clock.turn(days=1)
    vendor.faults.add("broken", times=999, on="list")
    at.tick("e")
    row = at.row("e", DAY)
    assert len(row.spares) == 1 and row.due_at == at.clock() + timedelta(minutes=5)
    assert row.reason is not None and row.reason.startswith("not deleted at the vendor: ")
    assert at.ledger.head("e").blocked is None
    at.clock.turn(days=2)
    at.tick("e")
    assert (at.row("e", DAY).spares, gone(vendor)) == ((), False)


def test_a_spare_is_looked_for_page_by_page(clock: Clock) -> None:
    """A long list is read on at the next tick."""
    with Flowroute(3, "spares", clock=clock, per_day=5, callbacks="never") as vendor:
        text = TEXT.format(vendor, "")
        with world(text, clock, URL) as at:
            hidden(vendor, 20 * 3600)
            row = done(at)
            assert row.page == 0 and row.spares
            clock.turn(days=1)
            for _ in range(3):
                at.tick("e")
            assert at.row("e", DAY).spares == ()


def test_our_own_report_is_not_taken_for_a_spare(clock: Clock) -> None:
    """Without callbacks Flowroute's list shows no tag, and the window alone tells one report from another."""
    one = Flowroute(3, "spares", clock=clock, per_day=5, callbacks="never")
    with one as vendor, world(TEXT.format(vendor, ""), clock) as at:
        hidden(vendor, 20 * 3600)
        row = done(at)
        assert len(row.spares) == 1 and row.published
        clock.turn(days=1)
        at.tick("e")
        assert at.row("e", DAY).spares == () and at.row("e", DAY).published == row.published
