"""Each fault of the simulated vendors from the handlers' side: the ledger afterwards, what was asked, what is told."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from flask import Flask

from lambdas import copier, poller
from lambdas.core.rows import Row, Work
from local.vendors import Simulator
from local.vendors.didww import Didww
from local.vendors.faults import FAULTS
from local.vendors.flowroute import Flowroute
from local.vendors.http import Origin
from local.vendors.telnyx import Telnyx
from tests.test_copier import published
from tests.world import NOW, Clock, World, world

TEXT = """
[[export]]
name = "main"
vendor = "{0.name}"
start = "-{1}d"
reexport = []
base_url = "{0.base_url}"
download_from = ["{0.download_from}"]
{2}
"""
DAY = datetime(2026, 11, 19, tzinfo=UTC)
KINDS: Mapping[str, Callable[..., Simulator]] = {
    "telnyx": lambda clock, **how: Telnyx(3, "main", clock=clock, per_day=30, **how),
    "flowroute": lambda clock, **how: Flowroute(3, "main", clock=clock, per_day=30, callbacks="never", **how),
    "didww": lambda clock, **how: Didww(3, "main", clock=clock, per_day=30, callbacks="never", **how),
}
ONE = {"telnyx": 'options = { source = "calls" }', "flowroute": "", "didww": "options = { export_type = 'cdr_in' }"}
ALL = pytest.mark.parametrize("kind", KINDS)


@dataclass
class Story:
    """One window of one export at a vendor that does something wrong."""

    vendor: Simulator
    at: World
    clock: Clock

    def wrong(self, fault: str, times: int = 1, **how: Any) -> "Story":
        self.vendor.faults.add(fault, times, **how)
        return self

    @property
    def row(self) -> Row:
        return self.at.row("main", DAY, self.at.exports.get("main").sources[0])

    @property
    def blocked(self) -> str:
        return self.at.ledger.head("main").blocked or ""

    @property
    def asked(self) -> int:
        """How many reports the vendor was asked for and took on."""
        return len(self.vendor.created)

    @property
    def receipt(self) -> dict[str, Any]:
        assert self.row.published is not None
        told: dict[str, Any] = json.loads(self.at.objects("receipts/")[self.row.published.receipt])
        return told

    def tick(self, **after: float) -> Row:
        self.clock.turn(**after)
        self.at.tick("main")
        return self.row

    def ends(self, attempt: int, asked: int) -> None:
        """In the end it is published, by that attempt, after so many reports, and every fault has struck."""
        self.at.quiet()
        assert self.vendor.faults.pending == []
        row = self.row
        assert (row.state, row.attempt, row.published is not None) == (Work.DONE, attempt, True)
        assert self.asked == asked
        assert self.receipt["attempt"] == attempt
        assert self.blocked == ""


@contextmanager
def story(kind: str, days: int = 1, text: str | None = None, **how: Any) -> Iterator[Story]:
    clock = Clock()
    with KINDS[kind](clock, **how) as vendor:
        written = TEXT.format(vendor, days, ONE[kind] if text is None else text)
        with world(written, clock) as at:
            yield Story(vendor, at, clock)


@ALL
def test_slow_is_waited_for(kind: str) -> None:
    """The row tells how often it was looked at; nothing is used up."""
    with story(kind) as one:
        one.wrong("slow", seconds=3600).ends(attempt=1, asked=1)
        assert one.receipt["looks"] > 2


@ALL
def test_stuck_is_given_up_and_asked_anew(kind: str) -> None:
    """After the vendor's patience, with the reason."""
    with story(kind) as one:
        one.wrong("stuck").tick()
        one.at.run()
        row = one.row
        assert (row.state, row.attempt, row.reason) == (Work.PLANNED, 2, "the report was not ready in time")
        one.ends(attempt=2, asked=2)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("telnyx", "the report is failed"), ("flowroute", "the report is failed"),
     ("didww", "didww: retrieve: completed, but without a url")],
)  # fmt: skip
def test_failed_uses_up_an_attempt(kind: str, reason: str) -> None:
    """The next one comes after a distance; a vendor without a word for it is waited for first."""
    with story(kind) as one:
        one.wrong("failed").tick()
        one.at.run()
        assert (one.row.state, one.row.attempt, one.row.reason) == (Work.PLANNED, 2, reason)
        one.ends(attempt=2, asked=2)


