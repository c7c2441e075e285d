"""Three steps: download, then upload, then convert with tuned pyarrow and upload that."""

from benchmarks.copy.job import fetch, job, upload
from benchmarks.copy.ways.convert import convert


def main() -> None:
    """One after the other, over /tmp."""
    told = job()
    path = fetch(told)
    upload(path, told.raw)
    convert(path, told)
    upload(told.typed, "calls/calls.parquet")


if __name__ == "__main__":
    main()
