"""Polars: download, upload, `scan_csv` streamed into `sink_parquet`, upload."""

import polars as pl  # type: ignore[import-not-found] # it lives in the rivals' environment

from benchmarks.copy.job import MONEY, REAL, TIMES, WHOLES, fetch, job, upload


def main() -> None:
    """Everything is read as text and cast, so that money never is a float."""
    told = job()
    path = fetch(told)
    upload(path, told.raw)
    typed = pl.scan_csv(path, infer_schema=False).with_columns(
        pl.col(TIMES).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", time_zone="UTC"),
        pl.col(WHOLES).cast(pl.Int64),
        pl.col(MONEY).cast(pl.Decimal(18, 8)),
        pl.col(REAL).cast(pl.Float64),
    )
    typed.sink_parquet(told.typed, compression="zstd")
    upload(told.typed, "calls/calls.parquet")


if __name__ == "__main__":
    main()
