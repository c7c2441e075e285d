"""A third vendor in the world of the handlers: DIDWW, of which no handler has ever heard."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lambdas import poller
from lambdas.core.rows import Work
from local.calls import Tally, truth
from local.vendors.didww import Didww
from tests.test_copier import published
from tests.world import Clock, world

TEXT = """
[[export]]
name = "d"
vendor = "didww"
start = "-3d"
base_url = "{0.base_url}"
download_from = ["{0.download_from}"]
max_in_flight = 8
{1}
"""
DAY = datetime(2026, 11, 19, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)
DOOR = "https://door.example/callbacks"


@pytest.fixture
def clock() -> Clock:
    """It stands at noon of the 20th."""
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Didww]:
    """A DIDWW of few calls, whose callbacks go nowhere by themselves."""
    with Didww(3, "d", clock=clock, per_day=40, callbacks="never") as one:
        yield one


def by_day(rows: list[dict[str, Any]]) -> dict[date, Tally]:
    """Rows, seconds and cost; billed seconds are told of outbound calls alone."""
    days: dict[date, Tally] = {}
    for row in rows:
        day = row["started_at"].date()
        old = days.get(day, Tally())
        days[day] = Tally(old.rows + 1, old.seconds + row["duration_s"], 0, old.cost + (row["cost"] or Decimal(0)))
    return dict(sorted(days.items()))


def due(vendor: Didww) -> dict[date, Tally]:
    """What there is to find in three days."""
    told = truth(vendor.calls.between(MIDNIGHT - timedelta(days=3), MIDNIGHT))
    return {day: Tally(one.rows, one.seconds, 0, one.cost) for day, one in told.items()}


@pytest.mark.parametrize("door", ["", DOOR], ids=["without callbacks", "with callbacks"])
def test_every_call_of_every_day_is_there_once(vendor: Didww, clock: Clock, door: str) -> None:
    """Inbound and outbound, each day its own objects; the file is fetched with the key, once."""
    with world(TEXT.format(vendor, ""), clock, door) as at:
        at.tick("d")
        at.run()
        assert {(row.state, row.attempt) for row in at.rows("d")} == {(Work.DONE, 1)}
        assert by_day(published(at, "d")) == due(vendor)
        assert len(at.objects("calls/")) == len(vendor.downloads) == 6
        assert {status for _, status in vendor.downloads} == {200}
        asked = [one.body["data"]["attributes"] for one in vendor.created]
        assert all(("callback_url" in one) is bool(door) for one in asked)


def test_a_row_has_what_the_file_tells(vendor: Didww, clock: Clock) -> None:
    """Numbers in E.164, times, the SIP code, USD; what has no column is in `extra`; nothing failed to parse."""
    with world(TEXT.format(vendor, ""), clock) as at:
        at.tick("d")
        at.run()
        rows = {(row["source"], row["call_id"], row["started_at"], row["sip_code"]): row for row in published(at, "d")}
        for call in vendor.calls.day(DAY.date()):
            row = rows[(call.direction, call.call_id, call.started_at.replace(tzinfo=None), call.sip_code)]
            assert row["direction"] == call.direction  # no column says it: each direction is a report of its own
            assert row["to_raw"] == call.to_number.removeprefix("+")
            assert row["from_number"] in (None, call.from_number) and row["to_number"] in (None, call.to_number)
            assert (row["answered"], row["result"] == "answered") == (call.answered_at is not None,) * 2
            assert (row["cost"], row["currency"]) == (call.cost, "USD")
            assert row["billed_s"] == (call.billed_s if call.direction == "outbound" else None)
            extra = dict(row["extra"])
            assert "Rate (USD)" in extra if call.direction == "outbound" else "Toll-free (USD)" in extra
        receipts = [json.loads(one) for one in at.objects("receipts/").values()]
        assert all((one["unparsed"], one["unknown_headings"], one["outside"]) == ({}, [], 0) for one in receipts)


def test_a_callback_wakes_the_execution_that_waits_for_it(vendor: Didww, clock: Clock) -> None:
    """The address that DIDWW was given is the one that is heard."""
    with world(TEXT.format(vendor, "options = { export_type = 'cdr_in' }"), clock, DOOR) as at:
        at.tick("d")
        (told,) = (told for _, told in at.executions.started if told["start"] == DAY.isoformat())
        poller.listen(told, "token-of-mine", at)
        tag = at.row("d", DAY, "inbound").tag
        asked = [one.body["data"]["attributes"] for one in vendor.created]
        (url,) = (one["callback_url"] for one in asked if one["external_reference_id"] == tag)
        assert at.call_back(url)
        assert at.executions.woken == ["token-of-mine"]
        assert not at.call_back(f"{url}0")


def test_a_vendor_calls_back_by_itself_when_the_file_is_there(clock: Clock) -> None:
    """And to the address that it was given, though there is nobody."""
    with (
        Didww(3, "d", clock=clock, per_day=10, retry_s=0.01) as vendor,
        world(TEXT.format(vendor, "").replace("-3d", "-1d"), clock, "http://127.0.0.1:9/callbacks") as at,
    ):
        at.tick("d")
        clock.turn(minutes=1)
        until = time.monotonic() + 20
        while len({one.export for one in vendor.callbacks}) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        assert {one.export for one in vendor.callbacks} == {one.id for one in vendor.created}


def test_an_export_narrowed_to_one_number_has_its_calls_alone(vendor: Didww, clock: Clock) -> None:
    """One source, and the receipt says that calls were left out."""
    number = next(one.to_number for one in vendor.calls.day(DAY.date()) if one.direction == "inbound")
    options = f"options = {{ export_type = 'cdr_in', did_number = '{number.removeprefix('+')}' }}"
    with world(TEXT.format(vendor, options), clock) as at:
        at.tick("d")
        at.run()
        rows = published(at, "d")
        assert rows and {row["to_number"] for row in rows} == {number}
        assert {row["source"] for row in rows} == {"inbound"}


def test_an_export_that_ends_without_a_file_is_asked_for_anew(vendor: Didww, clock: Clock) -> None:
    """It uses up an attempt, as a failed one does."""
    vendor.faults.add("failed")
    with world(TEXT.format(vendor, "").replace("-3d", "-1d"), clock) as at:
        at.tick("d")
        at.run()
        clock.turn(minutes=20)
        at.tick("d")
        at.run()
        assert sorted(row.attempt for row in at.rows("d")) == [1, 2]
        assert {row.state for row in at.rows("d")} == {Work.DONE}
