"""The requester against simulated vendors: windows planned, each asked once, whatever happens in between."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from lambdas.core.exports import parse
from lambdas.core.rows import Row, Work, move
from lambdas.vendors import FACTS
from local.vendors.telnyx import Telnyx
from tests.world import NOW, REGION, SECRETS, Clock, World, world

TEXT = """
[[export]]
name = "t"
vendor = "telnyx"
start = "-3d"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
{1}
"""
SOURCES = ("calls", "call-control", "fax-api", "webrtc")
NEWEST = datetime(2026, 11, 19, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """It stands at noon of the 20th."""
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Telnyx]:
    """A Telnyx of few calls."""
    with Telnyx(3, "requester", clock=clock, per_day=20) as one:
        yield one


def creates(vendor: Telnyx) -> int:
    """How many reports the vendor was asked for, accepted or not."""
    return sum(one.method == "POST" for one in vendor.requests)


def test_a_first_tick_plans_everything_and_asks_for_the_newest(vendor: Telnyx, clock: Clock) -> None:
    """Three days of two sources are six rows; four places are taken, the newest day's first."""
    with world(TEXT.format(vendor, ""), clock) as at:
        at.tick("t")
        states = {(row.window.start, row.window.source): row.state for row in at.rows("t")}
        assert len(states) == 6
        assert [states[NEWEST, source] for source in ("calls", "call-control")] == [Work.ASKED, Work.ASKED]
        assert sum(state is Work.ASKED for state in states.values()) == 4 == len(vendor.created)


def test_every_report_is_asked_once_however_often_it_ticks(vendor: Telnyx, clock: Clock) -> None:
    """Ticks between, during and after change nothing."""
    with world(TEXT.format(vendor, ""), clock) as at:
        for _ in range(3):
            at.tick("t")
        at.run()
        for _ in range(3):
            at.tick("t")
        assert {row.state for row in at.rows("t")} == {Work.DONE}
        assert creates(vendor) == 6 == len({one.body["report_name"] for one in vendor.created})


def test_an_empty_secret_is_waited_for_quietly(vendor: Telnyx, clock: Clock) -> None:
    """The head says which secret to fill in; once that is done the next tick asks."""
    with world(TEXT.format(vendor, ""), clock, filled=False) as at:
        at.tick("t")
        assert at.ledger.head("t").blocked == "waiting for the key: fill in the secret cdr/dev/t"
        assert not vendor.requests
        at.vault._client.put_secret_value(SecretId="cdr/dev/t", SecretString=SECRETS["telnyx"])
        at.tick("t")
        assert len(vendor.created) == 4
        assert at.ledger.head("t").blocked is None


def test_a_refused_key_blocks_the_export_and_uses_up_nothing(vendor: Telnyx, clock: Clock) -> None:
    """The reason is told, nobody is asked before the rest is over, then it goes on with the first attempt."""
    with world(TEXT.format(vendor, ""), clock) as at:
        vendor.faults.add("unauthorized")
        at.tick("t")
        head = at.ledger.head("t")
        assert head.blocked is not None and "401" in head.blocked and "key" in head.blocked
        at.tick("t")
        assert creates(vendor) == 1
        clock.turn(minutes=16)
        at.tick("t")
        at.run()
        assert {(row.state, row.attempt) for row in at.rows("t")} == {(Work.DONE, 1)}
        assert at.ledger.head("t").blocked is None


def test_a_lost_answer_is_adopted_and_not_asked_again(vendor: Telnyx, clock: Clock) -> None:
    """The vendor took the request and the line dropped: its list is searched for the tag, after a while."""
    with world(TEXT.format(vendor, 'options = { source = "calls" }'), clock) as at:
        vendor.faults.add("dropped")
        at.tick("t")
        assert at.row("t", NEWEST).state is Work.ASKING
        clock.turn(seconds=60)
        at.tick("t")
        assert at.row("t", NEWEST).state is Work.ASKING
        clock.turn(minutes=6)
        at.tick("t")
        at.run()
        assert {row.state for row in at.rows("t")} == {Work.DONE}
        assert len(vendor.created) == 3


def test_what_never_arrived_is_asked_anew_after_two_searches(vendor: Telnyx, clock: Clock) -> None:
    """A 500 may or may not have created something: only the list, searched twice after its grace, says not."""
    with world(TEXT.format(vendor, 'options = { source = "calls" }'), clock) as at:
        vendor.faults.add("broken")
        at.tick("t")
        assert at.row("t", NEWEST).state is Work.ASKING
        for _ in range(8):
            clock.turn(minutes=5)
            at.tick("t")
        row = at.row("t", NEWEST)
        assert (row.state, row.attempt) == (Work.ASKED, 2)
        assert at.executions.started[-1][1]["attempt"] in (1, 2)


