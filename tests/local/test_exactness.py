"""What Athena says of `calls` equals what the accounts had, however a vendor selects, writes and calls back."""

import io
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest

from lambdas.aws import items
from lambdas.core.rows import Row, Work
from lambdas.vendors import FACTS
from local import truth
from local.calls import Axis
from local.demo import Set, rehearse
from local.stack import Stack
from local.truth import Line
from local.vendors.callbacks import Mode
from local.vendors.didww import Didww
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests.local.sets import Played, authority, clock, own

pytestmark = pytest.mark.cloud  # one deploy for the whole file: `--dist loadfile`

UNTIL = datetime(2026, 11, 20, 6, tzinfo=UTC)
SEED, PER_DAY, BUILD = 23, 150, (0.1, 0.4)
# Few at a time: each Lambda that runs beside another is a process of its own, and two cores are all there may be.
FIELDS = {"start": date(2026, 11, 18), "max_in_flight": 1}
ONE = {**FIELDS, "options": {"source": "calls"}}
QUARTERS = {**ONE, "start": date(2026, 11, 19), "window": "6h"}
TELNYX = {f"telnyx-{axis}{'-closed' if closed else ''}": (axis, closed)
          for axis, closed in itertools.product(get_args(Axis), (False, True))}  # fmt: skip
FILES: Mapping[Mode, dict[str, Any]] = {
    "once": {},
    "never": {"old": True, "whole_ids": True},
    "twice": {"plain": True},
    "early": {"old": True, "plain": True},
}
FLOWROUTE = {f"flowroute-{mode}": mode for mode in FILES}
# Several sources, the calls of one also delivered under the other; and a vendor that was added in one file.
WIDE = ("telnyx-both", "didww")
LARGE = "flowroute-large"  # a report of some 17 MB, in three parts, through a copier of 512 MB
NAMES = [*TELNYX, "telnyx-v2", *FLOWROUTE, *WIDE, LARGE]


@dataclass(frozen=True)
class Ran:
    """A set that has exported everything."""

    at: Set
    played: Mapping[str, Played]
    right: bool
    told: str
    rows: list[Row]
    lines: list[Line]

    def of(self, export: str) -> list[Line]:
        return [line for line in self.lines if line.export == export]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Thirteen exports, each with a simulator of its own, exported once."""
    folder = tmp_path_factory.mktemp("exactness")
    common: dict[str, Any] = {"clock": clock(folder), "per_day": PER_DAY, "build_s": BUILD}
    played: dict[str, Played] = {}
    for name, (axis, closed) in TELNYX.items():
        fields = {"telnyx-end": QUARTERS, "telnyx-record-closed": FIELDS}.get(name, ONE)
        played[name] = Played(Telnyx(SEED, name, axis=axis, closed=closed, **common), fields)
    newer = Telnyx(SEED, "v2", axis="end", closed=True, api="v2", **common)
    played["telnyx-v2"] = Played(newer, {**ONE, "api": "v2"})
    for name, mode in FLOWROUTE.items():
        vendor = Flowroute(SEED, name, callbacks=mode, ca=authority(folder), retry_s=1.0, **FILES[mode], **common)
        played[name] = Played(vendor, FIELDS)
    twice = Telnyx(SEED, "both", axis="record", closed=True, **common)
    twice.faults.add("both", 99)
    played["telnyx-both"] = Played(twice, FIELDS)
    played["didww"] = Played(Didww(SEED, "didww", ca=authority(folder), retry_s=1.0, **common), FIELDS)
    large = Flowroute(SEED, "large", callbacks="never", plain=True, **{**common, "per_day": 60_000})
    played[LARGE] = Played(large, {**FIELDS, "start": date(2026, 11, 19)})
    with own(played, folder, UNTIL) as (at, asked, tell, told):
        right = rehearse(at, asked, tell)
        yield _ran(at, played, right, told)


def _ran(at: Set, played: Mapping[str, Played], right: bool, told: io.StringIO) -> Ran:
    rows = at.stack.rows()
    lines = truth.compare(truth.answered(at.stack), truth.true(at.exports, at.roles, rows), at.roles)
    return Ran(at, played, right, told.getvalue(), rows, lines)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_equals_the_truth(ran: Ran, name: str) -> None:
    """Rows, seconds, billed seconds and cost of each day."""
    lines = ran.of(name)
    assert {line.day for line in lines} >= {date(2026, 11, 19)}
    assert [line.found for line in lines] == [line.true for line in lines]
    assert all(line.found.rows > 0 and line.found.seconds > 0 and line.found.cost > 0 for line in lines[-1:])


@pytest.mark.parametrize("name", NAMES)
def test_every_window_is_done(ran: Ran, name: str) -> None:
    """Two days, or the four quarters of one, of each source; nothing after the rehearsal's end."""
    rows = [row for row in ran.rows if row.export == name]
    sources = {row.window.source for row in rows}
    span = sum(row.window.seconds for row in rows if row.window.source == min(sources - {"call-control"}))
    assert {row.state for row in rows} == {Work.DONE}
    assert span == (86400 if name in ("telnyx-end", LARGE) else 2 * 86400)
    wide = {"telnyx-record-closed", *WIDE}
    assert sources == (set(FACTS[ran.played[name].vendor].sources({}, "v1")) if name in wide else {"calls"})
    assert max(row.window.end for row in rows) == datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize("name", [name for name, (_, closed) in TELNYX.items() if closed] + ["telnyx-v2"])
