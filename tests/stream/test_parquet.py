"""The Parquet object: what Athena reads, made the same from the same rows."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lambdas.core.columns import COLUMNS
from lambdas.stream import parquet
from lambdas.stream.parquet import NARROWED, REPEATED, RISING, Parquet
from lambdas.stream.table import SCHEMA
from tests.stream.making import texts, typer

HEADINGS = ["cdr_id", "total_cost", "start_time", "news"]


class Sink(io.BytesIO):
    """Keeps what it got when it is closed."""

    def close(self) -> None:
        pass


def block(first: int, count: int) -> pa.RecordBatch:
    lines = [
        [str(n), "0.00474784", "2026-11-19 10:00:00+00", "x" if n % 2 else ""] for n in range(first, first + count)
    ]
    return typer("flowroute", HEADINGS).block(texts(HEADINGS, *lines))


def written(*blocks: pa.RecordBatch) -> bytes:
    sink = Sink()
    with Parquet(sink) as file:
        for one in blocks:
            file.add(one)
    return sink.getvalue()


def test_the_file_s_columns_are_those_of_calls_all() -> None:
    """Names, order and types; times in microseconds, money as decimals."""
    file = pq.ParquetFile(io.BytesIO(written(block(0, 3))))
    assert file.schema_arrow.names == [column.name for column in COLUMNS]
    assert file.schema_arrow.field("started_at").type == pa.timestamp("us")
    assert file.schema_arrow.field("cost").type == pa.decimal128(18, 8)
    assert file.read().cast(SCHEMA).to_pylist() == block(0, 3).to_pylist()


def test_a_file_without_rows_is_one_that_can_be_read() -> None:
    """No calls: an object with all columns, so that the window is seen to be there."""
    file = pq.ParquetFile(io.BytesIO(written()))
    assert file.metadata.num_rows == 0 and file.schema_arrow.names == SCHEMA.names


def test_the_same_rows_make_the_same_bytes() -> None:
    """And other rows other ones."""
    assert written(block(0, 100)) == written(block(0, 100)) != written(block(1, 100))


def test_row_groups_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are collected to groups, so that memory is bounded and groups are not tiny."""
    monkeypatch.setattr(parquet, "GROUP", 100)
    file = pq.ParquetFile(io.BytesIO(written(*(block(n * 30, 30) for n in range(9)))))
    sizes = [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)]
    assert sizes == [120, 120, 30]


def test_wide_rows_make_smaller_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by bytes too."""
    monkeypatch.setattr(parquet, "HEAVY", 1)
    file = pq.ParquetFile(io.BytesIO(written(*(block(n * 30, 30) for n in range(3)))))
    assert [file.metadata.row_group(n).num_rows for n in range(file.metadata.num_row_groups)] == [30, 30, 30]


def test_it_is_compressed_and_what_repeats_is_named() -> None:
    """zstd everywhere; the columns with dictionaries are columns."""
    group = pq.ParquetFile(io.BytesIO(written(block(0, 3)))).metadata.row_group(0)
    assert {group.column(n).compression for n in range(group.num_columns)} == {"ZSTD"}
    assert {*REPEATED, *NARROWED, *RISING} <= {group.column(n).path_in_schema for n in range(group.num_columns)}


def test_a_file_that_failed_has_no_end() -> None:
    """What was begun is no Parquet file; who holds the sink throws it away."""
    sink = Sink()
    with pytest.raises(RuntimeError), Parquet(sink) as file:
        file.add(block(0, 3))
        raise RuntimeError
    assert not sink.getvalue().endswith(b"PAR1") or sink.getvalue() == b"PAR1"
