"""One query of DuckDB, and what it read for its answer; without MiniStack, so that a benchmark may ask, too."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scan:
    """A query's answer, the bytes and the files it read: its own, not those of looking at the tables before."""

    description: list[Any]
    rows: list[Any]
    read: int
    files: int


def scan(connection: Any, text: str) -> Scan:
    """Ask."""
    connection.execute("PRAGMA enable_profiling = 'no_output'")
    result = connection.execute(text)
    rows = result.fetchall()
    told = json.loads(connection.get_profiling_information(format="json"))
    read = int(told.get("io", {}).get("total_bytes_read", 0))  # nothing is told of a query that the planner answered
    return Scan(result.description, rows, read, sum(_files(told)))


def _files(told: dict[str, Any]) -> Iterator[int]:
    """Those of each scan of a table, below the query's own entry."""
    for one in told.get("operator", told.get("children", [])):
        yield int(one.get("extra_info", {}).get("Total Files Read", 0))
        yield from _files(one)
