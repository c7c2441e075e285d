"""One number found in a copy, and taken out of it; the calls stay, with all that is theirs."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import reduce
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lambdas.core.mapping import Columns
from lambdas.stream.parquet import Parquet
from lambdas.stream.privacy import PERSONAL, PSEUDONYM, Privacy, entries, narrowed
from lambdas.stream.table import SCHEMA

BLOCK = 65_536  # rows
BETWEEN = "[ ()-]"  # what may stand between the digits of a number
ABROAD = "(00|011)?"  # what is dialled before a country code


class Number:
    """A number in every form in which a copy may hold it; with a key, also its pseudonyms."""

    def __init__(self, written: str, columns: Columns, key: bytes | None) -> None:
        digits = re.sub(r"\D", "", written)
        self._pattern = f"(^|[^0-9]){ABROAD}{digits}($|[^0-9])"
        self._words = pa.array([], pa.string())
        if key:
            forms = pa.array([f"+{digits}", digits, written])
            self._words = Privacy(PSEUDONYM, key, columns).raw(forms)

    def within(self, texts: Any) -> Any:
        """Which texts are the number or hold it, a SIP address for example; a longer number does not."""
        bare = pc.replace_substring_regex(texts, BETWEEN, "")
        found = [pc.match_substring_regex(one, self._pattern) for one in (texts, bare)]
        return pc.fill_null(pc.or_(pc.or_(*found), pc.is_in(texts, self._words)), False)

    def without(self, block: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
        """The block without it, and how many rows held it: both forms of that end of the call are null there."""
        columns = {name: block.column(name) for name in block.schema.names}
        touched = pa.repeat(False, block.num_rows)
        for names in _together(columns):
            hit = reduce(pc.or_, (self.within(columns[name]) for name in names))
            touched = pc.or_(touched, hit)
            columns |= {name: pc.if_else(hit, pa.scalar(None, pa.string()), columns[name]) for name in names}
        if "extra" in columns:
            columns["extra"], hit = self._less(columns["extra"])
            touched = pc.or_(touched, hit)
        return pa.RecordBatch.from_arrays(list(columns.values()), schema=block.schema), pc.sum(touched).as_py() or 0

    def _less(self, maps: Any) -> tuple[Any, Any]:
        """The maps without the entries that hold it, and which maps had one."""
        offsets, keys, values = entries(maps)
        hit = self.within(values)
        sums = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(hit.cast(pa.int32()))])
        at = pc.take(sums, offsets)
        touched = pc.not_equal(at[1:], at[:-1])
        return pc.if_else(touched, narrowed(offsets, keys, values, pc.invert(hit)), maps), touched


def count(file: IO[bytes], number: Number) -> int:
    """How many rows of a Parquet file hold the number."""
    held = [name for name in pq.read_schema(file).names if name in PERSONAL]
    file.seek(0)
    return sum(number.without(block)[1] for block in pq.ParquetFile(file).iter_batches(BLOCK, columns=held))


def rewrite(file: IO[bytes], sink: Any, number: Number) -> None:
    """The same file without the number, written as the copier writes it."""
    with Parquet(sink) as parquet:
        for block in pq.ParquetFile(file).iter_batches(BLOCK):
            for whole in pa.Table.from_batches([block]).select(SCHEMA.names).cast(SCHEMA).to_batches():
                parquet.add(number.without(whole)[0])


def _together(columns: dict[str, Any]) -> Iterator[list[str]]:
    """The personal columns but `extra`: the number and the raw form of one end belong together."""
    groups = defaultdict(list)
    for name in columns.keys() & (PERSONAL - {"extra"}):
        end, _, kind = name.partition("_")
        groups[end if kind in ("number", "raw") else name].append(name)
    yield from groups.values()
