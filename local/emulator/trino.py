"""Trino's SQL as DuckDB takes it: a query is read, and what means something else there is put in DuckDB's words.

sqlglot translates most of it; here is what remains. A query that needs more fails and names the function. What cannot
be had of DuckDB fails as well, instead of meaning something else: a division or an average of decimals, which Trino
answers with a decimal and DuckDB with a double.
"""

import datetime
import re
from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import exp

# Each table is read as often as it is named, as Trino does it: no scan serves two readers, and none is made two. What
# lies between two columns is not read with them: DuckDB would, the more of it the slower the machine is just then.
# No extension is fetched: DuckDB would load one, over plain HTTP, for a query that names an address.
SETTINGS = """
SET autoinstall_known_extensions = false;
SET TimeZone = 'UTC';
SET integer_division = true;
SET enable_external_file_cache = false;
SET parquet_prefetch_column_gap = 0;
SET disabled_optimizers = 'common_subplan,late_materialization,window_self_join';
CREATE MACRO to_iso8601(moment) AS strftime(moment, '%Y-%m-%dT%H:%M:%S.%g');
CREATE MACRO to_unixtime(moment) AS epoch(moment);
CREATE MACRO with_timezone(moment, zone) AS timezone(zone, CAST(moment AS TIMESTAMP));
CREATE MACRO at_timezone(moment, zone) AS timezone(zone, CAST(moment AS TIMESTAMPTZ));
CREATE MACRO every(one) AS bool_and(one);
CREATE MACRO map_agg(k, v) AS map_from_entries(list({'k': k, 'v': v}));
CREATE MACRO first_ones(list) AS list_filter(list, lambda one, place: list_position(list, one) = place);
CREATE MACRO all_as(list, like_this) AS list_transform(list, lambda one: cast_to_type(one, like_this));
CREATE MACRO is_decimal(one) AS typeof(one) LIKE 'DECIMAL%';
CREATE MACRO is_double(one) AS typeof(one) IN ('DOUBLE', 'FLOAT');
CREATE MACRO no_decimal(one) AS CASE
  WHEN is_decimal(one) THEN cast_to_type('NOT_SUPPORTED: an average of decimals; cast to double', one) ELSE one END;
CREATE MACRO no_decimals(a, b) AS CASE
  WHEN (is_decimal(a) OR is_decimal(b)) AND NOT (is_double(a) OR is_double(b))
  THEN cast_to_type('NOT_SUPPORTED: a division of decimals; cast to double', b) ELSE b END;
"""
DATES = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")  # added to a date they leave a date
NAMED = ("dt",)  # partition keys that are dates
AS_JAVA = {"s": "VARCHAR", "d": "BIGINT", "f": "DOUBLE", "e": "DOUBLE"}  # what format() takes of any type


def understand(query: str) -> Any:
    """The syntax tree of one query."""
    statements = sqlglot.parse(query, read="athena")
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ValueError("NOT_SUPPORTED: the emulated Athena answers one query (SELECT, WITH or VALUES) at a time")
    _name(statements[0])
    return statements[0]


def _name(query: Any) -> None:
    """Gives the result's nameless columns the names that Athena gives them."""
    if not isinstance(query, exp.Select) or query.is_star:
        return
    for place, column in enumerate(query.selects):
        if not isinstance(column, exp.Alias | exp.Column):
            column.replace(exp.alias_(column.copy(), f"_col{place}"))


def duck(tree: Any, now: datetime.datetime) -> str:
    """DuckDB's text; whatever asks for the time gets `now`, so that it prunes partitions as a constant does."""
    for node in reversed(list(tree.dfs())):
        if isinstance(node, exp.CurrentDate | exp.CurrentTimestamp | exp.Localtimestamp):
            node.replace(_moment(node, now))
        elif put := WORDS.get(type(node)):
            put(node)
    return str(tree.sql("duckdb"))


