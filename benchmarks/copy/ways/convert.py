"""The best conversion on its own: pyarrow as shared/performance.md tuned it, from a file to a file.

Its CPU, added to that of the raw copy, is what the copier's single pass is measured against.
"""

import gzip
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from benchmarks.copy.job import MONEY, REAL, TIMES, WHOLES, Job, job

GROUP = 131_072
FEW = (
    "Account id", "Direction", "Hangup cause", "Hangup code", "Route", "Connection id", "Billing group", "Tags",
    "Originating country",
)  # fmt: skip
TYPES = {
    **dict.fromkeys(TIMES, pa.timestamp("us")), **dict.fromkeys(WHOLES, pa.int64()),
    **dict.fromkeys(MONEY, pa.decimal128(18, 8)), **dict.fromkeys(REAL, pa.float64()),
}  # fmt: skip


def convert(path: Path, told: Job) -> None:
    """CSV, plain or gzip, to one Parquet file; the rest of the columns are text."""
    with gzip.open(path) if told.gzip else path.open("rb") as text:
        names = text.readline().decode().strip().split(",")
    with gzip.open(path) if told.gzip else path.open("rb") as text:
        reader = pc.open_csv(
            pa.PythonFile(text, mode="r"),
            read_options=pc.ReadOptions(block_size=1 << 20, use_threads=False),
            convert_options=pc.ConvertOptions(
                column_types={name: TYPES.get(name, pa.string()) for name in names}, null_values=[""],
                strings_can_be_null=True, quoted_strings_can_be_null=False,
            ),
        )  # fmt: skip
        _write(reader, told.typed)


def _write(reader: pc.CSVStreamingReader, path: Path) -> None:
    with pq.ParquetWriter(
        path, reader.schema, compression="zstd", compression_level=1, use_dictionary=list(FEW)
    ) as out:
        blocks: list[pa.RecordBatch] = []
        for block in reader:
            blocks.append(block)
            if sum(one.num_rows for one in blocks) >= GROUP:
                out.write_table(pa.Table.from_batches(blocks))
                blocks.clear()
        if blocks:
            out.write_table(pa.Table.from_batches(blocks))


def main() -> None:
    """The file's own path stands in for its URL."""
    told = job()
    convert(Path(urlsplit(told.url).path), told)


if __name__ == "__main__":
    main()
