"""Texts to values, a column at a time: what does not fit becomes null, exactly; nothing is rounded or guessed.

A column is read at once, by the engine's own strict casts. Only where that fails are its values parted, again and
again, until few are left, which are read one by one: one bad value costs one value, none depends on its neighbours,
and a file of nothing but bad ones costs no more than a few microseconds for each.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.core.mapping import MONEY, REAL, WHOLE

Texts = Any  # a pyarrow string array; its stubs know no generic array that compute functions accept
Values = Any
DECIMAL = pa.decimal128(18, 8)
STAMP = pa.timestamp("us")
ZULU = pa.timestamp("us", "UTC")
SECOND = 19  # letters of a time that has its seconds
PEEK = 64  # values that show how the others are written
FEW = 256  # values that are read one by one where not all fit: a cast that fails takes a third of a millisecond
DIGITS = 38  # letters of an amount at most: of a decimal of 128 bits
HEX = re.compile(b"[xX]")
ZONE = r"(Z|[+-]\d\d(:?\d\d)?)$"
BARE = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?$"
FORM = BARE[1:-1] + r"( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?"
BRIEF = r"\d{4}-\d\d-\d\d[ T]\d\d(:\d\d)?(Z|[+-]\d\d(:?\d\d)?)"  # the engine reads these with a zone alone
WHOLE_FORM, REAL_FORM = r"-?[0-9]+", r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999  # microseconds of the years 1 and 9999


def whole(column: Texts) -> Values:
    """Whole numbers of 64 bits."""
    return _read(column, _whole, pa.int64(), _one_whole)


def money(column: Texts) -> Values:
    """Decimals of up to 8 places that count, exactly."""
    return _read(column, _money, DECIMAL, _one_amount)


def real(column: Texts) -> Values:
    """Floating-point numbers, for scores only; money never is one."""
    return _read(column, _real, pa.float64(), _one_real)


def time(column: Texts) -> tuple[Values, bool]:
    """Instants in UTC, whatever the offset written; and whether there are some without, which are taken for UTC."""
    first = next((text for text in column.slice(0, PEEK).to_pylist() if text), None)
    if first is None and column.null_count == len(column):
        return pa.nulls(len(column), STAMP), False
    way = _zoned if re.search(ZONE, first or "") else _naive
    try:
        return way(column), way is _naive
    except pa.ArrowInvalid:  # ways to write an offset are mixed, or something is no time
        found = _each(column, way, STAMP, lambda text: _one_time(text, way))
    bare = pc.match_substring_regex(column, BARE)
    return found, bool(pc.any(pc.and_(bare, pc.is_valid(found))).as_py())


def words(column: Texts, known: Mapping[str, str]) -> Texts:
    """The vendor's words to ours, in any case; an unknown word is null."""
    met = column.dictionary_encode()
    at = pc.index_in(pc.utf8_lower(pc.utf8_trim_whitespace(met.dictionary)), pa.array(list(known), pa.string()))
    ours = pc.take(pa.array(list(known.values()), pa.string()), at)
    return column if ours.equals(met.dictionary) else pc.take(ours, met.indices)


READERS: Mapping[str, Callable[[Texts], Values]] = {WHOLE: whole, MONEY: money, REAL: real}


def _read(column: Texts, way: Callable[[Texts], Values], kind: Any, alone: Callable[[str], Any]) -> Values:
    try:
        return way(column)
    except pa.ArrowInvalid:
        return _each(column, way, kind, alone)


def _each(column: Texts, way: Callable[[Texts], Values], kind: Any, alone: Callable[[str], Any]) -> Values:
    """A column of which some texts cannot be read; `alone` reads a single one as `way` does, or knows better."""
    if len(column.slice(0, PEEK).unique()) > PEEK // 4:
        return pa.concat_arrays(_parted(column, way, kind, alone))
    met = column.dictionary_encode()  # few different ones, and none is tried twice
    return pc.take(pa.concat_arrays(_parted(met.dictionary, way, kind, alone)), met.indices)


