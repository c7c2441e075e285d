"""dlt: rows of the standard library's csv into a filesystem destination as Parquet, types as hints."""

import csv
import gzip
import io
import os
from collections.abc import Iterator

import dlt  # type: ignore[import-not-found] # it lives in the rivals' environment

from benchmarks.copy.job import BUCKET, MONEY, REAL, TIMES, WHOLES, Job, fetch, job, upload

HINTS = {
    **{name: {"data_type": "timestamp"} for name in TIMES},
    **{name: {"data_type": "bigint"} for name in WHOLES},
    **{name: {"data_type": "decimal", "precision": 18, "scale": 8} for name in MONEY},
    **{name: {"data_type": "double"} for name in REAL},
}


def rows(told: Job) -> Iterator[dict[str, str | None]]:
    """Rows as dlt takes them: dictionaries, an empty cell being none."""
    path = fetch(told)
    upload(path, told.raw)
    with gzip.open(path) if told.gzip else path.open("rb") as raw:
        for row in csv.DictReader(io.TextIOWrapper(raw, "utf-8", newline="")):
            yield {name: cell or None for name, cell in row.items()}


def main() -> None:
    """A pipeline of one resource; its own files stay in the job's folder."""
    told = job()
    keys = {"aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"], "region_name": os.environ["AWS_DEFAULT_REGION"]}
    keys |= {"aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"]}
    keys |= {"endpoint_url": os.environ["AWS_ENDPOINT_URL"]}
    there = dlt.destinations.filesystem(bucket_url=f"s3://{BUCKET}", credentials=keys)
    line = dlt.pipeline("copy", destination=there, dataset_name="calls", pipelines_dir=str(told.scratch))
    line.run(dlt.resource(rows(told), name="calls", columns=HINTS), loader_file_format="parquet")


if __name__ == "__main__":
    main()
