"""A Glue table's files, as DuckDB may read them and as Athena would show them.

MiniStack shows whatever columns the files have; Athena shows Glue's: by name for Parquet and JSON, null where a file
lacks one, an error where the types differ. Partition columns come from the path, and with partition projection a
file that the projection does not reach (another folder, a value not listed, a date out of range) is not seen.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlparse

from sqlglot import exp

from local.emulator import projection

Shape = tuple[tuple[str, str], ...]  # a file's columns and their types


class Objects(Protocol):
    """Where the objects of buckets are."""

    def keys(self, bucket: str) -> Iterable[str]:
        """Of all of them."""

    def lay(self, bucket: str, key: str, place: Path) -> None:
        """Puts a file with an object's bytes there."""


@dataclass(frozen=True)
class Files:
    """The files of one query, laid where their names tell the partition."""

    folder: Path
    connection: Any
    objects: Objects
    numbers: Any = field(default_factory=itertools.count)

    def query(self, name: str, table: dict[str, Any]) -> str:
        """Glue's columns and keys over the table's files; no rows if there are none."""
        columns, keys = _kinds(table["StorageDescriptor"]["Columns"]), _kinds(table.get("PartitionKeys") or [])
        files = self._laid(table, list(keys))
        if not files:
            nothing = ", ".join(_shown(one, kind) for one, kind in (columns | keys).items())
            return f"SELECT {nothing} WHERE FALSE"
        # Keys first: of the first column DuckDB reads all rows of a union, even for count(*), and a key costs nothing.
        kinds = {**keys, **columns}
        parts = []
        for shape, alike in self._alike(table, files, columns, keys).items():
            present = _present(name, shape, kinds)
            shown = ", ".join(_shown(one, kind, present=one in present) for one, kind in kinds.items())
            parts.append(f"SELECT {shown} FROM {_reader(table, alike, columns, keys)}")  # noqa: S608  # Glue's
        names = ", ".join(f'"{one}"' for one in (*columns, *keys))
        return f"SELECT {names} FROM ({' UNION ALL '.join(parts)})"  # noqa: S608  # the same

    def _alike(
        self, table: dict[str, Any], files: list[str], columns: dict[str, str], keys: dict[str, str]
    ) -> dict[Shape, list[str]]:
        """The files by their shape: for `union_by_name` DuckDB would open every file, even of a day not asked for."""
        if "Parquet" not in _serde(table):  # lines of JSON are read as Glue's columns, whatever they have
            return {tuple((columns | keys).items()): files}
        found: dict[Shape, list[str]] = {}
        for file in files:
            reader = _reader(table, [file], columns, keys)
            told = self.connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall()  # noqa: S608  # Glue's
            found.setdefault(tuple((column, kind) for column, kind, *_ in told), []).append(file)
        return found

    def _laid(self, table: dict[str, Any], keys: list[str]) -> list[str]:
        place = urlparse(table["StorageDescriptor"]["Location"])
        prefix = place.path.strip("/") + "/"
        laid = []
        for key in sorted(self.objects.keys(place.netloc)):
            values = None if hidden(key) else projection.partition(table, prefix, f"s3://{place.netloc}/{key}")
            if values is not None:
                folders = [f"{one}={values[one]}" for one in keys]
                file = self.folder.joinpath(f"table{next(self.numbers)}", *folders, Path(key).name)
                file.parent.mkdir(parents=True)
                self.objects.lay(place.netloc, key, file)
                laid.append(str(file))
        return laid


def _shown(column: str, kind: str, *, present: bool = False) -> str:
    cell = f'"{column}"' if present else "NULL"
    return f'CAST({cell} AS {kind}) AS "{column}"'


def _present(name: str, shape: Shape, expected: dict[str, str]) -> set[str]:
    """The expected columns that files of a shape have; a type that Athena would not read is an error."""
    found = {(column, kind) for column, kind in shape if column in expected}
    for column, kind in sorted(found):
        if not _readable(kind, expected[column]):
            raise ValueError(f"HIVE_BAD_DATA: {name}.{column} is {kind}, Glue says {expected[column]}")
    return {column for column, _ in found}


def hidden(key: str) -> bool:
    """Trino's Hive reader skips names that start with a dot or an underscore."""
    return key.endswith("/") or any(part.startswith(("_", ".")) for part in key.split("/"))


def _reader(table: dict[str, Any], files: list[str], columns: dict[str, str], keys: dict[str, str]) -> str:
    listed = f"[{', '.join(_quoted(file) for file in files)}]"
    hive = f"hive_partitioning = {bool(keys)}"
    if keys:
        hive += f", hive_types = {{{', '.join(f'{_quoted(key)}: {kind}' for key, kind in keys.items())}}}"
    serde = _serde(table)
    if "Parquet" in serde:
        return f"read_parquet({listed}, {hive})"
    if "Json" in serde:
        # One object a line, as Athena wants it; an object over several lines is an error there too.
        kinds = ", ".join(f"{_quoted(column)}: {_quoted(kind)}" for column, kind in columns.items())
        return f"read_json({listed}, columns = {{{kinds}}}, format = 'newline_delimited', {hive})"
    raise ValueError(f"NOT_SUPPORTED: the emulated Athena reads Parquet and JSON, not {serde}")


def _serde(table: dict[str, Any]) -> str:
    return str(table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"])


def _readable(found: str, expected: str) -> bool:
    """Trino widens numbers, rescales decimals, and takes timestamps of any precision."""
    one, other = found.partition("(")[0], expected.partition("(")[0]
    wider = (one, other) in {("INTEGER", "BIGINT"), ("SMALLINT", "INTEGER"), ("FLOAT", "DOUBLE")}
    return one == other or wider or (one.startswith("TIMESTAMP") and other.startswith("TIMESTAMP"))


def _kinds(columns: list[dict[str, str]]) -> dict[str, str]:
    """DuckDB's types for Hive's, spelt as DESCRIBE spells them."""
    spelt = {"TEXT": "VARCHAR", "INT": "INTEGER", "REAL": "FLOAT"}
    kinds = {one["Name"]: str(exp.DataType.build(one["Type"], dialect="hive").sql("duckdb")) for one in columns}
    return {column: spelt.get(kind, kind.replace("TEXT", "VARCHAR")) for column, kind in kinds.items()}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
