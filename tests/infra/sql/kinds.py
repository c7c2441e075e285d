"""The kind of value that each expression gives: sqlglot's inference, taught what it does not know of Trino."""

from typing import Any

from sqlglot import exp
from sqlglot.dialects.athena import Athena
from sqlglot.optimizer.annotate_types import annotate_types

D = exp.DType
# Trino turns no value of one kind into another by itself, but for a date into a timestamp, into one with a zone.
KINDS = {
    "text": {D.VARCHAR, D.TEXT, D.CHAR, D.NCHAR, D.NVARCHAR},
    "integer": {D.BIGINT, D.INT, D.SMALLINT, D.TINYINT},
    "decimal": {D.DECIMAL, D.BIGDECIMAL},
    "double": {D.DOUBLE, D.FLOAT},
    "boolean": {D.BOOLEAN},
    "date": {D.DATE},
    "timestamp": {D.TIMESTAMP, D.DATETIME, D.TIMESTAMPNTZ},
    "zoned": {D.TIMESTAMPTZ, D.TIMESTAMPLTZ},
    "interval": {D.INTERVAL},
    "array": {D.ARRAY, D.LIST},
    "map": {D.MAP},
    "row": {D.STRUCT},
    "null": {D.NULL},
}
BY_TYPE = {kind: name for name, kinds in KINDS.items() for kind in kinds}
NUMBERS = {"integer", "decimal", "double"}
TIMES = {"date", "timestamp", "zoned"}

# What functions give that sqlglot has no class for, by name ...
NAMED = {
    "at_timezone": D.TIMESTAMPTZ, "with_timezone": D.TIMESTAMPTZ, "to_iso8601": D.VARCHAR,
    "format_datetime": D.VARCHAR, "timezone_hour": D.BIGINT, "timezone_minute": D.BIGINT, "nan": D.DOUBLE,
    "day_of_week": D.BIGINT, "bar": D.VARCHAR, "codepoint": D.INT,
}  # fmt: skip
# ... and where its class leaves it open or says what Trino does not.
FIXED = {
    exp.AtTimeZone: D.TIMESTAMPTZ, exp.CurrentTimestamp: D.TIMESTAMPTZ, exp.FromISO8601Timestamp: D.TIMESTAMPTZ,
    exp.UnixToTime: D.TIMESTAMPTZ, exp.ParseDatetime: D.TIMESTAMPTZ, exp.TimeToUnix: D.DOUBLE, exp.SplitPart: D.VARCHAR,
    exp.Replace: D.VARCHAR, exp.Format: D.VARCHAR, exp.RegexpExtract: D.VARCHAR, exp.RegexpReplace: D.VARCHAR,
    exp.Hex: D.VARCHAR, exp.Pad: D.VARCHAR, exp.Reverse: D.VARCHAR,
}  # fmt: skip
# These give what their first argument is.
SAME = (exp.TimestampTrunc, exp.DateTrunc, exp.ArgMax, exp.ArgMin, exp.Try, exp.ArraySort, exp.ArrayDistinct)


def annotate(tree: Any, schema: dict[str, object]) -> Any:
    """Puts a type on every expression of a tree whose columns are bound."""
    known = {
        **Athena.EXPRESSION_METADATA,
        **{kind: {"returns": gives} for kind, gives in FIXED.items()},
        **{kind: {"annotator": _same} for kind in SAME},
        exp.Anonymous: {"annotator": lambda self, e: self._set_type(e, NAMED.get(e.name.lower()))},
        exp.MapKeys: {"annotator": lambda self, e: self._set_type(e, _keys(e.this))},
        exp.Bracket: {"annotator": lambda self, e: self._set_type(e, _inside(e.this)[-1])},
    }
    return annotate_types(tree, schema=schema, expression_metadata=known, dialect="athena")


def _same(self: Any, node: Any) -> Any:
    return self._set_type(node, node.this.type)


def _inside(node: Any) -> list[Any]:
    """The types within an array's or a map's; of anything else nothing."""
    told = node.type and node.type.this in {D.ARRAY, D.LIST, D.MAP} and node.type.expressions
    return told or [None]


def _keys(node: Any) -> Any:
    (first, *_) = _inside(node)
    return first and exp.DataType(this=D.ARRAY, expressions=[first.copy()], nested=True)


def kind(node: Any) -> str | None:
    """A word of KINDS, or None where nobody knows it."""
    if isinstance(node, exp.Null):
        return "null"  # sqlglot gives it the type of where it stands
    return BY_TYPE.get(node.type.this) if node is not None and node.type else None


def alike(kinds: set[str]) -> bool:
    """Whether Trino finds one type for values of these kinds."""
    told = kinds - {"null"}
    return len(told) <= 1 or told <= NUMBERS or told <= TIMES


def worded(node: Any) -> str:
    """An expression as a message shows it."""
    return str(node.sql("athena"))[:120]
