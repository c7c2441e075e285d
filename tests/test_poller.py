"""The poller: what a look at a report leads to, and the meeting of the callback and the listener."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from lambdas import poller
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


@pytest.fixture
def clock() -> Clock:
    """It stands at noon of the 20th."""
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Flowroute]:
    """A Flowroute of few calls, whose callbacks go nowhere."""
    with Flowroute(3, "poller", clock=clock, per_day=20, callbacks="never") as one:
        yield one


@pytest.fixture
def at(vendor: Flowroute, clock: Clock) -> Iterator[World]:
    """One window, asked."""
    with world(TEXT.format(vendor), clock, URL) as one:
        one.tick("f")
        yield one


def told(at: World) -> dict[str, object]:
    """The input of the newest execution."""
    return at.executions.started[-1][1]


def capable(at: World) -> str:
    """The URL that the vendor was given."""
    tag = at.row("f", DAY).tag
    assert tag is not None
    return f"{URL}/callbacks/{tag}/{at.capability(tag)}"


def test_a_report_that_is_not_ready_is_waited_for(at: World) -> None:
    """The answer is the input with the next wait, and the ledger knows of the look."""
    answer = poller.look(told(at), at)
    assert answer["next"] == "wait" and answer["wait"] > 0
    row = at.row("f", DAY)
    assert (row.state, row.looks, row.looked_at) == (Work.ASKED, 1, at.now())


def test_a_report_that_is_ready_is_copied(at: World, clock: Clock) -> None:
    """The look says so and moves nothing: the copier takes its own lease."""
    clock.turn(minutes=5)
    before = at.row("f", DAY)
    assert poller.look(told(at), at)["next"] == "copy"
    assert at.row("f", DAY) == before


def test_an_old_run_ends_at_once(at: World, clock: Clock) -> None:
    """Its successor is at work, so it asks the vendor nothing any more."""
    old = dict(told(at))
    clock.turn(hours=1)
    at.tick("f")
    asked = len(at.executions.started)
    assert told(at)["run"] == 2 and asked == 2
    assert poller.look(old, at)["next"] == "end"
    assert poller.listen(old, "token", at)["woken"]


def test_a_failed_report_is_asked_anew_with_distance(vendor: Flowroute, clock: Clock) -> None:
    """It uses up an attempt; the next one waits, and then succeeds."""
    with world(TEXT.format(vendor), clock, URL) as at:
        vendor.faults.add("failed")
        at.tick("f")
        at.run()
        row = at.row("f", DAY)
        assert (row.state, row.attempt, row.reason) == (Work.PLANNED, 2, "the report is failed")
        clock.turn(minutes=6)
        at.tick("f")
        at.run()
        assert at.row("f", DAY).state is Work.DONE
        assert len({one.body["data"]["attributes"]["callback_url"] for one in vendor.created}) == 2


def test_a_report_that_never_finishes_is_given_up(clock: Clock) -> None:
    """Past its deadline the attempt is used up, and five of them make the window stuck, to be asked daily."""
    slow = Flowroute(3, "slow", clock=clock, build_s=(10**7, 10**7), callbacks="never")
    with slow as vendor, world(TEXT.format(vendor), clock, URL) as at:
        for _ in range(5):
            at.tick("f")
            at.run(looks=200)
            clock.turn(hours=5)
        stuck = at.row("f", DAY)
        assert stuck.state is Work.STUCK and stuck.attempt == stuck.failures >= 5
        clock.turn(days=1)
        at.tick("f")
        at.tick("f")
        assert at.row("f", DAY).attempt == stuck.attempt + 1


def test_a_vendor_that_refuses_a_look_uses_up_nothing(at: World, vendor: Flowroute, clock: Clock) -> None:
    """The report is there, only we may not see it: it is looked at again, slowly."""
    vendor.faults.add("unauthorized")
    answer = poller.look(told(at), at)
    assert (answer["next"], answer["wait"]) == ("wait", 600)
    assert (at.row("f", DAY).state, at.row("f", DAY).attempt) == (Work.ASKED, 1)


def test_a_callback_wakes_the_waiting_execution(at: World) -> None:
    """The token that the listener stored is sent, and the time of the callback noted."""
    assert not poller.listen(told(at), "token", at)["woken"]
    assert at.call_back(capable(at))
    assert at.executions.woken == ["token"]
    assert at.row("f", DAY).heard_at == at.now()


def test_a_callback_that_came_before_the_listener_wakes_it_too(at: World) -> None:
    """Nobody waited yet, so the listener wakes itself."""
    at.call_back(capable(at))
    assert at.executions.woken == []
    assert poller.listen(told(at), "token", at)["woken"]
    assert at.executions.woken == ["token"]


def test_a_callback_before_the_id_is_recorded_is_not_forgotten(
    vendor: Flowroute, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor is quicker than our own write of its answer: the listener still learns of it."""
    with world(TEXT.format(vendor), clock, URL) as at:
        apply = at.ledger.apply

        def late(old: Row, new: Row) -> Row:
            if new.report_id and not old.report_id:
                assert at.call_back(capable(at))
            return apply(old, new)

        monkeypatch.setattr(at.ledger, "apply", late)
        at.tick("f")
        assert at.row("f", DAY).heard_at == at.now()
        assert poller.listen(told(at), "token", at)["woken"]


