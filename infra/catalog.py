"""The Glue catalogue: a database, the tables over the lake, and the views that answer questions."""

from datetime import date, timedelta

from aws_cdk import Aws
from aws_cdk import aws_glue as glue
from constructs import Construct

from infra import questions, views
from infra.answers import VIEWS
from infra.places import TABLES, Table
from infra.settings import Settings
from lambdas.core.columns import Column
from lambdas.core.exports import Exports

# For a start such as "-7d", which counts from the first tick: nobody knows it here, and a rehearsal may set the
# clock back by years. Without a date, a query over everything looks at some 2,500 places for each export.
FIRST = date(2020, 1, 1)
OLDEST = date(2005, 1, 1)  # before any of the vendors: Trino's sequence() of the days in a view has 10,000 at most
AHEAD = 2  # days: a call may begin on a day, by another zone's clock, that is tomorrow in UTC


class Catalog(Construct):
    """No crawler and no MSCK: the partitions are computed from their names."""

    def __init__(self, scope: Construct, name: str, *, bucket: str, exports: Exports, settings: Settings) -> None:
        super().__init__(scope, name)
        self.database, self._zone = settings.database, settings.timezone
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database, description=f"Calls of every export of {settings.name}"
            ),
        )
        tables = [self._table(table, bucket, exports) for table in TABLES]
        for made in (*tables, self._calls(exports), *(self._view(one, exports) for one in VIEWS)):
            made.node.add_dependency(database)

    def _table(self, table: Table, bucket: str, exports: Exports) -> glue.CfnTable:
        names = [export.name for export in exports.exports]
        return self._made(
            glue.CfnTable.TableInputProperty(
                name=table.name,
                description=table.doc,
                table_type="EXTERNAL_TABLE",
                parameters=table.projection(bucket, names, earliest(exports)),
                partition_keys=_columns(table.partitions),
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=_columns(table.columns),
                    location=f"s3://{bucket}/{table.prefix}",
                    input_format=table.form.reads,
                    output_format=table.form.writes,
                    serde_info=glue.CfnTable.SerdeInfoProperty(serialization_library=table.form.serde),
                ),
            )
        )

    def _calls(self, exports: Exports) -> glue.CfnTable:
        sql = views.calls(self.database, exports)
        return self._written("calls", "Each call once", sql, views.CALLS)

    def _view(self, name: str, exports: Exports) -> glue.CfnTable:
        """Over every day that there may be, in the stack's time zone."""
        first = questions.date(max(earliest(exports), OLDEST) - timedelta(days=AHEAD))
        last = f"CAST(date_add('day', {AHEAD}, current_date) AS date)"
        asked = questions.Asked(self.database, exports, first, last, self._zone)
        sql = views.typed(questions.text(name, asked), VIEWS[name])
        return self._written(name, questions.QUESTIONS[name].asks, sql, VIEWS[name])

    def _written(self, name: str, doc: str, sql: str, columns: tuple[Column, ...]) -> glue.CfnTable:
        return self._made(
            glue.CfnTable.TableInputProperty(
                name=name,
                description=doc,
                table_type="VIRTUAL_VIEW",
                # Athena knows its own views by these two.
                parameters={"presto_view": "true", "comment": "Presto View"},
                partition_keys=[],
                view_original_text=views.original(sql, self.database, columns),
                view_expanded_text="/* Presto View */",
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=_columns(columns), location="", serde_info=glue.CfnTable.SerdeInfoProperty()
                ),
            )
        )

    def _made(self, table: glue.CfnTable.TableInputProperty) -> glue.CfnTable:
        name = "".join(part.title() for part in str(table.name).split("_"))
        return glue.CfnTable(self, name, catalog_id=Aws.ACCOUNT_ID, database_name=self.database, table_input=table)


def earliest(exports: Exports) -> date:
    """The first day that may hold a call; the same at every synth, so that no deploy changes it by itself.

    Never after FIRST: a `start` that is moved forward must not hide what was exported before.
    """
    return min(FIRST, *(export.start for export in exports.exports if not isinstance(export.start, int)), FIRST)


def _columns(columns: tuple[Column, ...]) -> list[glue.CfnTable.ColumnProperty]:
    return [glue.CfnTable.ColumnProperty(name=c.name, type=c.athena, comment=c.doc) for c in columns]
