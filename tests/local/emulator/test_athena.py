"""Athena answers Trino's SQL over the files that the template's tables and views speak of."""

import datetime
import io
import time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud

OLD = pa.schema(
    [("call_id", pa.string()), ("cost", pa.decimal128(18, 6)), ("started_at", pa.timestamp("ms", tz="UTC"))]
)
NEW = OLD.append(pa.field("later", pa.int64()))
TEN = datetime.datetime(2026, 11, 20, 10, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def filled(stack: Stack) -> Stack:
    """Two days of two exports: an old file without the newest column, and files out of the projection's reach."""
    _put(stack, "calls/export=telnyx-main/dt=2026-11-20/a.parquet", OLD, [("c1", "0.000000", TEN), ("c2", "1.5", None)])
    _put(stack, "calls/export=telnyx-main/dt=2026-11-21/a.parquet", NEW, [("c3", "12.345678", TEN, 7)])
    _put(stack, "calls/export=flowroute-main/dt=2026-11-20/a.parquet", NEW, [("f1", "2", TEN, None)])
    _put(stack, "calls/export=not-listed/dt=2026-11-20/a.parquet", NEW, [("x1", "99", TEN, None)])
    _put(stack, "calls/export=telnyx-main/dt=2025-11-20/a.parquet", NEW, [("x2", "99", TEN, None)])
    _put(stack, "calls/export=telnyx-main/dt=2026-11-20/_hidden.parquet", NEW, [("x3", "99", TEN, None)])
    return stack


def test_an_empty_table_has_no_rows(stack: Stack) -> None:
    """No object yet is no error: the columns are Glue's."""
    assert stack.query("SELECT * FROM receipts") == (["rows", "verdict"], [])


def test_files_show_as_the_table_says(filled: Stack) -> None:
    """Exact decimals, milliseconds, nulls where an old file lacks a column, partitions as text; no unreached file."""
    columns, rows = filled.query("SELECT * FROM calls_all ORDER BY call_id")
    assert columns == ["call_id", "cost", "started_at", "later", "export", "dt"]
    assert rows == [
        ["c1", "0.000000", "2026-11-20 10:00:00.000", None, "telnyx-main", "2026-11-20"],
        ["c2", "1.500000", None, None, "telnyx-main", "2026-11-20"],
        ["c3", "12.345678", "2026-11-20 10:00:00.000", "7", "telnyx-main", "2026-11-21"],
        ["f1", "2.000000", "2026-11-20 10:00:00.000", None, "flowroute-main", "2026-11-20"],
    ]


def test_views_of_the_template_answer(filled: Stack) -> None:
    """A view, a view of a view, and a view inside a query; only the columns that it was written down with."""
    columns, rows = filled.query("SELECT * FROM daily WHERE export LIKE 'telnyx%' ORDER BY dt")
    assert columns == ["dt", "export", "calls", "cost"]
    assert rows == [["2026-11-20", "telnyx-main", "2", "1.500000"], ["2026-11-21", "telnyx-main", "1", "12.345678"]]
    assert filled.query("SELECT dt FROM busiest")[1] == [["2026-11-20"]]
    joined = "WITH b AS (SELECT * FROM small.busiest) SELECT count(*) FROM calls_all c JOIN b ON c.dt = b.dt"
    assert filled.query(joined) == (["_col0"], [["3"]])


def test_functions_of_trino_are_understood(filled: Stack) -> None:
    """A few that DuckDB spells otherwise or lacks."""
    text = """
        SELECT
          approx_distinct(call_id) AS n,
          date_diff('hour', min(started_at), TIMESTAMP '2026-11-20 12:00:00') h,
          arbitrary(regexp_extract(export, '^[a-z]+')) AS E,
          count_if(cost > 1) AS dear,
          count(*) * 7 / 2 AS whole,
          date_trunc('day', max(started_at)) AS day,
          try_cast('x' AS integer) AS nothing,
          max(started_at) > from_iso8601_timestamp('2026-11-20T09:00:00Z') AS after
        FROM "small"."calls_all"
        WHERE "export" = 'telnyx-main' AND date(dt) >= date '2026-11-20'"""
    columns, rows = filled.query(text)
    assert columns == ["n", "h", "e", "dear", "whole", "day", "nothing", "after"]
    assert rows == [["3", "2", "telnyx", "2", "10", "2026-11-20 00:00:00.000", None, "true"]]


def test_a_file_of_the_wrong_type_is_an_error(stack: Stack) -> None:
    """As on Athena, where a Parquet column must have the type that Glue says."""
    wrong = pa.schema({"call_id": pa.int64()})
    key = _put(stack, "calls/export=flowroute-main/dt=2026-03-03/bad.parquet", wrong, [(1,)])
    with pytest.raises(AssertionError, match=r"HIVE_BAD_DATA: small\.calls_all\.call_id is BIGINT"):
        stack.query("SELECT * FROM calls_all")
    stack.aws.client("s3").delete_object(Bucket=stack.outputs["Bucket"], Key=key)


@pytest.mark.parametrize("text", ["SELECT * FROM nowhere", "CREATE VIEW v AS SELECT 1", "SELECT 1; SELECT 2"])
def test_what_it_cannot_do_fails(stack: Stack, text: str) -> None:
    """And does not pass in silence."""
    with pytest.raises(AssertionError, match=r"TABLE_NOT_FOUND|NOT_SUPPORTED"):
        stack.query(text)


def test_a_result_lies_where_athena_says(stack: Stack) -> None:
    """As a file with everything in quotes and nothing for a null."""
    athena, place = stack.aws.client("athena"), {"Database": "small"}
    text = """SELECT 'a "b"' AS one, CAST(NULL AS varchar) AS two"""
    run = athena.start_query_execution(QueryString=text, QueryExecutionContext=place, WorkGroup="small")
    time.sleep(1)
    told = athena.get_query_execution(QueryExecutionId=run["QueryExecutionId"])["QueryExecution"]
    bucket, _, key = told["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    body = stack.aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert body == b'"one","two"\n"a ""b""",\n'


def test_lines_of_json_are_rows(stack: Stack) -> None:
    """One object a line; a key that is missing is null, one that Glue does not name is not shown."""
    body = b'{"rows": 3, "verdict": "sound", "more": 1}\n{"rows": 4}\n'
    stack.aws.client("s3").put_object(Bucket=stack.outputs["Bucket"], Key="receipts/one.json", Body=body)
    assert stack.query("SELECT * FROM receipts ORDER BY rows")[1] == [["3", "sound"], ["4", None]]


def _put(stack: Stack, key: str, schema: pa.Schema, rows: list[tuple[Any, ...]]) -> str:
    cells = [
        {name: Decimal(value) if name == "cost" else value for name, value in zip(schema.names, row, strict=True)}
        for row in rows
    ]
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(cells, schema=schema), body)
    stack.aws.client("s3").put_object(Bucket=stack.outputs["Bucket"], Key=key, Body=body.getvalue())
    return key
