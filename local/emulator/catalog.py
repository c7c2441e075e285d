"""The Glue catalogue under a query: every table and view that it names becomes a view of DuckDB.

MiniStack looks a table's location up and finds none for a view, so a view is "not found". On Athena a view's
query is the base64 of a JSON in ViewOriginalText: https://trino.io/docs/current/connector/hive.html#hive-views
"""

import base64
import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.optimizer.scope import traverse_scope

from local.emulator import trino
from local.emulator.tables import Files

OPENING, CLOSING = "/* Presto View: ", " */"


@dataclass(frozen=True)
class Catalog:
    files: Files
    tables: Mapping[str, Any]  # as Glue has them, by `database/table`
    now: datetime.datetime
    made: dict[str, str | None] = field(default_factory=dict)

    def resolve(self, query: Any, database: str) -> None:
        """Replaces, in place, every table of Glue that the query reads."""
        for table in read(query):
            view = self._view(f"{table.db or database}.{table.name}".lower())
            alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name))
            table.replace(exp.Table(this=exp.to_identifier(view), alias=alias))

    def _view(self, name: str) -> str:
        """The name of the view of DuckDB for a table or view of Glue."""
        if name not in self.made:
            view = f"glue{len(self.made)}"
            self.made[name] = None  # until it is made, so that a view of itself is noticed
            self.files.connection.execute(f"CREATE VIEW {view} AS {self._meaning(name)}")
            self.made[name] = view
        if not (made := self.made[name]):
            raise ValueError(f"VIEW_IS_RECURSIVE: {name}")
        return made

    def _meaning(self, name: str) -> str:
        found = self.tables.get(name.replace(".", "/", 1))
        if not found:
            raise ValueError(f"TABLE_NOT_FOUND: Table 'awsdatacatalog.{name}' does not exist")
        return self._query(found) if is_view(found) else self.files.query(name, found)

    def _query(self, found: dict[str, Any]) -> str:
        view = decode(found["ViewOriginalText"])
        inner = parse_one(view["originalSql"], read="athena")
        self.resolve(inner, view.get("schema") or found["DatabaseName"])
        # Athena shows the columns that were written down when the view was made, and no others.
        names = ", ".join(f'"{column["name"]}"' for column in view["columns"])
        return f"SELECT {names} FROM ({trino.duck(inner, self.now)})"  # noqa: S608  # the template's own view


def read(query: Any) -> list[Any]:
    """The tables a query reads; names of its own WITH clauses are none."""
    sources = [source for scope in traverse_scope(query) for source in scope.sources.values()]
    return list({id(one): one for one in sources if isinstance(one, exp.Table) and one.name}.values())


def is_view(found: dict[str, Any]) -> bool:
    return found.get("TableType") == "VIRTUAL_VIEW"


def decode(text: str) -> dict[str, Any]:
    """What Athena keeps of a view: originalSql, catalog, schema, columns."""
    if not text.startswith(OPENING) or not text.endswith(CLOSING):
        raise ValueError("INVALID_VIEW: ViewOriginalText is not /* Presto View: BASE64 */")
    view: dict[str, Any] = json.loads(base64.b64decode(text.removeprefix(OPENING).removesuffix(CLOSING)))
    return view
