"""Asks a lake its questions: `.venv-emulator/bin/python -m benchmarks.asking.engine < asked.json`, a line for each.

The catalogue, the tables and the reading of Trino's SQL are the emulator's own (local/emulator); its S3 is a folder.
"""

import datetime
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb  # type: ignore[import-not-found]  # it is in the emulator's environment

from local.emulator import trino
from local.emulator.catalog import Catalog
from local.emulator.scanning import scan
from local.emulator.tables import Files


class Folder:
    """A folder of files as a bucket of objects."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def keys(self, _bucket: str) -> Iterator[str]:
        """Of all files."""
        yield from (str(path.relative_to(self._root)) for path in self._root.rglob("*") if path.is_file())

    def lay(self, _bucket: str, key: str, place: Path) -> None:
        """A link will do."""
        place.symlink_to(self._root / key)


def main() -> None:
    """Answer each question in turn; the tables are looked at once."""
    told = json.load(sys.stdin)
    now = datetime.datetime.now(datetime.UTC)
    with tempfile.TemporaryDirectory(prefix="asking-") as folder, duckdb.connect(":memory:") as connection:
        connection.execute(trino.SETTINGS)
        catalog = Catalog(Files(Path(folder), connection, Folder(Path(told["folder"]).resolve())), told["tables"], now)
        for name, sql in told["asked"].items():
            print(json.dumps(_ask(catalog, name, sql, told["database"])), flush=True)


def _ask(catalog: Catalog, name: str, sql: str, database: str) -> dict[str, Any]:
    tree = trino.understand(sql)
    catalog.resolve(tree, database)
    begun = time.monotonic()
    done = scan(catalog.files.connection, trino.duck(tree, catalog.now))
    seconds = round(time.monotonic() - begun, 3)
    return {"name": name, "read": done.read, "files": done.files, "rows": len(done.rows), "seconds": seconds}


if __name__ == "__main__":
    main()
