"""A mark of eight bytes for each identity: the same for the same, another for nearly every other, and made in a stride.

The words of eight bytes that an identity consists of, each times an odd number of its own, are added up. What fills
an identity up to the longest of its block is zero and adds nothing, so that a mark does not depend on the block.
"""

from functools import cache
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

WORD = 8  # bytes
LONGEST = 256  # bytes that count


def marks(names: Any) -> Any:
    """An int64 of each text; nulls are not among them."""
    if not len(names):
        return pa.array([], pa.int64())
    if _longest(names) > LONGEST:
        names = pc.binary_slice(names.cast(pa.binary()), 0, LONGEST).view(pa.string())
    wide = -(-max(_longest(names), 1) // WORD)
    filled = pc.ascii_rpad(names, wide * WORD, padding="\0")  # which counts bytes
    words = pa.Array.from_buffers(pa.int64(), len(names) * wide, [None, filled.buffers()[2]])
    sums = pc.cumulative_sum(pc.multiply(words, _factors(wide, len(names))))
    ends = pc.take(sums, _ends(wide, len(names)))
    return pc.subtract(ends, pa.concat_arrays([pa.array([0], pa.int64()), ends[:-1]]))


def _longest(names: Any) -> int:
    return int(pc.max(pc.binary_length(names)).as_py())


@cache
def _factor(at: int) -> int:
    odd = int.from_bytes(sha256(b"mark %d" % at).digest()[:8]) | 1  # without a pattern, each for itself
    return odd - (1 << 64) if odd >> 63 else odd


def _factors(wide: int, rows: int) -> Any:
    return _tiled(wide, 1 << rows.bit_length())[: wide * rows]


@cache
def _tiled(wide: int, rows: int) -> Any:
    one = pa.array([_factor(at) for at in range(wide)], pa.int64())
    return pa.concat_arrays([one] * rows)


def _ends(wide: int, rows: int) -> Any:
    return _last(wide, 1 << rows.bit_length())[:rows]


@cache
def _last(wide: int, rows: int) -> Any:
    return pa.array(range(wide - 1, wide * rows, wide), pa.int64())
