"""requests and pandas: download, upload, `read_csv` in chunks, each cast and handed to a `ParquetWriter`, upload."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped] # it lives in the rivals' environment
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.copy.job import MONEY, REAL, TIMES, WHOLES, Job, fetch, job, upload

ROWS = 100_000


def chunks(path: Path, told: Job) -> Iterator[Any]:
    """The file's rows, with types that pandas has; money stays text."""
    kinds = {**dict.fromkeys(WHOLES, "Int64"), **dict.fromkeys(REAL, "float64")}
    names = pd.read_csv(path, nrows=0).columns
    types = {name: kinds.get(name, "str") for name in names if name not in TIMES}
    packed = "gzip" if told.gzip else None
    for chunk in pd.read_csv(
        path, chunksize=ROWS, dtype=types, keep_default_na=False, na_values=[""], compression=packed
    ):
        for name in TIMES:
            chunk[name] = pd.to_datetime(chunk[name], format="%Y-%m-%d %H:%M:%S", utc=True)
        yield chunk


def typed(chunk: Any) -> pa.Table:
    """Decimals are made by Arrow: in pandas each would be an object."""
    table = pa.Table.from_pandas(chunk, preserve_index=False)
    for name in MONEY:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table.column(name).cast(pa.string()).cast(pa.decimal128(18, 8)))
    for name in TIMES:
        place = table.column_names.index(name)
        table = table.set_column(place, name, table.column(name).cast(pa.timestamp("us", "UTC")))
    return table


def main() -> None:
    """Chunk by chunk, so that it fits a function."""
    told = job()
    path = fetch(told)
    upload(path, told.raw)
    tables = map(typed, chunks(path, told))
    first = next(tables)
    with closing(pq.ParquetWriter(told.typed, first.schema, compression="zstd")) as out:
        out.write_table(first)
        for table in tables:
            out.write_table(table.cast(first.schema))
    upload(told.typed, "calls/calls.parquet")


if __name__ == "__main__":
    main()
