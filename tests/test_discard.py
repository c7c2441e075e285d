"""`discard = true`: the vendor's report is deleted once its copy is verified here, and never before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from lambdas import copier
from lambdas.core.exports import parse
from lambdas.core.rows import EPOCH, Row, Work
from lambdas.vendors import FACTS
from local.vendors.telnyx import Telnyx
from tests.vendors.door import Door, door
from tests.vendors.making import telnyx
from tests.world import Clock, World, world

TEXT = """
[[export]]
name = "t"
vendor = "telnyx"
start = "-1d"
discard = {1}
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
options = {{ source = "calls" }}
"""
DAY = datetime(2026, 11, 19, tzinfo=UTC)


@pytest.fixture(name="door")
def _door() -> Iterator[Door]:
    """A server that answers what it is told to."""
    with door() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    """It stands at noon of the 20th."""
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Telnyx]:
    """A Telnyx of few calls."""
    with Telnyx(3, "discard", clock=clock, per_day=20) as one:
        yield one


@pytest.fixture
def at(vendor: Telnyx, clock: Clock) -> Iterator[World]:
    """One window, asked and ready."""
    with world(TEXT.format(vendor, "true"), clock) as one:
        one.tick("t")
        clock.turn(minutes=5)
        yield one


def copied(at: World) -> Row:
    """After the copier, before the tick that the machine sends then."""
    copier.copy(at.executions.started[0][1], at)
    return at.row("t", DAY)


def deletes(vendor: Telnyx) -> list[int]:
    return [one.status for one in vendor.requests if one.method == "DELETE"]


def test_a_report_is_deleted_after_its_copy_is_verified(at: World, vendor: Telnyx) -> None:
    """The ledger says first that it is published; the next tick deletes, and the window's re-export is as before."""
    row = copied(at)
    assert (row.state, row.leftover, row.due_at) == (Work.DONE, row.report_id, EPOCH)
    assert row.published is not None and at.lake.etag(row.published.key)
    assert deletes(vendor) == [] and list(vendor.reports) == [row.report_id]
    at.tick("t")
    after = at.row("t", DAY)
    assert (after.state, after.leftover, after.reason) == (Work.DONE, None, None)
    assert after.due_at == datetime(2026, 11, 21, tzinfo=UTC)
    assert (deletes(vendor), vendor.reports) == ([200], {})
    at.tick("t")
    assert deletes(vendor) == [200]


def test_what_is_not_verified_is_not_deleted(at: World, vendor: Telnyx) -> None:
    """Put aside, or cut short: the vendor's report is all there is."""
    vendor.faults.add("forbidden", on="delete")
    vendor.reports[at.row("t", DAY).report_id or ""].build.result().file.write_bytes(b"no report\n")
    row = copied(at)
    at.tick("t")
    assert (row.state, row.leftover) == (Work.QUARANTINED, None)
    assert deletes(vendor) == [] and len(vendor.reports) == 1


def test_an_outage_is_waited_for(at: World, vendor: Telnyx, clock: Clock) -> None:
    """The row keeps the report's id until it is deleted."""
    vendor.faults.add("broken", on="delete")
    copied(at)
    at.tick("t")
    row = at.row("t", DAY)
    assert (row.state, row.leftover is not None, row.due_at) == (Work.DONE, True, at.now() + timedelta(minutes=5))
    assert row.reason is not None and "not deleted at the vendor: telnyx: delete: HTTP 500" in row.reason
    assert at.ledger.head("t").blocked is None
    clock.turn(minutes=6)
    at.tick("t")
    assert (at.row("t", DAY).leftover, at.row("t", DAY).reason) == (None, None)
    assert deletes(vendor) == [500, 200]


