"""What Telnyx's "must be less than 24 hours from now" may mean: each reading ends with a reason, none with a loss."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from lambdas.core.rows import Row, Work
from local.vendors.telnyx import Telnyx
from local.vendors.telnyx_asks import EndRule
from tests.world import NOW, Clock, World, world

TEXT = """
[[export]]
name = "t"
vendor = "telnyx"
start = "-3d"
reexport = {2}
window = "{1}"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
options = {{ source = "calls" }}
"""
NEWEST = datetime(2026, 11, 19, tzinfo=UTC)
SAID = "telnyx: create: HTTP 400 (end_time: must be less than 24 hours from now)"


@contextmanager
def reading(rule: EndRule, window: str = "1d", ages: str = "[]") -> Iterator[tuple[World, Telnyx, Clock]]:
    clock = Clock()
    with (
        Telnyx(3, "limits", clock=clock, per_day=20, end_rule=rule) as vendor,
        world(TEXT.format(vendor, window, ages), clock) as at,
    ):
        yield at, vendor, clock


def by_start(at: World) -> dict[datetime, Row]:
    return {row.window.start: row for row in at.rows("t")}


@pytest.mark.parametrize("rule", ["latest", "longest"])
def test_a_latest_end_and_a_longest_span_are_kept_to(rule: EndRule) -> None:
    """No window ends in the future, none is longer than a day: nothing is refused."""
    with reading(rule) as (at, vendor, _):
        at.quiet()
        assert {row.state for row in at.rows("t")} == {Work.DONE}
        assert {one.status for one in vendor.requests} == {200}


def test_an_oldest_end_leaves_the_backlog_with_its_reason_and_takes_the_rest() -> None:
    """The newest day is exported; the older ones are stuck with the vendor's words, and the export goes on."""
    with reading("oldest") as (at, vendor, clock):
        at.tick("t")
        at.run()
        rows = by_start(at)
        assert rows[NEWEST].state is Work.DONE
        old = [row for start, row in rows.items() if start < NEWEST]
        assert [row.state for row in old] == [Work.STUCK] * 2
        assert all(row.reason is not None and row.reason.startswith(f"{SAID}: this window is not given") for row in old)
        assert all(row.due_at == NOW + timedelta(days=1) for row in old)
        assert at.ledger.head("t").blocked is None
        creates = sum(one.method == "POST" for one in vendor.requests)
        at.tick("t")
        assert sum(one.method == "POST" for one in vendor.requests) == creates == 3
        clock.turn(hours=15)
        at.quiet()
        assert by_start(at)[NEWEST + timedelta(days=1)].state is Work.DONE


def test_what_was_never_given_is_closed_and_not_lost() -> None:
    """When the vendor has forgotten it: unreachable, with the reason that it had all the time."""
    with reading("oldest") as (at, _, clock):
        at.tick("t")
        at.run()
        clock.turn(days=33)
        for _ in range(3):
            at.tick("t")
        old = [row for start, row in by_start(at).items() if start < NEWEST]
        assert {row.state for row in old} == {Work.UNREACHABLE}
        assert all(row.reason is not None and SAID in row.reason and row.due_at is None for row in old)
        missed = [row for row in at.rows("t") if row.state is Work.LOST]
        assert all(row.window.start > NEWEST and not row.attempt > 1 for row in missed)  # by our own downtime


def test_a_re_export_that_is_not_given_leaves_what_was_published() -> None:
    """Done, stale since, with the reason; nothing is put aside or lost."""
    with reading("oldest", ages='["1d"]') as (at, _, clock):
        at.tick("t")
        at.run()
        before = by_start(at)[NEWEST].published
        clock.turn(hours=13)
        at.tick("t")
        at.tick("t")
        row = by_start(at)[NEWEST]
        assert (row.state, row.published, row.revision) == (Work.DONE, before, 1)
        assert row.stale_since is not None and row.reason is not None and SAID in row.reason
        assert row.due_at is None


def test_a_span_that_must_be_shorter_than_a_day_says_what_to_do() -> None:
    """Every day is stuck with the advice; half days are given."""
    with reading("shorter") as (at, _, _):
        at.quiet()
        rows = at.rows("t")
        assert {row.state for row in rows} == {Work.STUCK}
        assert all(row.reason is not None and "take a shorter `window`" in row.reason for row in rows)
    with reading("shorter", "12h") as (at, _, _):
        at.quiet()
        assert {row.state for row in at.rows("t")} == {Work.DONE}


def test_a_request_that_is_declined_blocks_the_export_and_at_last_only_its_window() -> None:
    """It may be the options, and so every window: told on the head. The third time the others get their turn."""
    with reading("latest") as (at, _, clock):
        at.exports.get("t").options["connections"] = [{"no": "id"}]  # type: ignore[index] # past the check, on purpose
        at.tick("t")
        row = by_start(at)[NEWEST]
        assert (row.state, row.attempt, row.declined) == (Work.PLANNED, 1, 1)
        assert "HTTP 400 (connections: must be a list of connection ids)" in (at.ledger.head("t").blocked or "")
        for _ in range(8):
            clock.turn(minutes=15)
            at.tick("t")
        rows = by_start(at)  # each in its turn, three times
        assert {(row.state, row.declined) for row in rows.values()} == {(Work.STUCK, 3)}
        del at.exports.get("t").options["connections"]  # type: ignore[attr-defined] # it is mended, and deployed
        clock.turn(days=1, minutes=15)
        at.quiet()
        assert {(row.state, row.declined) for row in at.rows("t")} == {(Work.DONE, 0)}