def _parted(column: Texts, way: Callable[[Texts], Values], kind: Any, alone: Callable[[str], Any]) -> list[Values]:
    """Halved until each part can be read."""
    if column.null_count == len(column):
        return [pa.nulls(len(column), kind)]
    try:
        return [way(column)]
    except pa.ArrowInvalid:
        if len(column) <= FEW:
            return [pa.array([None if text is None else alone(text) for text in column.to_pylist()], kind)]
        half = len(column) // 2
        return _parted(column[:half], way, kind, alone) + _parted(column[half:], way, kind, alone)


def _one_whole(text: str) -> int | None:
    if not re.fullmatch(WHOLE_FORM, text) or len(text.lstrip("-0")) > DIGITS:
        return None
    number = int(text)
    return number if -(1 << 63) <= number < 1 << 63 else None


def _one_amount(text: str) -> Decimal | None:
    try:
        number = Decimal(text) if len(text) <= DIGITS and re.fullmatch(REAL_FORM, text) else Decimal("NaN")
    except InvalidOperation:  # an exponent of more digits than Python takes
        return None
    if not number.is_finite() or not -(10**10) < number < 10**10 or number != round(number, 8):
        return None
    return round(number, 8)  # a zero may have an exponent


def _one_real(text: str) -> float | None:
    number = float(text) if re.fullmatch(REAL_FORM, text) else None
    return number if number is not None and isfinite(number) else None


def _one_time(text: str, way: Callable[[Texts], Values]) -> datetime | None:
    if way is _zoned and re.fullmatch(BRIEF, text, re.ASCII):
        with suppress(pa.ArrowInvalid):
            found: datetime = way(pa.array([text]))[0].as_py()
            return found
    return _instant(text)


def _money(column: Texts) -> Values:
    """The engine reads beyond its table of powers, and dies, for `1e-9999999` and for very many decimals."""
    letters = bytes(_bytes(column))
    if b"e" in letters or b"E" in letters or (pc.max(pc.binary_length(column)).as_py() or 0) > DIGITS:
        raise pa.ArrowInvalid("not a plain amount")
    return column.cast(DECIMAL)


def _whole(column: Texts) -> Values:
    """The engine would read `0x1F` too."""
    found = column.cast(pa.int64())
    if HEX.search(_bytes(column)):
        raise pa.ArrowInvalid("not a whole number")
    return found


def _bytes(column: Texts) -> memoryview:
    """The letters of a whole column, end to end."""
    offsets, data = column.buffers()[1:]
    ends = memoryview(offsets).cast("i")
    return memoryview(data or b"")[ends[column.offset] : ends[column.offset + len(column)]]


def _real(column: Texts) -> Values:
    found = column.cast(pa.float64())
    if pc.all(pc.is_finite(found)).as_py() is False:
        raise pa.ArrowInvalid("not a number")
    return found


def _naive(column: Texts) -> Values:
    """A date alone is no time; the engine would take it for midnight."""
    if pc.min(pc.binary_length(column)).as_py() < SECOND:
        raise pa.ArrowInvalid("not a time")
    return column.cast(STAMP)


def _zoned(column: Texts) -> Values:
    if pc.min(pc.binary_length(column)).as_py() <= SECOND:
        raise pa.ArrowInvalid("not a time")
    found = column.cast(ZULU).cast(STAMP)
    ends = pc.min_max(found.cast(pa.int64())).as_py()
    if ends["min"] < FIRST or ends["max"] > LAST:
        raise pa.ArrowInvalid("before the year 1, or after 9999")
    return found


def _instant(text: str) -> datetime | None:
    if not re.fullmatch(FORM, text, re.ASCII):
        return None
    text = re.sub(r" ?(Z|UTC)$", "+00:00", text)
    text = re.sub(r" ?([+-]\d\d):?(\d\d)?$", lambda m: f"{m[1]}:{m[2] or '00'}", text) if len(text) > SECOND else text
    try:
        when = datetime.fromisoformat(text)
        return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
    except (ValueError, OverflowError):  # no such day, or one whose UTC is before the year 1 or after 9999
        return None
