"""A row's identity: the vendor's where it gives one, else the row itself and its ordinal among equals."""

import hashlib
from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.core.errors import Disagrees

MOST = 2_000_000  # rows; each takes some 150 bytes of memory


class Identity:
    """Completes the `row_id` of one report, block after block."""

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def complete(self, given: Any, batch: pa.RecordBatch) -> Any:
        """The identities given, and where there is none, `row-DIGEST-ORDINAL`."""
        if given is not None and given.null_count == 0:
            return given
        made = pa.array([self._name(row) for row in zip(*self._fields(batch), strict=True)], pa.string())
        return made if given is None else pc.coalesce(given, made)

    @staticmethod
    def _fields(batch: pa.RecordBatch) -> list[list[Any]]:
        """The fields in the order of their headings' names, so that a reordered file gives the same identities."""
        return [batch.column(heading).to_pylist() for heading in sorted(batch.schema.names)]

    def _name(self, row: tuple[Any, ...]) -> str:
        digest = hashlib.sha256("\x1f".join(field or "" for field in row).encode()).digest()[:16]
        self._seen[digest] += 1
        if len(self._seen) > MOST:
            raise Disagrees(f"too-large: over {MOST} rows without the vendor's identity; take a smaller window")
        return f"row-{digest.hex()}-{self._seen[digest]}"
