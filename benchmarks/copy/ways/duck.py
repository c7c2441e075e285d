"""DuckDB: download, upload, `COPY ... TO` a Parquet file, upload; with the memory of a function of 512 MB."""

import os

import duckdb  # type: ignore[import-not-found] # it lives in the rivals' environment

from benchmarks.copy.job import MONEY, REAL, TIMES, WHOLES, fetch, job, upload

TYPES = {
    **dict.fromkeys(TIMES, "TIMESTAMP"), **dict.fromkeys(WHOLES, "BIGINT"), **dict.fromkeys(MONEY, "DECIMAL(18, 8)"),
    **dict.fromkeys(REAL, "DOUBLE"),
}  # fmt: skip


def main() -> None:
    """Types by name, the rest as text, threads as many as there are cores."""
    told = job()
    path = fetch(told)
    upload(path, told.raw)
    base = duckdb.connect()
    base.execute(f"SET memory_limit = '400MB'; SET threads = {len(os.sched_getaffinity(0))}")
    base.execute(f"SET temp_directory = '{told.scratch}'; SET preserve_insertion_order = false")
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    source = f"read_csv('{path}', header = true, delim = ',', quote = '\"', all_varchar = false, types = {{{types}}})"
    base.execute(f"COPY (SELECT * FROM {source}) TO '{told.typed}' (FORMAT parquet, COMPRESSION zstd)")  # noqa: S608 - our own paths
    upload(told.typed, "calls/calls.parquet")


if __name__ == "__main__":
    main()
