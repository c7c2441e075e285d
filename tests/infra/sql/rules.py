"""What Trino's types forbid: mixing and calculating across kinds; and what DuckDB gives another result for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from tests.infra.sql.kinds import NUMBERS, TIMES, alike, kind, worded

COMPARED = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Nullif)
MIXED = (exp.Coalesce, exp.Greatest, exp.Least)
REASONED = (exp.And, exp.Or)
CALCULATED = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
TEXT = frozenset({"text"})
# What a function's first argument has to be.
TAKES: tuple[tuple[tuple[Any, ...], frozenset[str]], ...] = (
    ((exp.Sum, exp.Avg), frozenset({*NUMBERS, "interval"})),
    ((exp.ApproxQuantile, exp.Round, exp.Abs, exp.Floor, exp.Ceil), frozenset(NUMBERS)),
    ((exp.CountIf, exp.LogicalAnd, exp.LogicalOr), frozenset({"boolean"})),
    ((exp.Length, exp.Upper, exp.Lower, exp.Substring, exp.SplitPart, exp.StrPosition, exp.StartsWith), TEXT),
    ((exp.RegexpLike, exp.Like, exp.GroupConcat, exp.StrToTime, exp.Replace), TEXT),
    ((exp.DateDiff, exp.TimestampTrunc, exp.DateTrunc, exp.TimeToStr, exp.TimeToUnix, exp.Extract), frozenset(TIMES)),
    ((exp.Year, exp.Month, exp.Day, exp.Hour, exp.AtTimeZone), frozenset(TIMES)),
    ((exp.ArrayToString, exp.ArrayContains, exp.ArraySort), frozenset({"array"})),
)


@dataclass
class Judged:
    """What was found, and of how many places the kinds were known: nothing hides behind what was not."""

    faults: list[str] = field(default_factory=list)
    known: int = 0
    unknown: list[str] = field(default_factory=list)

    def alike(self, what: str, node: Any, parts: list[Any]) -> None:
        """Refuses what mixes kinds that Trino keeps apart."""
        kinds = [kind(part) for part in parts]
        if None in kinds:
            self.unknown.append(worded(node))
        else:
            self.known += 1
        told = {one for one in kinds if one}
        if not alike(told):
            self.faults.append(f"{what} {' with '.join(sorted(told - {'null'}))}: {worded(node)}")

    def takes(self, what: str, part: Any, kinds: frozenset[str] | set[str]) -> None:
        """Refuses a part of another kind than these."""
        if (told := kind(part)) and told not in kinds and told != "null":
            self.faults.append(f"{what} takes {' or '.join(sorted(kinds))}, not {told}: {worded(part)}")


def judge(tree: Any) -> Judged:
    """Every rule over every expression."""
    judged = Judged()
    for node in tree.walk():
        for rule in RULES:
            rule(node, judged)
    return judged


def _compared(node: Any, judged: Judged) -> None:
    if isinstance(node, COMPARED):
        judged.alike("compares", node, [node.this, node.expression])
    elif isinstance(node, exp.Between):
        judged.alike("compares", node, [node.this, node.args["low"], node.args["high"]])
    elif isinstance(node, exp.In):
        query = node.args.get("query")
        judged.alike("compares", node, [node.this, *(query.this.selects if query else node.expressions)])


def _mixed(node: Any, judged: Judged) -> None:
    if isinstance(node, MIXED):
        judged.alike("mixes", node, [node.this, *node.expressions])
    elif isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        judged.alike("mixes", node, [one for one in (*branches, node.args.get("default")) if one])
        if node.this:
            judged.alike("compares", node, [node.this, *(branch.this for branch in node.args["ifs"])])
    elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
        judged.alike("mixes", node, [one for one in (node.args["true"], node.args.get("false")) if one])
    elif isinstance(node, exp.Values):
        for column in zip(*(row.expressions for row in node.expressions), strict=True):
            judged.alike("mixes", node, list(column))


def _united(node: Any, judged: Judged) -> None:
    if isinstance(node, exp.SetOperation):
        left, right = node.left.selects, node.right.selects
        if len(left) != len(right):
            judged.faults.append(f"unites {len(left)} columns with {len(right)}: {worded(node)}")
        for one, other in zip(left, right, strict=False):
            judged.alike(f"unites column {one.alias_or_name},", one, [one, other])


def _reasoned(node: Any, judged: Judged) -> None:
    """DuckDB takes a number for a truth."""
    what = type(node).__name__.upper()
    if isinstance(node, REASONED):
        judged.takes(what, node.this, {"boolean"})
        judged.takes(what, node.expression, {"boolean"})
    elif isinstance(node, exp.Not | exp.Where | exp.Having):
        judged.takes(what, node.this, {"boolean"})
    elif isinstance(node, exp.If) and not (isinstance(node.parent, exp.Case) and node.parent.this):
        judged.takes("a condition", node.this, {"boolean"})
    elif isinstance(node, exp.Join) and node.args.get("on"):
        judged.takes("ON", node.args["on"], {"boolean"})


def _calculated(node: Any, judged: Judged) -> None:
    if not isinstance(node, CALCULATED):
        return
    kinds = [one for one in (kind(node.this), kind(node.expression)) if one and one != "null"]
    if len(kinds) < 2 or set(kinds) <= NUMBERS:
        return
    moved = "interval" in kinds and set(kinds) <= {"interval", *(NUMBERS if isinstance(node, exp.Mul) else TIMES)}
    apart = isinstance(node, exp.Sub) and set(kinds) <= {"timestamp", "zoned"}
    if not moved and not apart:
        judged.faults.append(f"calculates {' with '.join(kinds)}: {worded(node)}")


def _divided(node: Any, judged: Judged) -> None:
    """Trino truncates a quotient of integers, and rounds one of decimals to their digits; DuckDB does neither."""
    kinds = {kind(node.this), kind(node.expression)} if isinstance(node, exp.Div) else set()
    if kinds == {"integer"}:
        judged.faults.append(f"divides integers, which truncates (cast one to double): {worded(node)}")
    elif "decimal" in kinds and kinds <= {"decimal", "integer"}:
        judged.faults.append(f"divides decimals, which rounds to their digits (cast one to double): {worded(node)}")
    if isinstance(node, exp.Avg) and kind(node.this) == "decimal":
        judged.faults.append(f"averages decimals, which rounds to their digits (cast to double): {worded(node)}")


def _joined(node: Any, judged: Judged) -> None:
    if isinstance(node, exp.DPipe | exp.Concat):
        for part in [node.this, node.expression] if isinstance(node, exp.DPipe) else node.expressions:
            judged.takes("concatenation", part, {"text", "array"})


def _taken(node: Any, judged: Judged) -> None:
    for functions, kinds in TAKES:
        if isinstance(node, functions):
            inside = node.this
            while isinstance(inside, exp.Distinct | exp.Order):
                inside = inside.expressions[0] if isinstance(inside, exp.Distinct) else inside.this
            judged.takes(type(node).__name__, inside, kinds)
    if isinstance(node, exp.DateDiff):
        judged.takes("DateDiff", node.expression, TIMES)
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Distinct) and len(node.this.expressions) > 1:
        judged.faults.append(f"counts several columns at once: {worded(node)}")


def _windowed(node: Any, judged: Judged) -> None:
    """Trino's analyzer: "FILTER is not yet supported for window functions", and DISTINCT neither."""
    if isinstance(node, exp.Window) and isinstance(node.this, exp.Filter):
        judged.faults.append(f"filters a window function: {worded(node)}")
    elif isinstance(node, exp.Window) and isinstance(node.this.this, exp.Distinct):
        judged.faults.append(f"takes DISTINCT in a window function: {worded(node)}")


def _cast(node: Any, judged: Judged) -> None:
    """Casts that Athena refuses, or whose text is another than DuckDB's."""
    if not isinstance(node, exp.Cast):
        return
    given, wanted = kind(node.this), kind(node)
    if given == "zoned" and wanted in {"timestamp", "date"}:
        # github.com/awslabs/aws-well-architected-labs/issues/761 (refused), github.com/cube-js/cube/pull/10779 (UTC).
        judged.faults.append(f"casts a time with a zone, which Athena refuses or does in UTC: {worded(node)}")
    elif given in {"timestamp", "zoned", "double"} and wanted == "text":
        judged.faults.append(f"casts a {given} to text, which Trino writes its own way: {worded(node)}")
    elif {given, wanted} in ({"date", "integer"}, {"timestamp", "integer"}, {"boolean", "date"}):
        judged.faults.append(f"casts {given} to {wanted}: {worded(node)}")


RULES: tuple[Callable[[Any, Judged], None], ...] = (
    _compared, _mixed, _united, _reasoned, _calculated, _divided, _joined, _taken, _windowed, _cast,
)  # fmt: skip
