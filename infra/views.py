"""The view `calls`: its SQL, and the form in which Glue keeps a view of Athena."""

import base64
import json
import re

from lambdas.core.columns import COLUMNS, PARTITIONS

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


def calls(database: str) -> str:
    """Each call once: rows away from every window's edge as they are, those on an edge once by `row_id`.

    A row on an edge may stand in the windows on both sides, whatever time the vendor selects by and whether
    its end is inclusive. The one inside its window is preferred; every query sees the same one.
    """
    columns = ",\n  ".join(NAMES)
    # No injection: the columns are constants and the database is a checked stage.
    return f"""\
SELECT
  {columns}
FROM {database}.calls_all
WHERE NOT coalesce(boundary, false)
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
WHERE place = 1"""  # noqa: S608  # the reason stands above


def original(sql: str, database: str) -> str:
    """ViewOriginalText as Athena's own CREATE VIEW writes it."""
    view = {
        "originalSql": sql,
        "catalog": "awsdatacatalog",
        "schema": database,
        "columns": [{"name": c.name, "type": trino(c.athena)} for c in (*COLUMNS, *PARTITIONS)],
    }
    return f"/* Presto View: {base64.b64encode(json.dumps(view).encode()).decode()} */"
