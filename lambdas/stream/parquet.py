"""The Parquet object: zstd, microseconds, data page v1, bounded row groups; the same rows make the same bytes."""

from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from lambdas.stream.table import SCHEMA

GROUP = 32_768  # rows
HEAVY = 48 << 20  # bytes of rows in memory
# Few different values: a dictionary pays. Identities, numbers and money do without.
REPEATED = [
    "source", "direction", "from_country", "to_country", "country_from", "result", "hangup_cause", "sip_reason",
    "currency", "connection_id", "billing_group", "account_id", "number_alias", "peer_ip", "route", "tags",
    "from_state", "to_state", "from_lata", "to_lata", "rate", "mos", "q850_cause", "sip_code", "extra.key_value.key",
]  # fmt: skip
# What a question narrows by: elsewhere a row group's least and greatest value cost more than they save.
NARROWED = [
    "started_at", "answered_at", "ended_at", "from_number", "to_number", "to_country", "direction", "result",
    "duration_s", "cost", "call_id",
    "source", "boundary",  # by which the view `calls` takes its parts
]  # fmt: skip
# Neighbours differ little: their differences are written.
RISING = dict.fromkeys(("started_at", "answered_at", "ended_at", "duration_s", "billed_s"), "DELTA_BINARY_PACKED")


class Parquet:
    """Collects blocks to row groups and writes them to a file-like sink."""

    def __init__(self, sink: Any) -> None:
        self._writer = pq.ParquetWriter(
            pa.PythonFile(sink, mode="w"), SCHEMA, compression="zstd", compression_level=1, version="2.6",
            data_page_version="1.0", use_dictionary=REPEATED, column_encoding=RISING, write_statistics=NARROWED,
            store_schema=False,
        )  # fmt: skip
        self._blocks: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._flush()
            self._writer.close()

    def add(self, block: pa.RecordBatch) -> None:
        """Take a block of rows in the schema of `calls_all`."""
        self._blocks.append(block)
        self._rows += block.num_rows
        self._bytes += block.nbytes
        if self._rows >= GROUP or self._bytes >= HEAVY:
            self._flush()

    def _flush(self) -> None:
        if self._blocks:
            self._writer.write_table(pa.Table.from_batches(self._blocks), row_group_size=GROUP * 2)
        self._blocks, self._rows, self._bytes = [], 0, 0
