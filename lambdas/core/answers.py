"""A vendor's answer read leniently: what is there in whatever form, and nothing where it makes no sense."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lambdas.core.veil import veil

LONGEST = 20  # digits before or after the point
SHOWN = 60  # characters of a value that an error may tell
HARMLESS = re.compile(r"[A-Za-z _-]{0,40}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?")


def mapping(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def ident(value: Any) -> str | None:
    """The `id` of an object as a text, whether it came as an integer or a string: one that a path can hold."""
    found = mapping(value).get("id")
    text = str(found) if type(found) in (int, str) else ""
    return text if re.fullmatch(r"[!-~]{1,200}", text) and text not in (".", "..") else None


def moment(value: Any) -> datetime | None:
    """An instant: ISO 8601 with any offset, UTC without one."""
    try:
        when = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def whole(value: Any) -> int | None:
    """A whole number, also from a text; None for none. ValueError for what is no such number."""
    amount = decimal(value)
    if amount is None:
        return None
    if amount != amount.to_integral_value():
        raise ValueError
    return int(amount)


def decimal(value: Any) -> Decimal | None:
    """A finite amount, also from a text; None for none. ValueError for what is no such amount."""
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError from None
    # Also a zero has an exponent; and what has too many digits, no ledger could hold and no sum could be set against.
    if not amount.is_finite() or abs(amount.adjusted()) > LONGEST or int(amount.as_tuple().exponent) < -LONGEST:
        raise ValueError
    return amount


def kept(answer: Mapping[str, Any], names: Collection[str]) -> dict[str, str]:
    """Of an answer that is not understood, the fields that may be logged."""
    return {name: shown(answer[name]) for name in names if name in answer}


def shown(value: Any) -> str:
    """A value that no table of ours knows, as a log may have it: words and times, else without what may be a number."""
    if isinstance(value, str) and HARMLESS.fullmatch(value):
        return repr(value)
    return veil(repr(value))[:SHOWN]  # in this order: half a key is none that `veil` knows
