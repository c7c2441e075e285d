"""awswrangler: download, upload, pandas in chunks, each one a Parquet object by `s3.to_parquet`."""

from decimal import Decimal

import awswrangler as wr  # type: ignore[import-not-found] # it lives in the rivals' environment
import pandas as pd  # type: ignore[import-untyped] # the same

from benchmarks.copy.job import BUCKET, MONEY, fetch, job, upload
from benchmarks.copy.ways.panda import chunks


def main() -> None:
    """Decimals are objects, as awswrangler wants them."""
    told = job()
    path = fetch(told)
    upload(path, told.raw)
    for number, chunk in enumerate(chunks(path, told)):
        for name in MONEY:
            chunk[name] = [None if pd.isna(text) else Decimal(text) for text in chunk[name]]
        wr.s3.to_parquet(
            chunk, f"s3://{BUCKET}/calls/{number:05}.parquet", index=False, compression="zstd",
            dtype=dict.fromkeys(MONEY, "decimal(18,8)"),
        )  # fmt: skip


if __name__ == "__main__":
    main()