def test_a_call_on_an_inclusive_end_is_kept_twice_and_counts_once(ran: Ran, name: str) -> None:
    """`calls_all` has it in both windows' objects, `calls` once."""
    assert _count(ran, name, "calls_all") > _count(ran, name, "calls")


def test_a_large_report_goes_through_a_small_function(ran: Ran) -> None:
    """More than one part of S3's, in a copier of 512 MB, which the emulator holds it to: the receipt has its peak."""
    (row,) = (row for row in ran.rows if row.export == LARGE)
    assert row.published is not None
    told = json.loads(ran.at.stack.read(row.published.receipt))
    assert told["bytes_text"] > 16 << 20 and told["rows"] > 50_000
    assert 0 < told["peak_mib"] < 300


def test_a_call_under_two_sources_is_kept_twice_and_counts_once(ran: Ran) -> None:
    """Away from every edge too; what the first source has, it keeps."""
    twice = ran.at.stack.query(
        "SELECT row_id FROM calls_all WHERE export = 'telnyx-both' AND NOT boundary"
        " GROUP BY row_id HAVING count(DISTINCT source) = 2"
    )
    assert twice
    once = ran.at.stack.query("SELECT row_id, source FROM calls WHERE export = 'telnyx-both'")
    kept = {row["row_id"]: row["source"] for row in once}
    assert len(kept) == len(once)
    assert {kept[row["row_id"]] for row in twice} == {"calls"}


@pytest.mark.parametrize("name", NAMES)
def test_every_row_that_the_vendor_gave_is_kept(ran: Ran, name: str) -> None:
    """`calls_all` holds as many rows as the reports together."""
    reports = ran.played[name].simulator.reports.values()
    assert _count(ran, name, "calls_all") == sum(report.build.result().tally.rows for report in reports)


def _count(ran: Ran, name: str, table: str) -> int:
    said = ran.at.stack.query(f"SELECT count(*) AS rows FROM {table} WHERE export = '{name}'")  # noqa: S608 # a name of ours
    return int(said[0]["rows"] or 0)


def test_the_run_says_that_it_is_right(ran: Ran) -> None:
    """The verdict, with every export in the table."""
    assert ran.right
    assert "every figure equals the truth" in ran.told
    assert "DIFFERS" not in ran.told
    assert all(name in ran.told for name in NAMES)


def test_each_window_is_asked_for_once(ran: Ran) -> None:
    """As many reports as windows, at every vendor."""
    for name in NAMES:
        assert len(ran.played[name].simulator.created) == sum(row.export == name for row in ran.rows)


