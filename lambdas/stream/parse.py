"""Texts to values, a column at a time: what does not fit becomes null, exactly; nothing is rounded or guessed."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.core.mapping import MONEY, REAL, TEXT, TIME, WHOLE

Texts = Any  # a pyarrow string array; its stubs know no generic array that compute functions accept
Values = Any
DECIMAL = pa.decimal128(18, 8)
STAMP = pa.timestamp("us")
ZONED = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?$"
UTC_ZONE = r" ?(Z|UTC|[+-]00(:?00)?)$"
E164 = r"^\+[1-9]\d{7,14}$"
BARE = r"^[1-9]\d{10,14}$"


def texts(column: Texts) -> Texts:
    """The column with nulls where a field is empty."""
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def whole(column: Texts) -> Values:
    """Whole numbers of up to 15 digits."""
    return _matching(column, r"^-?\d{1,15}$").cast(pa.int64())


def money(column: Texts) -> Values:
    """Decimals of up to 8 places; zeros beyond these are no digits."""
    fits = _matching(column, r"^-?\d{1,10}(\.\d{1,8}0*)?$")
    short = pc.replace_substring_regex(fits, r"(\.\d{8})0+$", r"\1")
    return short.cast(DECIMAL)


def real(column: Texts) -> Values:
    """Floating-point numbers, for scores only; money never is one."""
    return _matching(column, r"^-?\d{1,15}(\.\d{1,15})?$").cast(pa.float64())


def time(column: Texts) -> Values:
    """Instants in UTC, whatever the offset written; none written is UTC."""
    fits = _matching(column, ZONED)
    plain = pc.replace_substring_regex(fits, UTC_ZONE, "")
    try:
        return plain.cast(STAMP)
    except pa.ArrowInvalid:  # another offset, or a day that no month has: one by one
        return pa.array([_instant(one) for one in fits.to_pylist()], STAMP)


def number(column: Texts, *, bare: bool) -> Texts:
    """E.164 with its plus sign. Without one, ten digits may lack a country code: these are no number."""
    plus = _matching(column, E164)
    if not bare:
        return plus
    added = pc.binary_join_element_wise(pa.scalar("+"), _matching(column, BARE), pa.scalar(""))
    return pc.coalesce(plus, added)


def words(column: Texts, known: Mapping[str, str]) -> Texts:
    """The vendor's words to ours, in any case; an unknown word is null."""
    at = pc.index_in(pc.utf8_lower(pc.utf8_trim_whitespace(column)), pa.array(list(known), pa.string()))
    return pc.take(pa.array(list(known.values()), pa.string()), at)


READERS: Mapping[str, Callable[[Texts], Values]] = {
    TEXT: lambda column: column,
    TIME: time,
    WHOLE: whole,
    MONEY: money,
    REAL: real,
}


def _matching(column: Texts, pattern: str) -> Texts:
    return pc.if_else(pc.match_substring_regex(column, pattern), column, pa.scalar(None, pa.string()))


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    text = re.sub(r" ?(Z|UTC)$", "+00:00", text)
    text = re.sub(r" ?([+-]\d\d):?(\d\d)?$", lambda m: f"{m[1]}:{m[2] or '00'}", text) if len(text) > 19 else text
    try:
        when = datetime.fromisoformat(text)
        return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
    except (ValueError, OverflowError):  # no such day, or one whose UTC is before the year 1 or after 9999
        return None
