"""smart_open and the standard library's csv: rows as Python values, batches as Arrow, streams for both ends."""

import csv
import gzip
import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from smart_open import open as smart  # type: ignore[import-not-found] # it lives in the rivals' environment

from benchmarks.copy.job import BUCKET, MONEY, REAL, TIMES, WHOLES, fetch, job, s3

READ: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(TIMES, datetime.fromisoformat), **dict.fromkeys(WHOLES, int), **dict.fromkeys(MONEY, Decimal),
    **dict.fromkeys(REAL, float),
}  # fmt: skip
TYPES = {
    **dict.fromkeys(TIMES, pa.timestamp("us")), **dict.fromkeys(WHOLES, pa.int64()),
    **dict.fromkeys(MONEY, pa.decimal128(18, 8)), **dict.fromkeys(REAL, pa.float64()),
}  # fmt: skip
ROWS = 50_000


def tables(text: io.TextIOBase) -> Iterator[pa.Table]:
    """The rows in typed batches."""
    rows = csv.reader(text)
    names = next(rows)
    schema = pa.schema([(name, TYPES.get(name, pa.string())) for name in names])
    while batch := list(islice(rows, ROWS)):
        columns = []
        for name, cells in zip(names, zip(*batch, strict=True), strict=True):
            read = READ.get(name, str)
            columns.append(pa.array([read(cell) if cell else None for cell in cells], schema.field(name).type))
        yield pa.Table.from_arrays(columns, schema=schema)


def main() -> None:
    """One download, then both objects as streams."""
    told = job()
    path, how = fetch(told), {"transport_params": {"client": s3()}}
    with path.open("rb") as raw, smart(f"s3://{BUCKET}/{told.raw}", "wb", compression="disable", **how) as out:
        shutil.copyfileobj(raw, out, 1 << 20)
    with (
        gzip.open(path) if told.gzip else path.open("rb") as raw,
        smart(f"s3://{BUCKET}/calls/calls.parquet", "wb", **how) as sink,
    ):
        made = tables(io.TextIOWrapper(raw, "utf-8", newline=""))
        first = next(made)
        with closing(pq.ParquetWriter(sink, first.schema, compression="zstd")) as out:
            out.write_table(first)
            for table in made:
                out.write_table(table)


if __name__ == "__main__":
    main()
