"""What has no column, as a map: each row's texts under their own headings, in the order of the file."""

from functools import cache, reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MAP = pa.map_(pa.string(), pa.string())
Entry = tuple[str, Any, Any]  # a heading, its texts, and which rows have one of them left (None: all)


def leftover(entries: list[Entry], rows: int) -> Any:
    """The map of each row; null where nothing is left."""
    if not entries or not rows:
        return pa.nulls(rows, MAP)
    wide = len(entries)
    of, order = _order(rows, wide)
    counts = pa.repeat(pa.scalar(wide, pa.int32()), rows)
    if any(mask is not None for _, _, mask in entries):
        masks = [pa.repeat(True, rows) if mask is None else mask for _, _, mask in entries]
        filled = pc.take(pa.concat_arrays(masks), order)
        of, order = of.filter(filled), order.filter(filled)
        counts = reduce(pc.add, [mask.cast(pa.int32()) for mask in masks])
    keys = pc.take(pa.array([heading for heading, _, _ in entries]), of)
    items = pc.take(pa.concat_arrays([texts for _, texts, _ in entries]), order)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(counts)])
    return pa.MapArray.from_arrays(_holed(offsets, counts), keys, items)


def _holed(offsets: Any, counts: Any) -> Any:
    """A null in the offsets is a row without a map."""
    empty = pc.equal(counts, 0)
    if not pc.any(empty).as_py():
        return offsets
    return pc.if_else(pa.concat_arrays([empty, pa.array([False])]), pa.scalar(None, pa.int32()), offsets)


def _order(rows: int, wide: int) -> tuple[Any, Any]:
    """Row by row: of which entry each is, and where it stands when the entries' texts are laid end to end."""
    at = _counted(1 << (rows * wide).bit_length())[: rows * wide]
    row = pc.divide(at, wide)
    of = pc.subtract(at, pc.multiply(row, wide))
    return of, pc.add(pc.multiply(of, rows), row)


@cache
def _counted(many: int) -> Any:
    return pa.array(range(many), pa.int64())
