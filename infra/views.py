"""The views: the SQL of `calls`, types that are sure, and the form in which Glue keeps a view of Athena."""

import base64
import json
import re
from collections.abc import Iterable, Sequence

from lambdas.core.columns import COLUMNS, PARTITIONS, Column
from lambdas.core.exports import Export, Exports
from lambdas.vendors import FACTS

# Hive's types and Trino's, where they are not the same word (Athena's "Data types" page).
# Parquet times are microseconds, but Athena reads a Hive `timestamp` as timestamp(3).
TRINO = {
    "string": "varchar",
    "timestamp": "timestamp(3)",
    "map<string,string>": "map(varchar, varchar)",
}
SAME = ("bigint", "smallint", "boolean", "double", "date")
CALLS = (*COLUMNS, *PARTITIONS)
NAMES = tuple(column.name for column in CALLS)


def trino(athena: str) -> str:
    """The type that Trino gives a column of that Hive type; KeyError for one that nobody has mapped."""
    same = athena in SAME or re.fullmatch(r"decimal\(\d+,\d+\)", athena)
    return athena if same else TRINO[athena]


def typed(sql: str, columns: Sequence[Column]) -> str:
    """The same with exactly these columns and types: Athena calls a view stale whose SQL has others than Glue says."""
    listed = ",\n  ".join(f"CAST({one.name} AS {trino(one.athena)}) AS {one.name}" for one in columns)
    return f"SELECT\n  {listed}\nFROM (\n{sql}\n) AS answer"  # constants, and the SQL of this folder


def calls(database: str, exports: Exports) -> str:
    """Each call once: rows away from every window's edge as they are, those on an edge once by `row_id`.

    A row on an edge may stand in the windows on both sides, whatever time the vendor selects by and whether
    its end is inclusive. The one inside its window is preferred, then the earlier; every query sees the same one.
    The windows on both sides of an edge have one date or two that follow each other, so a row is held against those
    of its own date and the two beside it alone: a filter on `dt` spares all other dates here too.

    Whether a vendor may deliver a call under two of its sources no document says. So of a vendor with several, the
    rows of the later ones count where the first has no such `row_id` on the same day.
    """
    columns = ",\n  ".join(NAMES)
    later, plain = _later(exports), "NOT coalesce(boundary, false)"
    # No injection: columns are constants, the database a checked stage, exports and sources checked names.
    return f"""\
SELECT
  {columns}
FROM {database}.calls_all
WHERE {plain} AND NOT {later}
UNION ALL
SELECT
  {columns}
FROM (
  SELECT
    calls_all.*,
    rank() OVER (PARTITION BY export, dt, row_id ORDER BY source) AS place
  FROM {database}.calls_all
  WHERE {plain} AND {later}
) AS spare
{_held(database, _first(exports))}
WHERE held_row_id IS NULL
  AND place = 1
UNION ALL
SELECT
  {columns}
FROM (
  SELECT
    calls_all.*,
    coalesce(in_window, false) AS inside,
    row_number() OVER (PARTITION BY export, dt, row_id ORDER BY coalesce(in_window, false) DESC, source) AS place
  FROM {database}.calls_all
  WHERE boundary
) AS edge
{_held(database, f"{plain} AND {_first(exports)}")}
{_beside(database, "before", 1)}
{_beside(database, "after", -1)}
WHERE held_row_id IS NULL
  AND place = 1
  AND (before_row_id IS NULL OR (inside AND NOT before_inside))
  AND (after_row_id IS NULL OR inside OR NOT after_inside)"""  # noqa: S608  # the reason stands above


def _held(database: str, held: str) -> str:
    """What rows that meet a condition hold already."""
    return f"""\
LEFT JOIN (
  SELECT DISTINCT export AS held_export, dt AS held_dt, row_id AS held_row_id
  FROM {database}.calls_all
  WHERE {held}
) AS held
  ON held_export = export AND held_dt = dt AND held_row_id = row_id"""  # noqa: S608  # as above


def _beside(database: str, name: str, days: int) -> str:
    """The rows on an edge of a neighbouring date, so many days earlier, under the date that they are beside of."""
    return f"""\
LEFT JOIN (
  SELECT
    export AS {name}_export,
    CAST(CAST(date_add('day', {days}, CAST(dt AS date)) AS date) AS varchar) AS {name}_dt,
    row_id AS {name}_row_id,
    bool_or(coalesce(in_window, false)) AS {name}_inside
  FROM {database}.calls_all
  WHERE boundary
  GROUP BY export, dt, row_id
) AS {name}
  ON {name}_export = export AND {name}_dt = dt AND {name}_row_id = row_id"""  # noqa: S608  # as above


def _sources(export: Export) -> list[str]:
    """Every source that the vendor has in any of its APIs: what was exported once is there, whatever is asked today."""
    facts = FACTS[export.vendor]
    return list(dict.fromkeys(source for api in facts.apis for source in facts.sources({}, api)))


def _later(exports: Exports) -> str:
    """Rows of a vendor's second and further sources."""
    return _among((export.name, source) for export in exports.exports for source in _sources(export)[1:])


def _first(exports: Exports) -> str:
    """Rows of the first source of a vendor that has several."""
    return _among((one.name, _sources(one)[0]) for one in exports.exports if _sources(one)[1:])


def _among(pairs: Iterable[tuple[str, str]]) -> str:
    """A condition on export and source; the sources of one kind stand together, so that a short text comes of it."""
    by_source: dict[str, list[str]] = {}
    for export, source in pairs:
        by_source.setdefault(source, []).append(f"'{export}'")
    parts = [f"source = '{source}' AND export IN ({', '.join(names)})" for source, names in by_source.items()]
    return f"({' OR '.join(parts)})" if parts else "false"


def original(sql: str, database: str, columns: Sequence[Column]) -> str:
    """ViewOriginalText as Athena's own CREATE VIEW writes it."""
    view = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": one.name, "type": trino(one.athena)} for one in columns],
    }
    return f"/* Presto View: {base64.b64encode(json.dumps(view).encode()).decode()} */"
