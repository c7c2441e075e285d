"""Athena's engine: MiniStack hands the text to DuckDB as it is; here it is read as Trino's SQL, and rows come as text.

What Athena does besides: views of the Glue catalogue (MiniStack knows none), tables with the columns that Glue names
and no others, `_col0` for a column without a name, names in lower case, timestamps in milliseconds. A statement
that is no query (DDL, SHOW, EXPLAIN) fails here, where MiniStack would let a CREATE VIEW succeed and vanish.
"""

import asyncio
import datetime
import tempfile
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import duckdb  # type: ignore[import-not-found]  # it is in the emulator's environment
import sqlglot
from ministack.services import athena, s3
from sqlglot import exp

from local.emulator.catalog import Catalog
from local.emulator.tables import Files

# Where DuckDB's ways differ, and functions of Trino that neither sqlglot translates nor DuckDB has; a query that
# needs another fails and names it.
TRINO = """
SET TimeZone = 'UTC';
SET integer_division = true;
CREATE MACRO to_iso8601(moment) AS strftime(moment, '%Y-%m-%dT%H:%M:%S.%g');
CREATE MACRO to_unixtime(moment) AS epoch(moment);
"""


def apply() -> None:
    athena._run_duckdb = run
    athena._save_query_results = save


async def run(query: str, database: str | None, _catalogue: str | None = None) -> dict[str, Any]:
    """Takes the place of MiniStack's; the context, which says whose catalogue it is, goes into the thread."""
    return await asyncio.to_thread(_answer, query, database or "default")


def _answer(query: str, database: str) -> dict[str, Any]:
    tree = understand(query)
    with tempfile.TemporaryDirectory(prefix="athena-") as folder, duckdb.connect(":memory:") as connection:
        connection.execute(TRINO)
        Catalog(Files(Path(folder), connection)).resolve(tree, database)
        result = connection.execute(tree.sql("duckdb"))
        rows = [[text(value) for value in row] for row in result.fetchall()]
        return {
            "columns": [column[0].lower() for column in result.description],
            "column_types": [_type(str(column[1])) for column in result.description],
            "rows": rows,
        }


async def save(query: str) -> None:
    """The result at OutputLocation, where MiniStack says it is and does not put it: all in quotes, nulls empty."""
    execution = athena._executions[query]
    table = [execution["_results"]["columns"], *execution["_results"]["rows"]]
    lines = [",".join("" if cell is None else _quoted(cell) for cell in row) for row in table]
    place = urlparse(execution["ResultConfiguration"]["OutputLocation"])
    body = "".join(f"{line}\n" for line in lines).encode()
    status, *_, told = s3._put_object(place.netloc, place.path[1:], body, {"content-type": "text/csv"})
    if status >= HTTPStatus.BAD_REQUEST:
        raise ValueError(f"the result cannot be written: {told!r}")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


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


def _type(duck: str) -> str:
    base = duck.upper().partition("(")[0]
    if base.endswith("[]"):
        return "array"
    return str(athena._DUCKDB_TYPE_MAP.get(base, "varchar"))


def text(value: Any) -> str | None:
    """A value as GetQueryResults words it."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case Decimal():
            return format(value, "f")  # str() would say 0E-6
        case datetime.datetime():
            return value.replace(tzinfo=None).isoformat(" ", "milliseconds")
        case list():
            return f"[{', '.join(text(one) or 'null' for one in value)}]"
        case dict():
            return "{" + ", ".join(f"{key}={text(one) or 'null'}" for key, one in value.items()) + "}"
        case bytes():
            return value.hex(" ")
    return str(value)