def test_without_a_callback_the_time_out_falls_through_to_the_poll(ran: Ran) -> None:
    """No execution was answered; each ran into its time-out and went on to succeed."""
    assert not _delivered(ran, "flowroute-never")
    ends = _ends(ran, "flowroute-never")
    assert all("States.Timeout" in end and end[-1] == "ExecutionSucceeded" for end in ends), ends


def test_every_callback_is_answered_with_success(ran: Ran) -> None:
    """One that comes twice, or before the report is ready, too; one that found nobody in time was sent again."""
    reports = {name: len(ran.played[name].simulator.created) for name in FLOWROUTE}
    for name, times in {"flowroute-once": 1, "flowroute-twice": 2, "flowroute-early": 1}.items():
        until = time.monotonic() + 20
        while _delivered(ran, name).count(200) < times * reports[name] and time.monotonic() < until:
            time.sleep(0.1)
        assert _delivered(ran, name).count(200) == times * reports[name]
        assert set(_delivered(ran, name)) <= {200, 0}


def test_a_callback_wakes_the_execution(ran: Ran) -> None:
    """The next day's, at real waits: its window is done long before the first look would have been."""
    stack, before = ran.at.stack, _woken(ran, "flowroute-once")
    ran.at.clock.set(UNTIL + timedelta(days=1))
    stack.tell("CDR_REHEARSAL", ran.at.clock.setting())
    stack.cloud.scale(1.0)
    _forget(stack, "flowroute-once")
    event = json.dumps({"export": "flowroute-once"})
    stack.cloud.client("lambda").invoke(FunctionName=stack.outputs["Requester"], Payload=event)
    began = time.monotonic()
    while (row := _last(ran, "flowroute-once")).state is not Work.DONE and time.monotonic() - began < 60:
        time.sleep(0.2)
    assert row.window.start == UNTIL.replace(hour=0)
    assert row.state is Work.DONE
    assert row.looks == 0
    assert time.monotonic() - began < FACTS["flowroute"].first_wait / 2
    assert _woken(ran, "flowroute-once") == before + 1


def _forget(stack: Stack, name: str) -> None:
    """What reports took at the waits of this test, so that the first look is late again."""
    stack.cloud.client("dynamodb").update_item(
        TableName=stack.outputs["Table"], Key=items.key(name, items.HEAD), UpdateExpression="REMOVE took"
    )


def _last(ran: Ran, name: str) -> Row:
    return max((row for row in ran.at.stack.rows() if row.export == name), key=lambda row: row.window)


def _delivered(ran: Ran, name: str) -> list[int]:
    vendor = ran.played[name].simulator
    assert isinstance(vendor, Flowroute)
    return [delivery.status for delivery in vendor.callbacks]


def _woken(ran: Ran, name: str) -> int:
    """How many callbacks of the export woke somebody, by the callback Lambda's log."""
    cloud = ran.at.stack.cloud
    told = cloud.client("lambda").get_function_configuration(FunctionName=ran.at.stack.outputs["Callback"])
    lines = cloud.client("logs").filter_log_events(logGroupName=told["LoggingConfig"]["LogGroup"])["events"]
    said = [json.loads(line["message"]) for line in lines if '"message":"heard"' in line["message"]]
    return sum(one["woken"] for one in said if one["export"] == name)


def _ends(ran: Ran, name: str) -> list[list[str]]:
    """The kinds of events, of failures the error, of each execution of an export."""
    states, found = ran.at.stack.cloud.client("stepfunctions"), []
    for run in states.list_executions(stateMachineArn=ran.at.stack.outputs["Machine"])["executions"]:
        given = json.loads(states.describe_execution(executionArn=run["executionArn"])["input"])
        if given["export"] == name:
            events = states.get_execution_history(executionArn=run["executionArn"], maxResults=1000)["events"]
            found.append([event.get("taskFailedEventDetails", {}).get("error") or event["type"] for event in events])
    assert found
    return found
