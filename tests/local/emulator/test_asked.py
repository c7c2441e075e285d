"""What Athena says of a query besides its rows: bytes scanned, the limit on them, types, and that it was stopped."""

import datetime
import io
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud

ROWS, GROUP = 60_000, 6_000
FOOTER = 16_384  # what DuckDB reads of a file's end, and twice of the first one's
DAYS = ("2026-05-01", "2026-05-02")
ENDLESS = """
    SELECT count(*) FROM UNNEST(sequence(1, 100000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 100000)) AS b(y)
    WHERE x * y % 7 = 3"""


@pytest.fixture(scope="module")
def sizes(stack: Stack) -> Iterator[dict[str, int]]:
    """Two days of many calls, gone afterwards; the bytes of each column's chunks in one of the two files."""
    s3, bucket = stack.aws.client("s3"), stack.outputs["Bucket"]
    keys = [f"calls/export=telnyx-main/dt={day}/many.parquet" for day in DAYS]
    for day, key in zip(DAYS, keys, strict=True):
        body = _file(datetime.date.fromisoformat(day))
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    yield _chunks(body)
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)


def _file(day: datetime.date) -> bytes:
    began = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "call_id": [f"{number * 7919 % 1_000_003:x}" for number in range(ROWS)],
            "cost": pa.array([Decimal(number * 31 % 9973) / 1000 for number in range(ROWS)], pa.decimal128(18, 6)),
            "started_at": pa.array(
                [began + datetime.timedelta(seconds=number) for number in range(ROWS)], pa.timestamp("us", tz="UTC")
            ),
            "later": [number * number % 99_991 for number in range(ROWS)],
        }
    )
    body = io.BytesIO()
    pq.write_table(table, body, row_group_size=GROUP)
    return body.getvalue()


def _chunks(body: bytes) -> dict[str, int]:
    told, found = pq.read_metadata(io.BytesIO(body)), dict[str, int]()
    for group in range(told.num_row_groups):
        for number in range(told.num_columns):
            chunk = told.row_group(group).column(number)
            found[chunk.path_in_schema] = found.get(chunk.path_in_schema, 0) + chunk.total_compressed_size
    return found


def test_the_bytes_scanned_are_those_of_the_columns_read(stack: Stack, sizes: dict[str, int]) -> None:
    """One column of both files, and their footers; a count reads footers alone, and asking again costs the same."""
    one = _scanned(stack, "SELECT sum(later) FROM calls_all WHERE dt LIKE '2026-05-%'")
    assert 0 <= one - 2 * sizes["later"] <= 5 * FOOTER
    two = _scanned(stack, "SELECT sum(later), max(cost) FROM calls_all WHERE dt LIKE '2026-05-%'")
    assert abs(two - one - 2 * sizes["cost"]) < FOOTER
    assert _scanned(stack, "SELECT count(*) FROM calls_all WHERE dt LIKE '2026-05-%'") <= 5 * FOOTER
    assert _scanned(stack, "SELECT sum(later) FROM calls_all WHERE dt LIKE '2026-05-%'") == one


@pytest.mark.parametrize(
    "which",
    [
        "dt = '2026-05-01'",
        "dt BETWEEN '2026-05-01' AND CAST(CAST(date_add('day', -1, DATE '2026-05-02') AS date) AS varchar)",
        "dt < CAST(DATE '2026-05-01' + INTERVAL '1' DAY AS varchar) AND dt > CAST(date('2026-04-30') AS varchar)",
        "CAST(dt AS date) < DATE '2026-05-02' AND date(dt) <= current_date",
        "dt < '2026-05-02' AND dt <= CAST(current_date AS varchar) AND export = 'telnyx-main'",
    ],
)
def test_a_day_that_is_not_asked_for_costs_nothing(stack: Stack, sizes: dict[str, int], which: str) -> None:
    """Neither its columns nor its footer, with a constant or what comes to one."""
    scanned = _scanned(stack, f"SELECT sum(later) FROM calls_all WHERE {which}")  # noqa: S608  # the test's own
    assert abs(scanned - sizes["later"]) <= 2 * FOOTER


def test_partitions_are_pruned_through_views(stack: Stack, sizes: dict[str, int]) -> None:
    """A view of the catalogue that groups by `dt`."""
    both = _scanned(stack, "SELECT sum(cost) FROM daily WHERE dt IN ('2026-05-01', '2026-05-02')")
    one = _scanned(stack, "SELECT sum(cost) FROM daily WHERE dt = '2026-05-02'")
    assert abs(both - one - sizes["cost"]) <= 2 * FOOTER


def test_row_groups_are_pruned_by_their_statistics(stack: Stack, sizes: dict[str, int]) -> None:
    """An hour of the day lies in one of ten row groups; DuckDB looks into a neighbour."""
    text = "SELECT sum(later) FROM calls_all WHERE dt = '2026-05-01' AND started_at < TIMESTAMP '2026-05-01 01:00:00'"
    every = sizes["later"] + sizes["started_at"]
    assert _scanned(stack, text) < every / 5 + 2 * FOOTER


def test_what_is_named_twice_is_read_twice(stack: Stack, sizes: dict[str, int]) -> None:
    """Trino puts a WITH clause in wherever it is named."""
    text = """
        WITH days AS (SELECT dt, sum(later) AS n FROM calls_all WHERE dt = '2026-05-01' GROUP BY dt)
        SELECT count(*) FROM days AS a JOIN days AS b ON a.n = b.n"""
    assert abs(_scanned(stack, text) - 2 * sizes["later"]) <= 4 * FOOTER