def _moment(node: Any, now: datetime.datetime) -> Any:
    kind = {exp.CurrentDate: "DATE", exp.CurrentTimestamp: "TIMESTAMPTZ"}.get(type(node), "TIMESTAMP")
    return exp.cast(exp.Literal.string(now.isoformat(" ", "milliseconds")), kind, dialect="duckdb")


def _call(name: str, *given: Any) -> Any:
    return exp.Anonymous(this=name, expressions=list(given))


def _around(node: Any, name: str, *more: Any) -> None:
    """Puts a function around the node."""
    node.replace(_call(name, node.copy(), *more))


def _at_time_zone(node: Any) -> None:
    """Of a time without a zone Trino takes the session's, which is UTC; DuckDB would take the one that is named."""
    node.replace(_call("at_timezone", node.this, node.args["zone"]))


def _dated(node: Any) -> None:
    """A date stays a date when days are added or it is truncated; DuckDB makes a timestamp of it."""
    interval = node.expression if isinstance(node, exp.Add | exp.Sub) else node
    dates = isinstance(node, exp.TimestampTrunc | exp.DateTrunc)
    added = isinstance(interval, exp.Interval | exp.DateAdd) and str(interval.args.get("unit")).upper() in DATES
    if dates or added:
        _around(node, "cast_to_type", node.this.copy())


def _series(node: Any) -> None:
    if isinstance(node.args.get("step"), exp.Interval):
        _around(node, "all_as", node.args["start"].copy())


def _divided(node: Any) -> None:
    node.set("expression", _call("no_decimals", node.this.copy(), node.expression))


def _average(node: Any) -> None:
    if not isinstance(node.this, exp.Distinct):
        node.set("this", _call("no_decimal", node.this))


def _formatted(node: Any) -> None:
    """Java's format takes values of any type; C's does not."""
    letters = re.findall(r"%[^a-zA-Z%]*([a-zA-Z])", node.this.name)
    given = [exp.cast(one, AS_JAVA[letter]) for one, letter in zip(node.expressions, letters, strict=True)]
    node.replace(_call("printf", node.this, *given))


def _unnested(node: Any) -> None:
    """A map's keys and values, or several arrays, side by side."""
    lists, columns = node.expressions, node.alias_column_names
    if node.args.get("offset") or len(columns) < 2:
        return
    if len(lists) == 1:
        lists = [_call("map_keys", lists[0].copy()), _call("map_values", lists[0].copy())]
    rows = exp.select(*[_call("unnest", one.copy()) for one in lists])
    node.replace(exp.Subquery(this=rows, alias=node.args["alias"].copy()))


def _precise(node: Any) -> None:
    """A literal is a timestamp(0) in Trino; DuckDB's of seconds does not mix with the others."""
    if node.this in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ):
        node.set("expressions", [])


def _sure(node: Any) -> None:
    """Trino prunes by whatever it can work out of a partition's name; DuckDB moves to the files what cannot fail."""
    to_date = not isinstance(node, exp.Cast) or node.to.this == exp.DataType.Type.DATE
    if to_date and isinstance(node.this, exp.Column) and node.this.name in NAMED:
        node.replace(exp.TryCast(this=node.this.copy(), to=exp.DataType.build("date")))


def _inlined(node: Any) -> None:
    if not node.parent.args.get("recursive"):
        node.set("materialized", False)


WORDS: dict[type, Callable[[Any], None]] = {
    exp.AtTimeZone: _at_time_zone,
    exp.Add: _dated,
    exp.Sub: _dated,
    exp.DateAdd: _dated,
    exp.TimestampTrunc: _dated,
    exp.DateTrunc: _dated,
    exp.GenerateSeries: _series,
    exp.Div: _divided,
    exp.Avg: _average,
    exp.Format: _formatted,
    exp.ArrayDistinct: lambda node: node.replace(_call("first_ones", node.this)),
    exp.Unnest: _unnested,
    exp.DataType: _precise,
    exp.CTE: _inlined,
    exp.Cast: _sure,
    exp.Date: _sure,
    exp.TsOrDsToDate: _sure,
}
