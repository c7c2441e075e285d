"""The Glue catalogue: a database, the table `calls_all` over the lake, and the view `calls`."""

from datetime import date

from aws_cdk import Aws
from aws_cdk import aws_glue as glue
from constructs import Construct

from infra import views
from infra.settings import Settings
from lambdas.core import keys
from lambdas.core.columns import COLUMNS, PARTITIONS, Column
from lambdas.core.exports import Exports

# For a start such as "-7d", which counts from the first tick: nobody knows it here, and a rehearsal may set the
# clock back by years. Without a date, a query over everything looks at some 2,500 places for each export.
FIRST = date(2020, 1, 1)
PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


class Catalog(Construct):
    """No crawler and no MSCK: the partitions are computed from their names."""

    def __init__(self, scope: Construct, name: str, *, bucket: str, exports: Exports, settings: Settings) -> None:
        super().__init__(scope, name)
        self.database = settings.database
        database = glue.CfnDatabase(
            self,
            "Database",
            catalog_id=Aws.ACCOUNT_ID,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.database, description=f"Calls of every export of {settings.name}"
            ),
        )
        for made in (self._table(bucket, exports), self._view(exports)):
            made.node.add_dependency(database)

    def _table(self, bucket: str, exports: Exports) -> glue.CfnTable:
        return self._made(
            "CallsAll",
            glue.CfnTable.TableInputProperty(
                name="calls_all",
                description="Every row as exported; one on a window's edge may stand in two: query `calls`",
                table_type="EXTERNAL_TABLE",
                parameters=projection(bucket, exports),
                partition_keys=_columns(PARTITIONS),
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=_columns(COLUMNS),
                    location=f"s3://{bucket}/{keys.CALLS}",
                    input_format=f"{PARQUET}.MapredParquetInputFormat",
                    output_format=f"{PARQUET}.MapredParquetOutputFormat",
                    serde_info=glue.CfnTable.SerdeInfoProperty(
                        serialization_library=f"{PARQUET}.serde.ParquetHiveSerDe"
                    ),
                ),
            ),
        )

    def _view(self, exports: Exports) -> glue.CfnTable:
        return self._made(
            "Calls",
            glue.CfnTable.TableInputProperty(
                name="calls",
                table_type="VIRTUAL_VIEW",
                # Athena knows its own views by these two.
                parameters={"presto_view": "true", "comment": "Presto View"},
                partition_keys=[],
                view_original_text=views.original(views.calls(self.database, exports), self.database),
                view_expanded_text="/* Presto View */",
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                    columns=_columns((*COLUMNS, *PARTITIONS)),
                    location="",
                    serde_info=glue.CfnTable.SerdeInfoProperty(),
                ),
            ),
        )

    def _made(self, name: str, table: glue.CfnTable.TableInputProperty) -> glue.CfnTable:
        return glue.CfnTable(self, name, catalog_id=Aws.ACCOUNT_ID, database_name=self.database, table_input=table)


def projection(bucket: str, exports: Exports) -> dict[str, str]:
    """Partition projection: every name ever used, and every day from the earliest start to today."""
    return {
        "classification": "parquet",
        "projection.enabled": "true",
        "projection.export.type": "enum",
        "projection.export.values": ",".join(sorted(export.name for export in exports.exports)),
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": f"{earliest(exports):%Y-%m-%d},NOW",
        "projection.dt.interval": "1",
        "projection.dt.interval.unit": "DAYS",
        "storage.location.template": f"s3://{bucket}/{keys.partition(keys.CALLS, '${export}', '${dt}')}",
    }


def earliest(exports: Exports) -> date:
    """The first day that may hold a call; the same at every synth, so that no deploy changes it by itself.

    Never after FIRST: a `start` that is moved forward must not hide what was exported before.
    """
    return min(FIRST, *(export.start for export in exports.exports if not isinstance(export.start, int)), FIRST)


def _columns(columns: tuple[Column, ...]) -> list[glue.CfnTable.ColumnProperty]:
    return [glue.CfnTable.ColumnProperty(name=c.name, type=c.athena, comment=c.doc) for c in columns]
