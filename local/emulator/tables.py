"""A Glue table's files, as DuckDB may read them and as Athena would show them.

MiniStack shows whatever columns the files have; Athena shows Glue's: by name for Parquet and JSON, null where a file
lacks one, an error where the types differ. Partition columns come from the path, and with partition projection a
file that the projection does not reach (another folder, a value not listed, a date out of range) is not seen.
"""

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ministack.services import s3
from sqlglot import exp

from local.emulator import projection


@dataclass(frozen=True)
class Files:
    """The files of one query, copied out of the emulated S3."""

    folder: Path
    connection: Any
    numbers: Any = field(default_factory=itertools.count)

    def query(self, name: str, table: dict[str, Any]) -> str:
        """Glue's columns and keys over the table's files; no rows if there are none."""
        columns, keys = _kinds(table["StorageDescriptor"]["Columns"]), _kinds(table.get("PartitionKeys") or [])
        nothing = ", ".join(f'CAST(NULL AS {kind}) AS "{one}"' for one, kind in (columns | keys).items())
        files = self._copy(table, list(keys))
        if not files:
            return f"SELECT {nothing} WHERE FALSE"
        readers = [_reader(table, [file], columns, keys) for file in files]
        present = self._present(name, readers, columns | keys)
        shown = ", ".join(f'CAST("{one}" AS {kind}) AS "{one}"' for one, kind in present.items())
        reader = _reader(table, files, columns, keys)
        return f"SELECT {nothing} WHERE FALSE UNION ALL BY NAME SELECT {shown} FROM {reader}"  # noqa: S608  # Glue's

    def _copy(self, table: dict[str, Any], keys: list[str]) -> list[str]:
        place = urlparse(table["StorageDescriptor"]["Location"])
        bucket = s3._buckets.get(place.netloc) or {"objects": {}}
        prefix = place.path.strip("/") + "/"
        copies = []
        for key in sorted(bucket["objects"]):
            values = None if hidden(key) else projection.partition(table, prefix, f"s3://{place.netloc}/{key}")
            if values is not None:
                folders = [f"{one}={values[one]}" for one in keys]
                copy = self.folder.joinpath(f"table{next(self.numbers)}", *folders, Path(key).name)
                copy.parent.mkdir(parents=True)
                copy.write_bytes(s3._get_object_data(place.netloc, key))
                copies.append(str(copy))
        return copies

    def _present(self, name: str, readers: list[str], expected: dict[str, str]) -> dict[str, str]:
        """The expected columns that the files have; a type that Athena would not read is an error."""
        shapes = [self.connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall() for reader in readers]  # noqa: S608  # Glue's
        found = {(column, kind) for shape in shapes for column, kind, *_ in shape if column in expected}
        for column, kind in sorted(found):
            if not _readable(kind, expected[column]):
                raise ValueError(f"HIVE_BAD_DATA: {name}.{column} is {kind}, Glue says {expected[column]}")
        return {column: expected[column] for column, _ in found}


def hidden(key: str) -> bool:
    """Trino's Hive reader skips names that start with a dot or an underscore."""
    return key.endswith("/") or any(part.startswith(("_", ".")) for part in key.split("/"))


def _reader(table: dict[str, Any], files: list[str], columns: dict[str, str], keys: dict[str, str]) -> str:
    listed = f"[{', '.join(_quoted(file) for file in files)}]"
    hive = f"hive_partitioning = {bool(keys)}"
    if keys:
        hive += f", hive_types = {{{', '.join(f'{_quoted(key)}: {kind}' for key, kind in keys.items())}}}"
    serde = table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"]
    if "Parquet" in serde:
        return f"read_parquet({listed}, union_by_name = true, {hive})"
    if "Json" in serde:
        # One object a line, as Athena wants it; an object over several lines is an error there too.
        kinds = ", ".join(f"{_quoted(column)}: {_quoted(kind)}" for column, kind in columns.items())
        return f"read_json({listed}, columns = {{{kinds}}}, format = 'newline_delimited', {hive})"
    raise ValueError(f"NOT_SUPPORTED: the emulated Athena reads Parquet and JSON, not {serde}")


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
