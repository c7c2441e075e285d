"""Types and values as GetQueryResults words them; DuckDB's own are no one's business."""

import datetime
import math
import re
from decimal import Decimal
from typing import Any

# Names and precisions of Athena's ColumnInfo.
PRECISIONS = {
    "boolean": 0, "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "float": 17, "double": 17, "date": 0,
    "timestamp": 3, "timestamp with time zone": 3, "varchar": 2147483647, "varbinary": 1073741824,
}  # fmt: skip
# HUGEINT is the sum of bigints, which in Trino is a bigint, too.
NAMES = {"HUGEINT": "bigint", "UBIGINT": "bigint", "BLOB": "varbinary", "MAP": "map", "STRUCT": "row"}
SMALLEST, LARGEST = 1e-3, 1e7  # between them Java writes a double without an exponent


class Kind(str):
    """A type's name with its precision and scale; MiniStack keeps the name only."""

    precision: int
    scale: int


def kind(duck: str) -> Kind:
    """Athena's type for DuckDB's."""
    base = duck.upper().partition("(")[0]
    if duck.endswith("]"):
        name = "array"
    elif base.startswith("TIMESTAMP"):
        name = "timestamp with time zone" if "ZONE" in base else "timestamp"
    else:
        name = NAMES.get(base, base.lower())
    made = Kind(name if name in PRECISIONS or name in ("array", "map", "row", "decimal", "time") else "varchar")
    digits = [int(one) for one in re.findall(r"\d+", duck)] if made == "decimal" else [PRECISIONS.get(made, 0), 0]
    made.precision, made.scale = digits
    return made


def precision(made: str) -> tuple[int, int]:
    """Takes the place of MiniStack's, for which every decimal is decimal(38,0)."""
    return (made.precision, made.scale) if isinstance(made, Kind) else (PRECISIONS.get(made, 0), 0)


def text(value: Any) -> str | None:
    """A value as GetQueryResults words it."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case float():
            return _double(value)
        case Decimal():
            return format(value, "f")  # str() would say 0E-6
        case datetime.datetime():
            zone = " UTC" if value.tzinfo else ""
            return value.replace(tzinfo=None).isoformat(" ", "milliseconds") + zone
        case list():
            return f"[{', '.join(map(_inner, value))}]"
        case dict():
            return "{" + ", ".join(f"{key}={_inner(one)}" for key, one in value.items()) + "}"
        case bytes():
            return value.hex(" ")
    return str(value)


def _inner(value: Any) -> str:
    told = text(value)
    return "null" if told is None else told


def _double(value: float) -> str:
    """As Java's Double.toString: 0.5, 1.0E-5, 1.234E7."""
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    exact = Decimal(repr(value))
    if not value or SMALLEST <= abs(value) < LARGEST:
        return _pointed(exact)
    exponent = exact.adjusted()
    return f"{_pointed(exact.scaleb(-exponent).normalize())}E{exponent}"


def _pointed(exact: Decimal) -> str:
    told = format(exact, "f")
    return told if "." in told else f"{told}.0"
