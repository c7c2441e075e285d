"""What Athena says of `calls` equals what the accounts had, however a vendor selects, writes and calls back."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from infra import questions
from infra.answers import VIEWS
from infra.questions import QUESTIONS
from lambdas.core.rows import Work
from lambdas.vendors import FACTS
from local.vendors.spoil import ADDED
from tests.local.asking import (
    LATE,
    delivered,
    ends,
    forget,
    last,
    older,
    projected,
    put,
    put_question,
    struck,
    truth_of,
    woken,
)
from tests.local.exporting import FLOWROUTE, LARGE, NAMES, ODD, TELNYX, UNTIL, WIDE, Ran, exported
from tests.local.legs import Known
from tests.local.matching import differences, ordered
from tests.local.reference import answer

pytestmark = pytest.mark.cloud  # one deploy for the whole file: `--dist loadfile`

VALUES = {"minutes": 5, "least": 1, "history": 1, "lines": 100_000}  # so that every question has an answer
# All days of the data; and in another zone one day, which has a whole one before it.
SPANS = [("UTC", date(2026, 11, 16), date(2026, 11, 21)), ("America/New_York", date(2026, 11, 19), date(2026, 11, 20))]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Exported once for all tests."""
    with exported(tmp_path_factory.mktemp("exactness")) as ran:
        yield ran


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
    assert not delivered(ran, "flowroute-never")
    ended = ends(ran, "flowroute-never")
    assert all("States.Timeout" in end and end[-1] == "ExecutionSucceeded" for end in ended), ended


def test_every_callback_is_answered_with_success(ran: Ran) -> None:
    """One that comes twice, or before the report is ready, too; one that found nobody in time was sent again."""
    reports = {name: len(ran.played[name].simulator.created) for name in FLOWROUTE}
    for name, times in {"flowroute-once": 1, "flowroute-twice": 2, "flowroute-early": 1}.items():
        until = time.monotonic() + 20
        while delivered(ran, name).count(200) < times * reports[name] and time.monotonic() < until:
            time.sleep(0.1)
        assert delivered(ran, name).count(200) == times * reports[name]
        assert set(delivered(ran, name)) <= {200, 0}


@pytest.mark.parametrize(("zone", "first", "last"), SPANS)
@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_answered_as_the_calls_say(ran: Ran, name: str, zone: str, first: date, last: date) -> None:
    """All days in UTC, and days of another zone, with others before them: every column of every row, in its order."""
    values = {key: VALUES.get(key, value) for key, value in QUESTIONS[name].values.items()}
    known = Known(ran.at.exports, ran.rows, ran.calls, first, last, zone, values={**questions.VALUES, **VALUES})
    sql, said = put_question(ran, name, known, values)
    assert not differences(said, truth_of(ran, name, known))[:3]
    assert ordered(said, sql)
    assert said or name in ("late_changes", "days_not_complete") or (name, first) == ("new_headings", SPANS[1][1])


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_is_answered_as_the_calls_say(ran: Ran, name: str) -> None:
    """`SELECT *` over everything: its columns in their order, and each row."""
    zone, first, last = SPANS[0]
    said = ran.at.stack.query(f"SELECT * FROM {name}")  # noqa: S608 # a name of ours
    assert list(said[0]) == [column.name for column in VIEWS[name]]
    known = Known(ran.at.exports, ran.rows, ran.calls, first, last, zone)
    assert not differences(said, truth_of(ran, name, known))[:3]


def test_a_question_about_days_that_are_not_complete_has_an_answer(ran: Ran) -> None:
    """An export that wants one more source than it has: each of its days is open, in `coverage` as well."""
    wider = [
        replace(one, sources=("calls", "call-control")) if one.name == "telnyx-start" else one
        for one in ran.at.exports.exports
    ]
    exports = replace(ran.at.exports, exports=tuple(wider))
    known = Known(exports, ran.rows, ran.calls, *SPANS[0][1:], values=questions.VALUES)
    for name in ("days_not_complete", "coverage"):
        said = put_question(ran, name, known, {})[1]
        assert {row["export"] for row in said if row["state"] == "open" and row["windows"] != "0"} == {"telnyx-start"}
        assert not differences(said, answer(name, known))[:3]


def test_a_question_about_shares_is_not_answered_where_calls_were_chosen_by_their_end(ran: Ran) -> None:
    """Of complete records alone the answer-seizure ratio would be 1."""
    said = ran.at.stack.query("SELECT export, asr, ner FROM calls_daily")
    assert {row["export"] for row in said if row["asr"] is None} == {"telnyx-v2"}
    assert all((row["asr"] is None) == (row["ner"] is None) for row in said)


def test_a_question_about_late_changes_is_answered_from_the_receipts(ran: Ran) -> None:
    """Of a receipt made by hand, which is gone afterwards."""
    place = "receipts/export=didww/dt=2026-11-18/late.json"
    known = Known(ran.at.exports, ran.rows, ran.calls, *SPANS[0][1:])
    with put(ran, place, json.dumps(LATE).encode()):
        (said,) = put_question(ran, "late_changes", known, {})[1]
    assert said == {
        "export": "didww", "dt": "2026-11-18", "source": "inbound", "revision": "1",
        "copied_at": "2026-11-20T06:00:00+00:00",
        "rows_change": "2", "seconds_change": "-7", "cost_change": "0.12345678",
    }  # fmt: skip


