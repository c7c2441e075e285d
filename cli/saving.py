"""A whole answer as a file, streamed from where Athena has put it: its own CSV as it lies, or Parquet made of it."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from cli.answers import Column, distinct
from cli.appearing import Sink, appearing
from cli.stack import Place
from cli.wrong import Wrong

CSV, PARQUET = ".csv", ".parquet"
PIECE = 1 << 20
BLOCK = 4 << 20  # bytes of text taken at a time: a row is no longer; pyarrow reads some thirty ahead
TYPES = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def save(place: Place, result: str, columns: list[Column], path: Path) -> None:
    """The result, which lies at `s3://BUCKET/KEY`, as the file's ending says."""
    if path.suffix == PARQUET:
        distinct(columns)
    bucket, _, key = result.removeprefix("s3://").partition("/")
    body = place.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
    with appearing(path) as file:
        if path.suffix == PARQUET:
            _parquet(body, columns, file, path.name)
        else:
            for piece in body.iter_chunks(PIECE):
                file.write(piece)


def _parquet(body: Any, columns: list[Column], file: Sink, name: str) -> None:
    schema = pa.schema([(one.name, typed(one)) for one in columns])
    try:
        blocks = _blocks(body, schema)
        with pq.ParquetWriter(file, schema, compression="zstd") as parquet:
            for block in blocks:
                parquet.write_batch(pa.RecordBatch.from_arrays(block.columns, schema=schema))
    except pa.ArrowInvalid:  # its text may hold values
        raise Wrong(
            f"{name}: a value is not of its type, or a row has over {BLOCK >> 20} MiB: write it as {CSV}"
        ) from None


def _blocks(body: Any, schema: Any) -> Any:
    """Athena quotes every value but a null, so that an empty text is one."""
    names = [str(place) for place in range(len(schema))]  # those of the file may be anything
    return pyarrow.csv.open_csv(
        pa.PythonFile(body, mode="r"),
        pyarrow.csv.ReadOptions(column_names=names, skip_rows_after_names=1, block_size=BLOCK),
        # An empty line is a row too: a null in the only column.
        pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        pyarrow.csv.ConvertOptions(
            column_types=dict(zip(names, schema.types, strict=True)), null_values=[""],
            strings_can_be_null=True, quoted_strings_can_be_null=False,
        ),
    )  # fmt: skip


def typed(column: Column) -> Any:
    """The type in the file. What has no equal there stays the text that Athena writes, so that nothing is lost."""
    if column.type == "decimal" and column.precision:
        return pa.decimal128(column.precision, column.scale)
    return TYPES.get(column.type, pa.string())