def test_failing_for_ever_is_stuck_and_asked_again_daily() -> None:
    """Attempts are bounded; the operator sees the reason."""
    with story("telnyx") as one:
        one.wrong("failed", times=5).at.quiet()
        row = one.row
        assert (row.state, row.failures, row.reason, one.asked) == (Work.STUCK, 5, "the report is failed", 5)
        assert row.due_at is not None and row.due_at > one.clock()
        one.tick(days=1)
        one.ends(attempt=6, asked=7)  # with the next day's


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("telnyx", "the report is expired"), ("flowroute", "flowroute: the link is dead (HTTP 403)")],
)
def test_expired_is_asked_anew(kind: str, reason: str) -> None:
    """Told by a status, or by a link that is refused."""
    with story(kind) as one:
        one.wrong("expired").tick()
        one.at.run()
        assert (one.row.attempt, one.row.reason) == (2, reason)
        one.ends(attempt=2, asked=2)


@ALL
@pytest.mark.parametrize(
    ("fault", "status", "told"), [("unauthorized", 401, "was not accepted"), ("forbidden", 403, "may not do this")]
)
def test_a_key_that_is_refused_blocks_the_export_and_uses_up_nothing(
    kind: str, fault: str, status: int, told: str
) -> None:
    """The head says so, and nobody asks again before the rest is over."""
    with story(kind) as one:
        row = one.wrong(fault).tick()
        assert (row.state, row.attempt) == (Work.PLANNED, 1)
        said = one.vendor.refused(status).detail
        assert one.blocked == f"{kind}: create: HTTP {status} ({said}): the key {told}"
        one.tick(minutes=14)
        assert one.asked == 0
        one.clock.turn(minutes=1)
        one.ends(attempt=1, asked=1)


@ALL
def test_unauthorized_in_the_middle_keeps_the_report(kind: str) -> None:
    """Accepted with a key that is refused a moment later: the row says so, the same report is looked at again."""
    with story(kind) as one:
        one.wrong("unauthorized", on="retrieve").tick()
        told = one.at.executions.started[0][1]
        one.clock.turn(seconds=told["wait"])
        assert poller.look(told, one.at)["next"] == "wait"
        assert one.row.state is Work.ASKED
        assert one.row.reason is not None and "retrieve: HTTP 401" in one.row.reason
        one.ends(attempt=1, asked=1)
        assert one.row.reason is None


def test_unauthorized_while_copying_puts_the_report_back() -> None:
    """Nothing is used up; the head tells."""
    with story("telnyx") as one:
        one.tick()
        told = one.at.executions.started[0][1]
        one.clock.turn(minutes=5)
        one.wrong("unauthorized", on="retrieve")
        assert copier.copy(told, one.at) == {"state": "asked"}
        assert "HTTP 401" in one.blocked and "HTTP 401" in (one.row.reason or "")
        one.tick(minutes=15)
        one.ends(attempt=1, asked=1)


@ALL
def test_throttled_rests_the_export_as_long_as_it_is_told(kind: str) -> None:
    """A 429 created nothing, so nothing is searched for."""
    with story(kind) as one:
        row = one.wrong("throttled", seconds=90).tick()
        assert (row.state, row.attempt) == (Work.PLANNED, 1)
        assert "create: HTTP 429" in one.blocked
        assert one.at.ledger.head("main").next_try == NOW + timedelta(seconds=90)
        one.tick(seconds=89)
        assert one.asked == 0
        one.clock.turn(seconds=1)
        one.ends(attempt=1, asked=1)


@ALL
def test_a_burst_of_errors_is_outlived(kind: str) -> None:
    """Of looks it costs nothing; of a create, only the vendor's list says that nothing came of it."""
    with story(kind) as one:
        one.wrong("broken", 5, on="retrieve").ends(attempt=1, asked=1)
    with story(kind) as one:
        row = one.wrong("broken", 2, on="create").wrong("broken", 2, on="list").tick()
        assert row.state is Work.ASKING
        assert "create: HTTP 500" in one.blocked
        one.ends(attempt=3, asked=1)


@ALL
@pytest.mark.parametrize("fault", ["dropped", "nothing", "truncated"])
def test_an_answer_that_is_lost_is_found_again_in_the_list(kind: str, fault: str) -> None:
    """Asked once: the report is adopted, not created again."""
    with story(kind) as one:
        row = one.wrong(fault, on=None if fault == "dropped" else "create").tick()
        assert (row.state, row.report_id, one.asked) == (Work.ASKING, None, 1)
        assert f"{kind}: create: " in one.blocked
        one.ends(attempt=1, asked=1)


@ALL
@pytest.mark.parametrize(("fault", "told"), [("page", "without JSON: a page"), ("redirect", "a redirect")])
def test_an_answer_that_is_none_of_the_vendors_is_never_taken_for_one(kind: str, fault: str, told: str) -> None:
    """The list says that nothing was created; a redirect is not followed, and the key stays here."""
    with story(kind) as one:
        row = one.wrong(fault, on="create").tick()
        assert row.state is Work.ASKING
        assert f"{kind}: create: HTTP {200 if fault == 'page' else 302}" in one.blocked and told in one.blocked
        one.ends(attempt=2, asked=1)


