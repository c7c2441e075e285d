"""Texts to E.164 numbers, their countries and whether they are toll-free, by the world's numbering plans.

The table is made from the `phonenumbers` library by `python -m local.numbering`, which is right but takes a number at
a time. It is a Parquet file, because the engine reads it in a few milliseconds and the copier has the engine loaded
already; the differences between its rising keys take half of the room that they would take in Arrow's own format.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

FILE = Path(__file__).with_name("numbers.parquet")
VERSION = b"phonenumbers"  # the file's metadata name the library's version by this
# A number's key is its digits behind a 1, so that numbers of one length are neighbours, and a zero in front counts.
MARK = "1"
# Scalars are made once: for a block of a few thousand rows, making them costs as much as using them.
LONGEST = pa.scalar(16, pa.int32())  # a mark, and 15 digits by E.164
BARE = pa.scalar(12, pa.int32())  # a mark, and 11 digits: with fewer and no plus it may be a national number
NULL = pa.scalar(None, pa.string())
Texts = Any  # a pyarrow string array; its stubs know no generic array that compute functions accept
Flags = Any


@dataclass(frozen=True)
class Numbers:
    """What was read: all null where a text is no number; a number of no country has none."""

    number: Texts
    country: Texts
    toll_free: Flags


class Numbering:
    """The spans of keys, each with the key that it ends before; in those without `toll_free` are no numbers."""

    def __init__(self) -> None:
        file = pq.ParquetFile(FILE)
        self._ends, self._countries, self._toll_free = (one.combine_chunks() for one in file.read().columns)
        self.version: str = file.metadata.metadata[VERSION].decode()

    def read(self, texts: Texts, *, bare: bool) -> Numbers:
        """Numbers with their plus, or without it where `bare`, in E.164's own form; any other text is none."""
        plus = pc.starts_with(texts, "+")
        marked = _marked(texts, plus, bare=bare)
        try:
            keys = _plain(marked, plus, bare=bare)
        except pa.ArrowInvalid:
            keys = _where(_fit(marked, plus, bare=bare), marked).cast(pa.int64())
        spans = pc.search_sorted(self._ends, keys, side="right")
        toll_free = pc.take(self._toll_free, spans)
        whole = pc.binary_replace_slice(marked, 0, 1, "+") if bare else texts
        return Numbers(_where(pc.is_valid(toll_free), whole), pc.take(self._countries, spans), toll_free)


@cache
def numbering() -> Numbering:
    """The table, loaded when first asked for."""
    return Numbering()


def _marked(texts: Texts, plus: Flags, *, bare: bool) -> Texts:
    """With a mark in place of the plus, or before the text where there is none."""
    if bare and not pc.any(plus).as_py():  # the common case of a vendor that writes none
        return pc.binary_replace_slice(texts, 0, 0, MARK)
    marked = pc.binary_replace_slice(texts, 0, 1, MARK)
    if not bare or _all(plus):
        return marked
    return pc.if_else(plus, marked, pc.binary_replace_slice(texts, 0, 0, MARK))


def _plain(marked: Texts, plus: Flags, *, bare: bool) -> Any:
    """The keys of a block in which every text looks like a number, as nearly all do: what is not decimal fails.

    A mark in front leaves nothing else that the engine would read, no sign and no hexadecimal digits; and a key with
    too many of them lies behind the last span.
    """
    if not _all(plus) and not (bare and pc.min(pc.binary_length(marked)).as_py() >= BARE.as_py()):
        raise pa.ArrowInvalid("some begin otherwise")
    return marked.cast(pa.int64())


def _fit(marked: Texts, plus: Flags, *, bare: bool) -> Flags:
    """Which may be numbers by their form: the engine would read more than decimals, and fail at more than 64 bits."""
    sizes = pc.binary_length(marked)
    begun = pc.or_(plus, pc.greater_equal(sizes, BARE)) if bare else plus
    return pc.and_(begun, pc.and_(pc.ascii_is_decimal(marked), pc.less_equal(sizes, LONGEST)))


def _where(flags: Flags, texts: Texts) -> Texts:
    return texts if _all(flags) else pc.if_else(flags, texts, NULL)


def _all(flags: Flags) -> bool:
    """Whether none is false: where one is null, so is the text."""
    return bool(pc.all(flags, min_count=0).as_py())