def test_an_unknown_heading_is_in_extra_and_told_by_a_question(ran: Ran) -> None:
    """Of the one report that has it, in each of its rows."""
    (day,) = struck(ran)
    said = ran.at.stack.query(
        f"SELECT dt, element_at(extra, '{ADDED}') AS added, count(*) AS rows FROM calls"  # noqa: S608 # constants
        f" WHERE export = '{ODD}' GROUP BY 1, 2 ORDER BY dt"
    )
    assert {row["dt"] for row in said if row["added"] == "x"} == {day}
    assert [row["added"] for row in said if row["dt"] != day] == [None]


def test_every_saved_question_runs(ran: Ran) -> None:
    """The workgroup has those that are no views, under their names."""
    athena, group = ran.at.stack.cloud.client("athena"), ran.at.stack.outputs["Workgroup"]
    ids = athena.list_named_queries(WorkGroup=group, MaxResults=50)["NamedQueryIds"]
    saved = [athena.get_named_query(NamedQueryId=one)["NamedQuery"] for one in ids]
    assert sorted(one["Name"] for one in saved) == sorted(set(QUESTIONS) - set(VIEWS))
    for one in saved:
        assert one["Database"] == ran.at.stack.outputs["Database"]
        ran.at.stack.query(one["QueryString"])


def test_a_walk_over_every_object_finds_it_where_its_table_looks(ran: Ran) -> None:
    """Each key fits its table's template, with an export and a day or month that the table projects."""
    for name, prefix, day in (
        ("calls_all", "calls/", "dt"),
        ("receipts", "receipts/", "dt"),
        ("windows", "ledger/", "month"),
    ):
        told, form = projected(ran, name, day)
        keys = [key for key, _ in ran.at.stack.objects(prefix)]
        found = [re.fullmatch(form, key) for key in keys]
        assert keys and all(found), [key for key, met in zip(keys, found, strict=True) if not met]
        met = [one for one in found if one]
        assert {one["export"] for one in met} == set(NAMES) == set(told["projection.export.values"].split(","))
        least = told[f"projection.{day}.range"].partition(",")[0]
        assert all(least <= one["day"] <= f"{UNTIL:%Y-%m-%d}" and len(one["day"]) == len(least) for one in met)


def test_an_older_object_is_read_beside_the_others(ran: Ran) -> None:
    """It lacks the last columns and has the others in another order: nulls, and each value in its place."""
    before = _count(ran, "didww", "calls")
    with put(ran, "calls/export=didww/dt=2026-11-18/old.parquet", older()):
        for table in ("calls_all", "calls"):
            (said,) = ran.at.stack.query(
                f"SELECT started_at, duration_s, direction, in_window, boundary, extra, dt FROM {table}"  # noqa: S608 # as above
                " WHERE row_id = 'old'"
            )
            assert list(said.values()) == ["2026-11-18 05:00:00.000", "7", "inbound", None, None, None, "2026-11-18"]
        assert _count(ran, "didww", "calls") == before + 1


def test_a_callback_wakes_the_execution(ran: Ran) -> None:
    """The next day's, at real waits: its window is done long before the first look would have been."""
    stack, before = ran.at.stack, woken(ran, "flowroute-once")
    # Not before the execution waits for it, on a slow machine too.
    ran.played["flowroute-once"].simulator.faults.add("slow", seconds=5)
    ran.at.clock.set(UNTIL + timedelta(days=1))
    stack.tell("CDR_REHEARSAL", ran.at.clock.setting())
    stack.cloud.scale(1.0)
    forget(stack, "flowroute-once")
    event = json.dumps({"export": "flowroute-once"})
    stack.cloud.client("lambda").invoke(FunctionName=stack.outputs["Requester"], Payload=event)
    began = time.monotonic()
    while (row := last(ran, "flowroute-once")).state is not Work.DONE and time.monotonic() - began < 60:
        time.sleep(0.2)
    assert row.window.start == UNTIL.replace(hour=0)
    assert row.state is Work.DONE
    assert row.looks == 0
    assert time.monotonic() - began < FACTS["flowroute"].first_wait / 2
    while (now := woken(ran, "flowroute-once")) == before and time.monotonic() - began < 60:
        time.sleep(0.2)  # its own log line may come after the copy
    assert now == before + 1


def test_it_exports_as_well_under_the_owner_s_key(ran: Ran) -> None:
    """This set was deployed with `kms_key`: the emulator keeps the key of these four, and enforces none."""
    aws, outputs = ran.at.stack.cloud, ran.at.stack.outputs
    key = aws.client("stepfunctions").describe_state_machine(stateMachineArn=outputs["Machine"])
    queue = aws.client("sqs").get_queue_attributes(QueueUrl=outputs["FailureQueue"], AttributeNames=["All"])
    group = aws.client("athena").get_work_group(WorkGroup=outputs["Workgroup"])["WorkGroup"]["Configuration"]
    logs = aws.client("logs").describe_log_groups()["logGroups"]
    arn = key["encryptionConfiguration"]["kmsKeyId"]
    assert arn in [one["KeyArn"] for one in aws.client("kms").list_keys()["Keys"]]
    assert queue["Attributes"]["KmsMasterKeyId"] == arn
    assert group["ResultConfiguration"]["EncryptionConfiguration"] == {"EncryptionOption": "SSE_KMS", "KmsKey": arn}
    assert arn in {one.get("kmsKeyId") for one in logs}