@ALL
def test_a_list_that_lags_shorter_than_its_grace_costs_nothing(kind: str) -> None:
    """Not there, and then there after all: adopted."""
    with story(kind) as one:
        row = one.wrong("dropped").wrong("hidden", seconds=600).tick()
        row = one.tick(minutes=4)
        assert (row.state, row.searched) == (Work.ASKING, 0)
        one.ends(attempt=1, asked=1)


@ALL
def test_a_list_that_lags_longer_leaves_a_spare_that_is_never_published(kind: str) -> None:
    """Two complete searches after the grace found nothing: asked anew, and the first one is nobody's."""
    with story(kind) as one:
        one.wrong("dropped").wrong("hidden", seconds=86_400).tick()
        reasons = set()
        while one.row.attempt == 1:
            one.tick(minutes=5)
            reasons.add(one.row.reason)
        assert one.clock() >= NOW + timedelta(minutes=20)
        one.ends(attempt=2, asked=2)
        assert ".a2." in one.receipt["tag"]
        assert len(one.at.objects("calls/")) == 1
        spare, ours = one.vendor.created
        assert one.receipt["report_id"] == ours.id != spare.id


def test_a_page_boundary_that_moves_is_searched_twice() -> None:
    """The entry that the moving skipped is found by the second search, and not asked for again."""
    with story("telnyx", page_most=1) as one:
        one.wrong("dropped").tick()
        vendor = one.at.account(one.at.exports.get("main"))
        vendor.ask(vendor.fields(one.row.window), "somebody else's", None)
        row = one.wrong("moving").tick(minutes=16)
        assert (row.state, row.searched, row.report_id) == (Work.ASKING, 1, None)
        one.ends(attempt=1, asked=2)


@ALL
def test_a_dead_link_is_asked_anew(kind: str) -> None:
    """Nothing of it is left in the bucket."""
    with story(kind) as one:
        one.wrong("dead").tick()
        one.at.run()
        assert one.row.attempt == 2
        assert one.row.reason is not None and one.row.reason.startswith(f"{kind}: the link is dead (HTTP 40")
        assert not one.at.written()
        one.ends(attempt=2, asked=2)


def test_a_link_past_its_life_is_asked_anew() -> None:
    """The look before the download had a fresh one where it could get it."""
    with story("telnyx") as one:
        one.wrong("stale").ends(attempt=1, asked=1)  # the poller's look took it, the copier's has a fresh one
    with story("telnyx") as one:
        one.wrong("stale", 2).ends(attempt=2, asked=2)


@ALL
def test_a_file_that_was_cut_is_not_published(kind: str) -> None:
    """Though its length agrees, its content tells; the attempt fails with the reason."""
    with story(kind) as one:
        one.wrong("cut").tick()
        one.at.run()
        row = one.row
        assert (row.state, row.attempt) == (Work.PLANNED, 2)
        assert row.reason is not None and ("ends early" in row.reason or "last line has no end" in row.reason)
        assert not one.at.objects("calls/")
        one.ends(attempt=2, asked=2)


@ALL
def test_other_columns_are_read_by_name_and_told(kind: str) -> None:
    """In any order; what nobody knows is in `extra`, and the receipt warns of it."""
    with story(kind) as one:
        one.wrong("columns").ends(attempt=1, asked=1)
        unknown = one.receipt["unknown_headings"]
        assert len(unknown) == 2
        assert any("nobody knows" in told and unknown[0] in told for told in one.receipt["warnings"])
        rows = published(one.at, "main")
        assert rows and all(row["started_at"] for row in rows)
        assert set(unknown) <= {name for row in rows for name, _ in row["extra"]}


@ALL
def test_no_calls_is_a_success(kind: str) -> None:
    """An empty object and a receipt of no rows."""
    with story(kind) as one:
        one.wrong("empty").ends(attempt=1, asked=1)
        assert one.receipt["rows"] == 0 == len(published(one.at, "main"))


def test_a_wrong_count_is_put_aside_with_both_numbers() -> None:
    """The file is kept, `calls` stays empty, and the operator sees why."""
    with story("flowroute") as one:
        one.wrong("count").at.quiet()
        row = one.row
        assert row.state is Work.QUARANTINED and row.reason is not None and "the vendor counts" in row.reason
        assert not one.at.objects("calls/") and len(one.at.objects("raw/")) == 1
        (told,) = one.at.objects("quarantine/").values()
        assert json.loads(told)["reason"] == row.reason


def test_money_rounded_to_cents_is_compared_in_cents() -> None:
    """At the vendor's own precision nothing differs."""
    with story("flowroute") as one:
        one.wrong("cents").ends(attempt=1, asked=1)
        assert one.receipt["vendor_cost"] == f"{round(float(one.receipt['cost']), 2):.2f}"
        assert one.receipt["warnings"] == []


