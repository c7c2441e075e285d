"""A row's identity: the vendor's where it gives one, else the row itself and its ordinal among equals.

An identity that comes again is found exactly, in little memory: of each row eight bytes are written down, beyond a
million of them on disk, and at the end those that were met twice are looked for. They are rare. Where there are some,
the report is read once more, and now it is known which to watch.
"""

import hashlib
from collections import Counter
from collections.abc import Collection
from io import BytesIO
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.core.errors import ADVICE, TooLarge
from lambdas.stream.marks import marks

MOST = 40_000_000  # rows of a report: 320 MB of a function's disk
HELD = 1 << 20  # identities kept in memory
PART = 1 << 18  # identities compared at a time
READ = 4 << 20  # bytes read at a time
OURS = ("in_window", "boundary", "extra")  # of a veiled row: two windows that hold it must give it one name
MIXED = 40  # of a mark's bits those from here on hang on all of its letters
KEPT, HEAVY = 1000, 4 << 20  # repeated rows that are kept apart, and about so many bytes of them


class Identity:
    """Completes `row_id`, block after block; `watched` are the marks that an earlier reading found more than once."""

    def __init__(self, watched: Collection[int] = ()) -> None:
        self.watched = frozenset(watched)
        self._watch = pa.array(sorted(self.watched), pa.int64())
        self._met: Counter[str] = Counter()
        self._marks: IO[bytes] = BytesIO()
        self._rows = self._weight = 0
        self.repeated = 0  # rows left out: the vendor's identity came before
        self.dropped: list[dict[str, Any]] = []

    def complete(self, batch: pa.RecordBatch, texts: pa.RecordBatch, veiled: pa.RecordBatch | None) -> pa.RecordBatch:
        """The batch with all its identities, without rows that came before.

        A row that has none is named by its own texts, or, where numbers are not to be told, by what is `veiled`.
        """
        given = batch.column("row_id")
        names = given if not given.null_count else pc.coalesce(given, _named(texts if veiled is None else veiled))
        own = marks(names)
        self._note(own)
        if self.watched and pc.any(again := pc.is_in(own, self._watch)).as_py():
            names, keep = self._apart(given, names, again)
            self._drop(texts if veiled is None else veiled, keep)
            return _with(batch, names).filter(keep)
        return _with(batch, names) if names is not given else batch

    def repeats(self) -> frozenset[int]:
        """The marks met more than once. Two identities that share one are told apart when they are watched."""
        parts = 1 << max(0, (self._rows // PART).bit_length())
        return frozenset(mark for part in range(parts) for mark in self._twice(part, parts - 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._marks.close()  # the disk is free again

    def _note(self, own: Any) -> None:
        self._rows += len(own)
        if self._rows > MOST:
            raise TooLarge(f"too-large: over {MOST} rows; {ADVICE}")
        if self._rows > HELD and isinstance(self._marks, BytesIO):
            held, self._marks = self._marks.getvalue(), TemporaryFile()  # noqa: SIM115  # closed by `__exit__`
            self._marks.write(held)
        self._marks.write(own.buffers()[1].slice(own.offset * 8, len(own) * 8))

    def _twice(self, part: int, mask: int) -> list[int]:
        self._marks.seek(0)
        found = []
        while data := self._marks.read(READ):
            read = pa.Array.from_buffers(pa.int64(), len(data) // 8, [None, pa.py_buffer(data)])
            found.append(
                read.filter(pc.equal(pc.bit_wise_and(pc.shift_right(read, MIXED), mask), part)) if mask else read
            )
        counted = pa.chunked_array(found, pa.int64()).value_counts()
        twice: list[int] = counted.field(0).filter(pc.greater(counted.field(1), 1)).to_pylist()
        return twice

    def _apart(self, given: Any, names: Any, again: Any) -> tuple[Any, Any]:
        """Watched rows one by one: the vendor's identity stays once, a row that is its own gets its ordinal."""
        told, own, watched = names.to_pylist(), given.is_null().to_pylist(), again.to_pylist()
        keep = [True] * len(told)
        for at, name in enumerate(told):
            if watched[at]:
                self._met[name] += 1
                if own[at]:
                    told[at] = f"{name[: name.rindex('-')]}-{self._met[name]}"
                else:
                    keep[at] = self._met[name] == 1
        return pa.array(told, pa.string()), pa.array(keep)

    def _drop(self, texts: pa.RecordBatch, keep: Any) -> None:
        gone = texts.filter(pc.invert(keep))
        self.repeated += gone.num_rows
        for at in range(min(gone.num_rows, KEPT - len(self.dropped))):
            if self._weight < HEAVY:
                one = gone.slice(at, 1)
                self._weight += one.nbytes
                self.dropped += one.to_pylist()


def _named(batch: pa.RecordBatch) -> Any:
    """`row-DIGEST-1`: the fields in the order of their names, so that a reordered file gives the same identities."""
    columns = (batch.column(name) for name in sorted(set(batch.schema.names) - set(OURS)))
    texts = [pc.fill_null(column.cast(pa.string()), "") for column in columns]
    rows = pc.binary_join_element_wise(*texts, "\x1f").cast(pa.binary()).to_pylist()
    return pa.array([f"row-{hashlib.sha256(row).hexdigest()[:32]}-1" for row in rows], pa.string())


def _with(batch: pa.RecordBatch, names: Any) -> pa.RecordBatch:
    return batch.set_column(batch.schema.get_field_index("row_id"), batch.schema.field("row_id"), names)
