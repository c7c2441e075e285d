"""Names: which column each one means by Trino's rules, and what has to be grouped."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from tests.infra.sql.kinds import worded

# Glue's tables by name, each with its columns and their Hive types.
Tables = Mapping[str, Mapping[str, str]]
# Aggregates for which sqlglot has no class of their own.
AGGREGATES = {"map_agg", "multimap_agg", "histogram", "checksum", "geometric_mean", "numeric_histogram", "reduce_agg"}


def resolve(sql: str, database: str, tables: Tables) -> Any:
    """The tree with every column bound to its table; SqlglotError where Trino says COLUMN_NOT_FOUND.

    Trino knows the aliases of a SELECT in its ORDER BY alone; DuckDB in WHERE, GROUP BY and HAVING as well.
    """
    tree = sqlglot.parse_one(sql, read="athena")
    _known(tree, tables)
    known = MappingSchema(schema(database, tables), dialect="athena")
    tree = qualify(
        tree, schema=known, db=database, dialect="athena", expand_alias_refs=False, validate_qualify_columns=True,
        quote_identifiers=False, identify=False,
    )  # fmt: skip
    for scope in traverse_scope(tree):
        _bind(scope, Resolver(scope, known))
    return tree


def _bind(scope: Any, resolver: Resolver) -> None:
    """The columns of HAVING, which sqlglot takes for aliases and leaves alone."""
    having = scope.expression.args.get("having")
    for column in having.find_all(exp.Column) if having else ():
        if not column.table:
            table = resolver.get_table(column)
            if table is None:
                raise SqlglotError(f"Column '{column.name}' could not be resolved in HAVING")
            column.set("table", table)


def schema(database: str, tables: Tables) -> dict[str, object]:
    """The tables as sqlglot wants them: their types are Hive's, which are not Trino's words."""
    return {
        database: {
            table: {name: exp.DataType.build(kind, dialect="hive") for name, kind in columns.items()}
            for table, columns in tables.items()
        }
    }


def ordered(sql: str) -> Iterator[str]:
    """What Trino refuses of ORDER BY, seen before columns are bound: names there are first of all the SELECT's own."""
    for select in sqlglot.parse_one(sql, read="athena").find_all(exp.Select):
        order = select.args.get("order")
        made = {one.alias for one in select.selects if not isinstance(one.unalias(), exp.Column)}
        for part in order.expressions if order else ():
            columns = list(part.find_all(exp.Column))
            inside = [one.name for one in columns if one.name in made and any(map(_aggregate, _above(one, part)))]
            yield from (f"an aggregate of ORDER BY cannot take '{name}', which the SELECT makes" for name in inside)
            shown = {one.alias_or_name for one in select.selects} | {one.unalias().sql() for one in select.selects}
            if select.args.get("distinct") and not select.is_star and part.this.sql() not in shown:
                yield f"SELECT DISTINCT cannot be ordered by what it does not show: {worded(part)}"


def _known(tree: Any, tables: Tables) -> None:
    made = {one.alias for one in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name not in made and table.name not in tables:
            raise SqlglotError(f"Table '{table.name}' does not exist")


def faults(tree: Any) -> Iterator[str]:
    """What Trino refuses of a tree whose columns are bound."""
    for scope in traverse_scope(tree):
        select = scope.expression
        if isinstance(select, exp.Select):
            yield from _ungrouped(select)
        outside = isinstance(select, exp.Query) and scope.is_correlated_subquery
        if outside and not isinstance(select.parent, exp.Exists):
            yield f"a subquery that looks outside, which Trino may not be able to take apart: {worded(select)}"


def _ungrouped(select: Any) -> Iterator[str]:
    """EXPRESSION_NOT_AGGREGATE: a column outside aggregates that is not grouped."""
    group = select.args.get("group")
    if not group and not any(map(_aggregates, select.selects)):
        return
    grouped = {one.sql() for one in group.iter_expressions()} if group else set()
    having, order = select.args.get("having"), select.args.get("order")
    aliases = {one.alias for one in select.selects}
    for part in [*select.selects, *([having] if having else []), *(order.expressions if order else [])]:
        for column in _loose(part, grouped):
            if column.table or column.name not in aliases:
                yield f"'{worded(column)}' must be an aggregate expression or appear in GROUP BY"


def _above(node: Any, top: Any) -> Iterator[Any]:
    while node is not top:
        yield node
        node = node.parent


def _aggregates(part: Any) -> bool:
    """Whether an expression of a SELECT makes one row of many."""
    if _aggregate(part) and not isinstance(part.parent, exp.Window):
        filtered = isinstance(part.parent, exp.Filter) and isinstance(part.parent.parent, exp.Window)
        return not filtered
    return not isinstance(part, exp.Query) and any(map(_aggregates, part.iter_expressions()))


def _aggregate(node: Any) -> bool:
    return isinstance(node, exp.AggFunc) or (isinstance(node, exp.Anonymous) and node.name.lower() in AGGREGATES)


def _loose(node: Any, grouped: set[str]) -> Iterator[Any]:
    """The columns of an expression that stand neither in an aggregate nor in something grouped."""
    if node.sql() in grouped or isinstance(node, exp.Query):
        return
    if _aggregate(node) and not isinstance(node.parent, exp.Window):
        return
    if isinstance(node, exp.Filter) and not isinstance(node.parent, exp.Window):
        return
    if isinstance(node, exp.Column):
        yield node
        return
    for part in node.iter_expressions():
        yield from _loose(part, grouped)
