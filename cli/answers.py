"""A query's answer for people and for programs: its first rows, each value as Athena words it or as what it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from rich.table import Table
from rich.text import Text

from cli.tables import clean
from cli.wrong import Wrong

NULL = "-"
PAGE = 1000  # rows that GetQueryResults gives at once, at most
WHOLE = frozenset({"tinyint", "smallint", "integer", "bigint"})
BROKEN = frozenset({"float", "double"})
NUMERIC = WHOLE | BROKEN | {"decimal"}


@dataclass(frozen=True)
class Column:
    """A column of the answer; Athena names its type as Trino does, without what stands in brackets."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0


@dataclass(frozen=True)
class Answer:
    """The first rows; None is a null."""

    columns: list[Column]
    rows: list[list[str | None]]
    more: bool = False  # whether there are others


def fetch(athena: Any, query: str, limit: int) -> Answer:
    """The first rows of a query that ended well."""
    wanted = limit + 2  # the header is a row too, and one more tells whether there are others
    pages = athena.get_paginator("get_query_results").paginate(
        QueryExecutionId=query, PaginationConfig={"PageSize": min(PAGE, wanted), "MaxItems": wanted}
    )
    columns, rows = list[Column](), list[list[str | None]]()
    for page in pages:
        columns = columns or described(page["ResultSet"])
        rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]
    del rows[:1]
    return Answer(columns, rows[:limit], more=len(rows) > limit)


def columns(athena: Any, query: str) -> list[Column]:
    """The columns of a query that ended well."""
    return described(athena.get_query_results(QueryExecutionId=query, MaxResults=1)["ResultSet"])


def described(told: Mapping[str, Any]) -> list[Column]:
    """The columns as a ResultSet describes them."""
    return [
        Column(one["Name"], one["Type"], one.get("Precision", 0), one.get("Scale", 0))
        for one in told["ResultSetMetadata"]["ColumnInfo"]
    ]


def table(answer: Answer) -> Table:
    """Each row in a line: numbers at the right, a null as `-`."""
    made = Table()
    for column in answer.columns:
        right = column.type in NUMERIC
        made.add_column(Text(clean(column.name)), justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in answer.rows:
        made.add_row(*(Text(NULL, "dim") if cell is None else Text(clean(cell)) for cell in row))
    return made


def flat(answer: Answer) -> list[dict[str, Any]]:
    """Each row for a program, by its columns' names. Raises Wrong where a name comes twice."""
    names = distinct(answer.columns)
    read = [value(one) for one in answer.columns]
    return [
        {name: None if cell is None else make(cell) for name, make, cell in zip(names, read, row, strict=True)}
        for row in answer.rows
    ]


def distinct(columns: list[Column]) -> list[str]:
    """The columns' names. Raises Wrong where one comes twice: whoever reads them by name would lose the other."""
    names = [one.name for one in columns]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Wrong(f"several columns are called {', '.join(map(clean, twice))}: give each a name of its own with AS")
    return names


def value(column: Column) -> Callable[[str], Any]:
    """How a value of a column becomes one of JSON; decimals stay text, for JSON's readers would round them."""
    if column.type in WHOLE:
        return int
    if column.type == "boolean":
        return lambda cell: cell == "true"
    return _broken if column.type in BROKEN else str


def _broken(cell: str) -> float | str:
    number = float(cell)
    return number if isfinite(number) else cell  # JSON has no word for the others