def test_a_deletion_that_never_succeeds_is_given_up_after_two_days(vendor: Telnyx, clock: Clock) -> None:
    """With its reason; meanwhile everything else goes on."""
    text = TEXT.format(vendor, "true").replace("discard", "reexport = []\ndiscard")
    with world(text, clock) as at:
        vendor.faults.add("broken", 999, on="delete")
        for _ in range(52):
            at.tick("t")
            at.run()
            clock.turn(hours=1)
        row = at.row("t", DAY)
        assert (row.state, row.leftover) == (Work.DONE, None)
        assert row.reason is not None and "delete: HTTP 500" in row.reason
        assert at.row("t", DAY + timedelta(days=1)).published is not None
        assert at.ledger.head("t").blocked is None


@pytest.mark.parametrize("fault", ["forbidden", "page"])
def test_a_no_is_told_and_not_asked_twice(at: World, vendor: Telnyx, clock: Clock, fault: str) -> None:
    """The calls are here all the same, and the export is not held back."""
    vendor.faults.add(fault, on="delete")
    copied(at)
    at.tick("t")
    row = at.row("t", DAY)
    assert (row.state, row.leftover) == (Work.DONE, None)
    assert row.reason is not None and row.reason.startswith("not deleted at the vendor: telnyx: delete: HTTP ")
    assert at.ledger.head("t").blocked is None
    clock.turn(hours=1)
    at.tick("t")
    assert len(deletes(vendor)) == 1


def test_what_is_gone_already_is_as_good_as_deleted(at: World, vendor: Telnyx) -> None:
    """Whoever deleted it: a tick that died after it, the operator, the vendor."""
    copied(at)
    vendor.reports.clear()
    at.tick("t")
    assert (at.row("t", DAY).leftover, at.row("t", DAY).reason) == (None, None)
    assert deletes(vendor) == [404]


def test_without_the_setting_nothing_is_deleted(vendor: Telnyx, clock: Clock) -> None:
    """It is off by default."""
    with world(TEXT.format(vendor, "false"), clock) as at:
        at.quiet()
        assert at.row("t", DAY).leftover is None
        assert deletes(vendor) == [] and len(vendor.reports) == 1


def test_a_setting_that_was_switched_off_meanwhile_holds(at: World, vendor: Telnyx) -> None:
    """What the operator says now counts."""
    copied(at)
    at.__dict__["exports"] = parse(TEXT.format(vendor, "false"), "dev", FACTS)
    at.tick("t")
    assert at.row("t", DAY).leftover is None
    assert deletes(vendor) == [] and len(vendor.reports) == 1


def test_many_that_are_to_be_deleted_do_not_wait_for_each_other_s_outage(vendor: Telnyx, clock: Clock) -> None:
    """After the first that meets one, the rest of the tick is left for later."""
    with world(TEXT.format(vendor, "true").replace("-1d", "-3d"), clock) as at:
        at.tick("t")
        clock.turn(minutes=5)
        for _, told in at.executions.started:
            copier.copy(told, at)
        vendor.faults.add("broken", 99, on="delete")
        at.tick("t")
        assert len(deletes(vendor)) == 1
        assert sum(row.leftover is not None for row in at.rows("t")) == 3


def test_the_report_of_an_unchanged_re_export_is_deleted_too(vendor: Telnyx, clock: Clock) -> None:
    """An outage at that moment is outlived as well, long after the first publishing."""
    text = TEXT.format(vendor, "true").replace("discard", 'reexport = ["3d"]\ndiscard')
    with world(text, clock) as at:
        at.quiet()
        clock.turn(days=3)
        at.tick("t")
        at.tick("t")
        vendor.faults.add("broken", 999, on="delete")
        at.run()
        assert at.row("t", DAY).leftover is not None
        vendor.faults.clear()
        clock.turn(minutes=6)
        at.tick("t")
        assert at.row("t", DAY).leftover is None and at.row("t", DAY).revision == 1
        assert at.row("t", DAY).report_id not in vendor.reports


def test_an_empty_answer_to_a_delete_is_a_yes(door: Door) -> None:
    """HTTP 204, of either api."""
    for api in ("v1", "v2"):
        door.answers.clear()
        door.says("", status=204)
        telnyx(door, api=f'"{api}"').discard("7")