def test_too_many_requests_are_asked_again_when_the_vendor_says(vendor: Telnyx, clock: Clock) -> None:
    """A 429 created nothing: no search, no attempt used up, only the rest that the vendor asked for."""
    with world(TEXT.format(vendor, ""), clock) as at:
        vendor.faults.add("throttled")
        at.tick("t")
        assert {row.state for row in at.rows("t")} == {Work.PLANNED}
        assert at.ledger.head("t").next_try == NOW + timedelta(seconds=2)
        clock.turn(seconds=2)
        at.tick("t")
        assert len(vendor.created) == 4
        assert {row.attempt for row in at.rows("t")} == {1}


def test_an_unreachable_vendor_is_told_and_asked_again_later(vendor: Telnyx, clock: Clock) -> None:
    """No connection, so nothing arrived: the rows are as they were."""
    text = TEXT.format(vendor, "").replace(vendor.base_url, "http://127.0.0.1:9")
    with world(text, clock) as at:
        at.tick("t")
        assert {row.state for row in at.rows("t")} == {Work.PLANNED}
        assert at.ledger.head("t").blocked == "telnyx: create: not reachable (ConnectionError)"


def test_who_rings_during_a_round_gets_another(vendor: Telnyx, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """An execution that ends while a tick is at work must not wait for the schedule."""
    with world(TEXT.format(vendor, ""), clock) as at:
        rounds, due = list[int](), at.ledger.due

        def during(export: str, until: datetime) -> list[Row]:
            rounds.append(1)
            if len(rounds) == 1:
                assert at.ledger.take("t", "other", NOW, NOW + timedelta(minutes=2)) is None
            return due(export, until)

        monkeypatch.setattr(at.ledger, "due", during)
        at.tick("t")
        assert len(rounds) == 2
        assert at.ledger.head("t").lease is None


def test_a_tick_that_fails_gives_its_lease_back(vendor: Telnyx, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one need not wait for the lease's end."""
    with world(TEXT.format(vendor, ""), clock) as at, monkeypatch.context() as patched:

        def broken(*_: object) -> list[Row]:
            raise ConnectionError

        patched.setattr(at.ledger, "due", broken)
        with pytest.raises(ConnectionError):
            at.tick("t")
        patched.undo()
        at.tick("t")
        assert len(vendor.created) == 4


def test_copies_that_keep_dying_are_put_aside(vendor: Telnyx, clock: Clock) -> None:
    """Three that never came to an end: the report is too large for us, which the operator is told."""
    with world(TEXT.format(vendor, 'options = { source = "calls" }'), clock) as at:
        at.tick("t")
        for _ in range(3):
            row = at.row("t", NEWEST)
            at.ledger.apply(row, move(row, "lease", due_at=at.now() + timedelta(minutes=16)))
            clock.turn(minutes=17)
            at.tick("t")
        row = at.row("t", NEWEST)
        assert row.state is Work.QUARANTINED
        assert row.reason is not None and row.reason.startswith("too-large")
        assert row.due_at is not None


def test_a_tick_that_finds_another_at_work_only_rings(vendor: Telnyx, clock: Clock) -> None:
    """The lease is held, so nothing is asked; and the holder cannot release without looking again."""
    with world(TEXT.format(vendor, ""), clock) as at:
        head = at.ledger.take("t", "other", NOW, NOW + timedelta(minutes=2))
        assert head is not None
        at.tick("t")
        assert not vendor.requests
        assert not at.ledger.release(head)
        assert at.ledger.release(at.ledger.head("t"))


@pytest.mark.parametrize("state", ["paused", "retired"])
def test_what_is_not_active_asks_nothing(vendor: Telnyx, clock: Clock, state: str) -> None:
    """Neither a paused nor a retired export has a request made."""
    with world(TEXT.format(vendor, f'state = "{state}"'), clock) as at:
        at.tick("t")
        assert not vendor.requests
        assert not at.rows("t")


def test_an_outage_does_not_hold_back_what_needs_no_vendor(vendor: Telnyx, clock: Clock) -> None:
    """While the list cannot be searched, an overdue run of another window is taken over all the same."""
    with world(TEXT.format(vendor, ""), clock) as at:
        vendor.faults.add("dropped")
        at.tick("t")
        clock.turn(minutes=6)
        at.tick("t")
        at.executions.started.clear()
        clock.turn(minutes=30)
        vendor.faults.add("broken", 10)
        at.tick("t")
        assert {told["run"] for _, told in at.executions.started} == {2}


def test_an_execution_that_never_started_is_taken_over(vendor: Telnyx, clock: Clock) -> None:
    """The run is overdue, so the next one starts, under a name of its own, for the same report."""
    with world(TEXT.format(vendor, ""), clock) as at:
        at.tick("t")
        at.executions.started.clear()
        clock.turn(minutes=30)
        at.tick("t")
        assert {told["run"] for _, told in at.executions.started} == {2}
        at.run()
        assert {row.state for row in at.rows("t")} == {Work.DONE}
        assert len(vendor.created) == 6


def test_nothing_that_is_due_after_a_rehearsals_end_is_planned(vendor: Telnyx, clock: Clock) -> None:
    """`until` bounds the windows though the clock goes on."""
    with world(TEXT.format(vendor, ""), clock) as at:
        at.settings.env["CDR_REHEARSAL"] = "2026-11-18T02:00:00+00:00@2026-11-18T02:00:00+00:00"  # type: ignore[index] # it is a dict
        at.tick("t")
        assert max(row.window.end for row in at.rows("t")) == datetime(2026, 11, 18, tzinfo=UTC)


@pytest.mark.parametrize("status", [403, 422])
def test_a_source_that_the_account_may_not_use_holds_back_no_other(clock: Clock, status: int) -> None:
    """V2 has four: two are refused at every asking, and the others are exported all the same, the backlog too."""
    refused = {"fax-api": status, "webrtc": status}
    with (
        Telnyx(3, "requester", clock=clock, per_day=20, api="v2", barred=refused) as vendor,
        world(TEXT.format(vendor, 'api = "v2"\nreexport = []').replace("-3d", "-8d"), clock) as at,
    ):
        for _ in range(16):
            at.tick("t")
            at.run()
            clock.turn(minutes=15)
        states = {source: {row.state for row in at.rows("t") if row.window.source == source} for source in SOURCES}
        assert states["calls"] == states["call-control"] == {Work.DONE}
        assert Work.DONE not in states["fax-api"] | states["webrtc"]
        told = {row.reason for row in at.rows("t") if row.window.source in refused and row.reason}
        assert told and all(f"telnyx: create: HTTP {status} (source: " in reason for reason in told)
        assert all(one.status in (200, status) for one in vendor.requests)


@pytest.mark.parametrize("fault", ["broken", "forbidden", "page"])
def test_a_list_that_cannot_be_read_does_not_hold_back_the_asking(vendor: Telnyx, clock: Clock, fault: str) -> None:
    """The row in doubt keeps its place and is searched for now and then; the others are exported."""
    with world(TEXT.format(vendor, 'options = { source = "calls" }\nreexport = []'), clock) as at:
        vendor.faults.add("dropped")
        vendor.faults.add(fault, 999, on="list")
        for _ in range(12):
            at.tick("t")
            at.run()
            clock.turn(minutes=15)
        states = sorted(row.state for row in at.rows("t"))
        assert states == [Work.ASKING, Work.DONE, Work.DONE]
        vendor.faults.clear()
        at.quiet()
        assert {row.state for row in at.rows("t")} == {Work.DONE}
        assert len(vendor.created) == 3


def figures(told: str) -> list[dict[str, float]]:
    """The metrics of each tick, as CloudWatch finds them in the log."""
    lines = [json.loads(line) for line in told.splitlines() if line.startswith('{"_aws"')]
    return [{one: value[0] for one, value in line.items() if isinstance(value, list)} for line in lines]


def test_every_tick_tells_how_late_the_export_is(
    vendor: Telnyx, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """How long a window waits, what somebody must look at, and how long until the vendor forgets: three."""
    with world(TEXT.format(vendor, 'options = { source = "calls" }'), clock) as at:
        at.tick("t")
        clock.turn(hours=1)
        at.tick("t")
        first, late = figures(capsys.readouterr().out)
        left = 30 * 24 - 3.5 * 24
        assert first == {"Lag": 0, "Aside": 0, "HoursToLoss": left}
        assert late == {"Lag": 3600, "Aside": 0, "HoursToLoss": left - 1}
        at.run()
        capsys.readouterr()
        at.tick("t")
        assert figures(capsys.readouterr().out) == [{"Lag": 0, "Aside": 0}]


def lines(at: World, message: str) -> list[dict[str, Any]]:
    """The lines of the log with that message."""
    told = [json.loads(line) for line in at.emitted.text.splitlines() if line.startswith('{"level"')]
    return [line for line in told if line["message"] == message]


def test_the_line_of_a_tick_tells_what_waits_and_why(vendor: Telnyx, clock: Clock) -> None:
    """By state, as it is after the tick; the oldest deadline, and whether the vendor is asked."""
    with world(TEXT.format(vendor, 'options = { source = "calls" }\nmax_in_flight = 2'), clock) as at:
        at.tick("t")
        clock.turn(hours=1)
        vendor.faults.add("unauthorized")
        at.tick("t")
        first, late = lines(at, "tick")
        assert [first[one] for one in ("open", "planned", "asked", "copying", "lost", "lag")] == [3, 1, 2, 0, 0, 0]
        assert not first["blocked"] and first["deadline"] == "2026-11-20T12:11:00+00:00"
        assert late["lag"] == 3600 and 0 < late["overdue"] < 3600 and late["hours_to_loss"] == 30 * 24 - 3.5 * 24 - 1


def test_a_key_that_is_refused_again_is_counted(
    vendor: Telnyx, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not the first time, which may pass by itself, and not while a report of the copier alone is waited for."""
    with world(TEXT.format(vendor, ""), clock) as at:
        vendor.faults.add("unauthorized", times=99)
        at.tick("t")
        assert not [one for one in figures(capsys.readouterr().out) if "Refused" in one]
        clock.turn(minutes=5)
        at.tick("t")  # it rests
        assert not [one for one in figures(capsys.readouterr().out) if "Refused" in one]
        clock.turn(minutes=11)
        at.tick("t")
        told = capsys.readouterr().out
        assert {"Refused": 1} in figures(told)
        whole = next(json.loads(line) for line in told.splitlines() if '"Refused"' in line and line.startswith("{"))
        assert whole["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]


def test_a_key_that_is_gone_rings(vendor: Telnyx, clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    """Quiet is only who never had one: afterwards all figures are told, and each try counts as a refusal."""
    with world(TEXT.format(vendor, 'options = { source = "calls" }'), clock) as at:
        at.tick("t")
        assert at.ledger.head("t").keyed
        boto3.client("secretsmanager", REGION).delete_secret(SecretId="cdr/dev/t", ForceDeleteWithoutRecovery=True)
        capsys.readouterr()
        for _ in range(2):
            clock.turn(minutes=16)
            at.tick("t")
        head, told = at.ledger.head("t"), figures(capsys.readouterr().out)
        assert head.refused and head.blocked == "waiting for the key: fill in the secret cdr/dev/t"
        assert [one["Lag"] for one in told if "Lag" in one] == [960, 1920]
        assert {"Refused": 1} in told and all("HoursToLoss" in one for one in told if "Lag" in one)


@pytest.mark.parametrize("state", ["paused", "retired", "active"])
def test_nothing_is_told_of_what_nobody_expects(
    vendor: Telnyx, clock: Clock, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    """Of an export that rests; and of one whose key is not there yet, only that it is alive."""
    with world(TEXT.format(vendor, f'state = "{state}"'), clock, filled=state != "active") as at:
        at.tick("t")
        at.tick("t")
        assert figures(capsys.readouterr().out) == ([{"Lag": 0}] * 2 if state == "active" else [])


def test_a_retired_export_finishes_what_runs_and_closes_what_is_open(vendor: Telnyx, clock: Clock) -> None:
    """What was asked for is copied; what was not is closed, with the reason; and then nothing is due any more."""
    with world(TEXT.format(vendor, ""), clock) as at:
        at.tick("t")
        at.__dict__["exports"] = parse(TEXT.format(vendor, 'state = "retired"'), "dev", FACTS)
        at.tick("t")
        at.run()
        at.tick("t")
        ended = [(row.state, row.reason, row.due_at) for row in at.rows("t") if not row.published]
        assert ended == [(Work.UNREACHABLE, "the export is retired", None)] * 2
        assert [row.state for row in at.rows("t") if row.published] == [Work.DONE] * 4
        clock.turn(days=2)
        at.tick("t")
        clock.turn(days=7)
        at.tick("t")
        rest = [row for row in at.rows("t") if row.published]
        assert {(row.due_at, row.revision, row.reason) for row in rest} == {(None, 0, "the export is retired")}
        assert len(vendor.created) == 4


def test_a_paused_export_finishes_what_it_asked_for(vendor: Telnyx, clock: Clock) -> None:
    """An execution that died is taken over; nothing new is asked until it is active again."""
    with world(TEXT.format(vendor, ""), clock) as at:
        at.tick("t")
        at.executions.started.clear()
        at.__dict__["exports"] = parse(TEXT.format(vendor, 'state = "paused"'), "dev", FACTS)
        clock.turn(minutes=30)
        at.tick("t")
        at.run()
        assert sorted(row.state for row in at.rows("t")) == [Work.DONE] * 4 + [Work.PLANNED] * 2
        assert len(vendor.created) == 4


def test_a_tick_that_outlasts_its_lease_leaves_the_rest_to_the_next(
    vendor: Telnyx, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head is the other's by then; what is written of rows is fenced by themselves."""
    with world(TEXT.format(vendor, ""), clock) as at:
        add = at.ledger.add

        def slow(rows: Any) -> Any:
            made = add(rows)
            clock.turn(minutes=5)
            assert at.ledger.take("t", "other", clock(), clock() + timedelta(minutes=5))
            return made

        monkeypatch.setattr(at.ledger, "add", slow)
        at.tick("t")
        assert at.ledger.head("t").lease == "other"
        assert creates(vendor) == 0