def test_a_call_under_both_sources_is_in_both_objects_and_counted_once_by_the_view() -> None:
    """The ledger has both windows done; the view's rule (infra/views.py) is by `row_id` within a day."""
    with story("telnyx", text="") as one:
        one.wrong("both", 2).at.quiet()
        assert {row.state for row in one.at.rows("main")} == {Work.DONE}
        rows = published(one.at, "main")
        twice = {row["row_id"] for row in rows if row["source"] == "calls"} & {
            row["row_id"] for row in rows if row["source"] == "call-control"
        }
        assert twice
        assert len({row["row_id"] for row in rows}) == len(rows) - len(twice)


@contextmanager
def called(fault: str | None, **how: Any) -> Iterator[Story]:
    """A Flowroute that calls a door of ours back, in front of the callback Lambda's own code."""
    clock, app = Clock(), Flask("door", static_folder=None)
    with (
        Origin(app) as door,
        Flowroute(3, "main", clock=clock, per_day=30, retry_s=0.01) as vendor,
        world(TEXT.format(vendor, 1, ""), clock, door.url) as at,
    ):

        def heard(tag: str, word: str) -> str:
            at.call_back(f"{door.url}/callbacks/{tag}/{word}")
            return "{}"

        app.add_url_rule("/callbacks/<tag>/<word>", view_func=heard, methods=["POST"])
        one = Story(vendor, at, clock)
        if fault:
            one.wrong(fault, **how)
        one.tick()
        yield one


def delivered(one: Story, count: int) -> list[int]:
    """The statuses of the callbacks, once so many came."""
    assert isinstance(one.vendor, Flowroute)
    until = monotonic() + 10
    while len(one.vendor.callbacks) < count and monotonic() < until:
        sleep(0.02)
    return [one.status for one in one.vendor.callbacks]


def listen(one: Story) -> bool:
    """The execution waits with a token; whether it was woken at once."""
    woken: bool = poller.listen(one.at.executions.started[-1][1], "token", one.at)["woken"]
    return woken


def test_a_callback_wakes_who_waits() -> None:
    """The rule, for comparison."""
    with called(None) as one:
        assert not listen(one)
        one.clock.turn(minutes=1)
        assert delivered(one, 1) == [200]
        assert one.at.executions.woken == ["token"]
        assert one.row.heard_at == one.clock()
        one.ends(attempt=1, asked=1)


def test_a_callback_that_never_comes_is_done_without() -> None:
    """The wait times out into a look."""
    with called("silent") as one:
        assert not listen(one)
        one.clock.turn(minutes=1)
        sleep(0.2)
        assert delivered(one, 0) == [] == one.at.executions.woken
        one.ends(attempt=1, asked=1)


def test_a_callback_that_comes_twice_is_as_good_as_one() -> None:
    """Both are answered alike."""
    with called("twice") as one:
        listen(one)
        one.clock.turn(minutes=1)
        assert delivered(one, 2) == [200, 200]
        one.ends(attempt=1, asked=1)
        assert len(one.at.objects("calls/")) == len(one.at.objects("receipts/")) == 1


def test_a_callback_that_comes_early_is_a_look_too_many() -> None:
    """Before the token is stored it is kept, and wakes the listener at once; the report is pending, and waited for."""
    with called("early") as one:
        assert delivered(one, 1) == [200]
        assert one.row.heard_at is not None
        assert listen(one)
        assert poller.look(one.at.executions.started[-1][1], one.at)["next"] == "wait"
        one.ends(attempt=1, asked=1)


def test_a_callback_that_comes_late_changes_nothing() -> None:
    """The report is copied long since."""
    with called("late", seconds=86_400) as one:
        one.ends(attempt=1, asked=1)
        before, objects = one.row, one.at.written()
        one.clock.turn(days=1, minutes=5)
        assert delivered(one, 1) == [200]
        assert (one.row, one.at.written()) == (before, objects)


def test_a_forged_callback_is_answered_alike_and_heard_by_nobody() -> None:
    """No note, no wake, and the poll finds the report."""
    with called("forged") as one:
        assert not listen(one)
        one.clock.turn(minutes=1)
        assert delivered(one, 1) == [200]
        assert (one.row.heard_at, one.at.executions.woken) == (None, [])
        one.ends(attempt=1, asked=1)


def test_every_fault_is_played_here() -> None:
    """The table of faults has none that no test of this file asks for."""
    source = Path(__file__).read_text("utf-8").partition("def test_every_fault_is_played_here")[0]
    assert {name for name in FAULTS if f'"{name}"' not in source} == set()