def test_a_look_uses_up_an_older_callback(at: World, clock: Clock) -> None:
    """What was heard before the last look does not wake the next listener."""
    at.call_back(capable(at))
    clock.turn(seconds=5)
    poller.look(told(at), at)
    assert not poller.listen(told(at), "token", at)["woken"]


def test_callbacks_wake_an_attempt_three_times_at_most(at: World) -> None:
    """A flood of them costs three looks, not more."""
    poller.listen(told(at), "token", at)
    for _ in range(10):
        assert at.call_back(capable(at))
    assert at.executions.woken == ["token"] * 3


@pytest.mark.parametrize("forge", [lambda url: url[:-1] + "x", lambda url: url.replace(".r0.", ".r1.")])
def test_a_forged_callback_changes_nothing(at: World, forge: object) -> None:
    """A wrong capability, or a right one for another tag: no write, no wake."""
    poller.listen(told(at), "token", at)
    before = at.row("f", DAY)
    assert not at.call_back(forge(capable(at)))  # type: ignore[operator] # a function of one text
    assert at.row("f", DAY) == before
    assert at.executions.woken == []


def test_a_callback_after_the_copy_changes_nothing(at: World) -> None:
    """The report is done; its capability opens nothing any more."""
    url = capable(at)
    at.run()
    before = at.row("f", DAY)
    assert before.state is Work.DONE
    assert at.call_back(url)
    assert at.row("f", DAY) == before


def test_a_vendor_that_is_down_is_waited_for_and_no_run_fails(at: World, vendor: Flowroute) -> None:
    """The look is one of the report's looks; the row says why it waits, until the next one sees the report."""
    vendor.faults.add("broken", times=3)
    answer = poller.look(told(at), at)
    row = at.row("f", DAY)
    assert (answer["next"], row.looks, row.attempt) == ("wait", 1, 1)
    assert row.reason is not None and "HTTP 500" in row.reason
    at.run()
    assert (at.row("f", DAY).state, at.row("f", DAY).reason, at.row("f", DAY).attempt) == (Work.DONE, None, 1)


def test_the_export_s_reports_are_first_looked_at_when_they_usually_are_ready(vendor: Flowroute, clock: Clock) -> None:
    """What the first ones took is remembered on the head, and the next ones' first wait is that."""
    with world(TEXT.format(vendor).replace("-1d", "-3d"), clock, URL) as at:
        at.tick("f")
        assert {told["wait"] for _, told in at.executions.started} == {300}
        at.run()
        took = at.ledger.head("f").took
        assert len(took) == 3
        clock.turn(days=1)
        at.tick("f")
        assert told(at)["wait"] == max(5, sorted(took)[1])


def test_state_transitions_are_counted_on_the_way_to_the_receipt(at: World) -> None:
    """Four for each round, and the copy and the two of the end; the next run goes on counting."""
    first = poller.look(told(at), at)
    second = poller.look(first, at)
    assert (first["steps"], second["steps"], at.row("f", DAY).steps) == (4, 8, 8)
    clock = at.clock
    clock.turn(hours=2)
    at.tick("f")
    assert told(at)["steps"] == 8
    at.run()
    receipt = next(iter(at.objects("receipts/").values()))
    assert json.loads(receipt)["transitions"] == 8 + 4 + 3


def test_a_callback_during_a_rest_that_the_vendor_asked_for_wakes_once(at: World) -> None:
    """The waiting execution would wake itself for ever: its look is no look while the rest lasts."""
    at.call_back(capable(at))
    at.ledger.slow("f", at.now() + timedelta(seconds=600))
    at.clock.turn(seconds=1)
    answer = poller.look(told(at), at)
    assert answer["next"] == "wait" and answer["wait"] >= 599
    at.clock.turn(seconds=1)
    assert not poller.listen(answer, "token", at)["woken"]


def test_a_report_that_is_copied_again_and_again_teaches_nothing(at: World) -> None:
    """Its time is that of the trouble with its file."""
    at.clock.turn(minutes=6)
    poller.look(told(at), at)
    (lesson,) = at.ledger.head("f").took
    at.clock.turn(hours=1)
    at.tick("f")
    assert told(at)["run"] == 2 and poller.look(told(at), at)["next"] == "copy"
    assert at.ledger.head("f").took == (lesson,)