def test_the_limit_ends_a_query_without_a_result(stack: Stack, sizes: dict[str, int]) -> None:
    """CANCELLED, in Athena's words; one that stays below it succeeds in the same workgroup."""
    assert sizes["later"] < 450_000 < 2 * sum(sizes.values())
    told = _ended(stack, "SELECT * FROM calls_all WHERE dt LIKE '2026-05-%'", "tight")
    assert told["Status"]["State"] == "CANCELLED"
    assert told["Status"]["StateChangeReason"] == "Bytes scanned limit was exceeded"
    assert told["Statistics"]["DataScannedInBytes"] == 500_000
    athena = stack.aws.client("athena")
    with pytest.raises(athena.exceptions.InvalidRequestException, match="CANCELLED"):
        athena.get_query_results(QueryExecutionId=told["QueryExecutionId"])
    text = "SELECT sum(later) FROM calls_all WHERE dt = '2026-05-01'"
    assert _ended(stack, text, "tight")["Status"]["State"] == "SUCCEEDED"


def test_a_running_query_can_be_stopped(stack: Stack) -> None:
    """It tells its time while it runs, and ends for good when it is stopped: its thread, too."""
    athena = stack.aws.client("athena")
    run = _begin(stack, ENDLESS, "small")
    time.sleep(0.5)
    told = athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]
    assert told["Status"]["State"] == "RUNNING"
    assert told["Statistics"]["EngineExecutionTimeInMillis"] > 0
    athena.stop_query_execution(QueryExecutionId=run)
    time.sleep(0.5)
    told = athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]
    assert told["Status"]["State"] == "CANCELLED"
    took = told["Statistics"]["EngineExecutionTimeInMillis"]
    time.sleep(0.5)
    later = athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]["Statistics"]
    assert later["EngineExecutionTimeInMillis"] == took < 3000


def test_types_are_told_in_athena_s_words(stack: Stack) -> None:
    """With the precision and scale of each decimal; the sum of bigints is a bigint."""
    text = """
        SELECT 'a' AS a, BIGINT '1' AS b, 1 AS c, CAST(1 AS smallint) AS d, 0.5e0 AS e, true AS f,
          DATE '2026-05-01' AS g, TIMESTAMP '2026-05-01 10:00:00' AS h, sum(CAST(1.5 AS decimal(18,8))) AS i,
          ARRAY[1] AS j,
          map(ARRAY['a'], ARRAY['b']) AS k, CAST(ROW(1) AS ROW(x integer)) AS l, sum(BIGINT '2') AS m,
          CAST(NULL AS decimal(18,8)) AS n, from_iso8601_timestamp('2026-05-01T10:00:00Z') AS o"""
    run = _ended(stack, text)["QueryExecutionId"]
    answer = stack.aws.client("athena").get_query_results(QueryExecutionId=run)["ResultSet"]
    told = [one["Type"] for one in answer["ResultSetMetadata"]["ColumnInfo"]]
    assert told == [
        "varchar", "bigint", "integer", "smallint", "double", "boolean", "date", "timestamp", "decimal", "array",
        "map", "row", "bigint", "decimal", "timestamp with time zone",
    ]  # fmt: skip
    digits = [(one["Precision"], one["Scale"]) for one in answer["ResultSetMetadata"]["ColumnInfo"]]
    assert [digits[place] for place in (1, 2, 8, 13)] == [(19, 0), (10, 0), (38, 8), (18, 8)]
    assert [cell.get("VarCharValue") for cell in answer["Rows"][1]["Data"]] == [
        "a", "1", "1", "1", "0.5", "true", "2026-05-01", "2026-05-01 10:00:00.000", "1.50000000", "[1]", "{a=b}",
        "{x=1}", "2", None, "2026-05-01 10:00:00.000 UTC",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("0.5e0", "0.5"), ("1e-5", "1.0E-5"), ("12340000e0", "1.234E7"), ("9999999e0", "9999999.0"), ("1e7", "1.0E7"),
        ("0e0", "0.0"), ("-1e-3", "-0.001"), ("1e0 / 3", "0.3333333333333333"), ("1.5e300", "1.5E300"),
        ("CAST('NaN' AS double)", "NaN"), ("CAST('-Infinity' AS double)", "-Infinity"),
    ],
)  # fmt: skip
def test_doubles_are_written_as_java_writes_them(stack: Stack, given: str, told: str) -> None:
    """With an exponent below a thousandth and from ten million on."""
    assert stack.query(f"SELECT {given}")[1] == [[told]]


def _begin(stack: Stack, text: str, group: str) -> str:
    place = {"QueryExecutionContext": {"Database": "small"}, "WorkGroup": group}
    run: str = stack.aws.client("athena").start_query_execution(QueryString=text, **place)["QueryExecutionId"]
    return run


def _ended(stack: Stack, text: str, group: str = "small") -> dict[str, Any]:
    run, athena = _begin(stack, text, group), stack.aws.client("athena")
    while True:
        told: dict[str, Any] = athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]
        if told["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return told
        time.sleep(0.02)


def _scanned(stack: Stack, text: str) -> int:
    told = _ended(stack, text)
    assert told["Status"]["State"] == "SUCCEEDED", told["Status"]["StateChangeReason"]
    return int(told["Statistics"]["DataScannedInBytes"])
