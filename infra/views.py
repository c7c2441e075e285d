"""The view `calls`: its SQL, and the form in which Glue keeps a view of Athena."""

import base64
import json
import re
from collections.abc import Iterable

from lambdas.core.columns import COLUMNS, PARTITIONS
from lambdas.core.exports import Export, Exports
from lambdas.vendors import FACTS

# Hive's types and Trino's, where they are not the same word (Athena's "Data types" page).
# Parquet times are microseconds, but Athena reads a Hive `timestamp` as timestamp(3).
TRINO = {
    "string": "varchar",
    "timestamp": "timestamp(3)",
    "map<string,string>": "map(varchar, varchar)",
}
SAME = ("bigint", "smallint", "boolean", "double")
NAMES = tuple(column.name for column in (*COLUMNS, *PARTITIONS))


def trino(athena: str) -> str:
    """The type that Trino gives a column of that Hive type; KeyError for one that nobody has mapped."""
    same = athena in SAME or re.fullmatch(r"decimal\(\d+,\d+\)", athena)
    return athena if same else TRINO[athena]


def calls(database: str, exports: Exports) -> str:
    """Each call once: rows away from every window's edge as they are, those on an edge once by `row_id`.

    A row on an edge may stand in the windows on both sides, whatever time the vendor selects by and whether
    its end is inclusive. The one inside its window is preferred; every query sees the same one.

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
{_unless(database, _first(exports))}
  AND place = 1
UNION ALL
SELECT
  {columns}
FROM (
  SELECT
    calls_all.*,
    row_number() OVER (PARTITION BY export, row_id ORDER BY in_window DESC, dt, source) AS place
  FROM {database}.calls_all
  WHERE boundary
) AS edge
{_unless(database, f"{plain} AND {_first(exports)}")}
  AND place = 1"""  # noqa: S608  # the reason stands above


def _unless(database: str, held: str) -> str:
    """Leaves out what rows that meet a condition hold already."""
    return f"""\
LEFT JOIN (
  SELECT DISTINCT export AS held_export, dt AS held_dt, row_id AS held_row_id
  FROM {database}.calls_all
  WHERE {held}
) AS held
  ON held_export = export AND held_dt = dt AND held_row_id = row_id
WHERE held_row_id IS NULL"""  # noqa: S608  # as above


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


def original(sql: str, database: str) -> str:
    """ViewOriginalText as Athena's own CREATE VIEW writes it."""
    view = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": c.name, "type": trino(c.athena)} for c in (*COLUMNS, *PARTITIONS)],
    }
    return f"/* Presto View: {base64.b64encode(json.dumps(view).encode()).decode()} */"
