"""Two exports of one account share what the vendor allows it: the places, and the rest that it asks for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from lambdas import copier, poller
from lambdas.core.agenda import share
from lambdas.core.rows import IN_FLIGHT, Head, Work
from local.vendors.telnyx import Telnyx
from tests.core.making import export
from tests.world import Clock, World, world

TEXT = """
[[export]]
name = "a"
vendor = "telnyx"
secret = "shared"
start = "-9d"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
options = {{ source = "calls" }}

[[export]]
name = "b"
vendor = "telnyx"
secret = "shared"
start = "-9d"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
options = {{ source = "call-control" }}
"""
DAY = datetime(2026, 11, 19, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """It stands at noon of the 20th."""
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Telnyx]:
    """A Telnyx of few calls."""
    with Telnyx(3, "sharing", clock=clock, per_day=5) as one:
        yield one


@pytest.fixture
def at(vendor: Telnyx, clock: Clock) -> Iterator[World]:
    """Both exports, not yet ticked."""
    with world(TEXT.format(vendor), clock) as one:
        yield one


def flying(at: World, name: str) -> int:
    return sum(row.state in IN_FLIGHT for row in at.rows(name))


def test_the_second_gets_one_place_at_once_and_its_share_as_the_first_drains(at: World) -> None:
    """Four in all: never five for longer than one place needs, and no one waits for ever."""
    at.tick("a")
    assert flying(at, "a") == 4
    at.tick("b")
    assert flying(at, "b") == 1
    for _ in range(2):
        at.run()
        at.tick("a")
        at.tick("b")
    assert flying(at, "a") + flying(at, "b") <= 4
    at.quiet()
    assert {row.state for name in "ab" for row in at.rows(name)} == {Work.DONE}
    assert [at.ledger.head(name).flying for name in "ab"] == [0, 0]


def test_who_is_alone_has_all_places_and_pays_no_write(vendor: Telnyx, clock: Clock) -> None:
    """The head does not say what nobody reads."""
    with world(TEXT.format(vendor).replace("shared", "own", 1), clock) as at:
        at.tick("a")
        assert flying(at, "a") == 4
        assert (at.ledger.head("a").flying, at.ledger.head("a").waiting) == (0, 0)


@pytest.mark.parametrize(
    ("others", "places"),
    [
        ([], 4), ([(0, 0)], 4), ([(4, 9)], 1), ([(2, 9)], 2), ([(1, 9)], 2), ([(0, 9)], 2), ([(1, 0)], 3),
        ([(0, 1)], 3),
        ([(2, 2), (2, 2)], 1), ([(0, 9), (0, 9), (0, 9), (0, 9), (0, 9)], 1),
    ],
)  # fmt: skip
def test_places_are_shared_alike_by_those_that_want_any(others: list[tuple[int, int]], places: int) -> None:
    """What another does not need is ours; what it has already is not; one place is everybody's."""
    mine = export()
    assert share(mine, [(mine, Head("x", flying=has, waiting=wants)) for has, wants in others]) == places


def test_an_export_s_own_limit_holds_within_the_account_s() -> None:
    """The account's is the largest that one of its exports was given."""
    small, large = export(max_in_flight="2"), export(max_in_flight="8")
    assert share(small, [(large, Head("x"))]) == 2
    assert share(large, [(small, Head("x", flying=2))]) == 6


def test_one_request_too_many_slows_both(at: World, vendor: Telnyx, clock: Clock) -> None:
    """Nobody asks, and nobody looks, before the vendor's rest is over; then all goes on, and nothing is used up."""
    at.tick("a")
    vendor.faults.add("throttled", seconds=600, on="create")
    at.tick("b")
    until = clock() + timedelta(seconds=600)
    assert [at.ledger.head(name).slow_until for name in "ab"] == [until, until]
    asked = len(vendor.requests)
    answer = poller.look(at.executions.started[0][1], at)
    at.tick("a")
    at.tick("b")
    assert answer["next"] == "wait" and 600 <= answer["wait"] <= 751
    assert len(vendor.requests) == asked
    assert at.row("a", DAY, "calls").looks == 0
    at.quiet()
    assert {(row.state, row.attempt) for name in "ab" for row in at.rows(name)} == {(Work.DONE, 1)}


def test_a_look_that_is_one_too_many_slows_the_export_and_not_its_report_alone(
    at: World, vendor: Telnyx, clock: Clock
) -> None:
    """Its other reports wait as well, for no less than the vendor said."""
    at.tick("a")
    vendor.faults.add("throttled", seconds=120)
    first, second = (told for _, told in at.executions.started[:2])
    assert 120 <= poller.look(first, at)["wait"] <= 151
    asked = len(vendor.requests)
    assert 120 <= poller.look(second, at)["wait"] <= 151
    assert len(vendor.requests) == asked
    assert at.ledger.head("b").slow_until == clock() + timedelta(seconds=120)


def test_a_copy_that_is_one_too_many_slows_it_too(at: World, vendor: Telnyx, clock: Clock) -> None:
    """The report stays asked."""
    at.tick("a")
    clock.turn(minutes=5)
    vendor.faults.add("throttled", seconds=300)
    assert copier.copy(at.executions.started[0][1], at) == {"state": "asked"}
    assert at.ledger.head("b").slow_until == clock() + timedelta(seconds=300)
