"""The tables over the lake: where their objects lie, as whose keys, in what form, in which partitions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from lambdas.core import keys
from lambdas.core.columns import COLUMNS, PARTITIONS, Column
from lambdas.core.proofs import EXPORT, MONTH, RECEIPTS, WINDOWS

HIVE = "org.apache.hadoop.hive.ql.io"


@dataclass(frozen=True)
class Form:
    """How a table's objects are read, in Glue's words."""

    name: str
    serde: str
    reads: str
    writes: str


PARQUET = Form(
    "parquet",
    f"{HIVE}.parquet.serde.ParquetHiveSerDe",
    f"{HIVE}.parquet.MapredParquetInputFormat",
    f"{HIVE}.parquet.MapredParquetOutputFormat",
)
# One object a line. Of the other JSON reader AWS says that rows may be missing or doubled:
# https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
JSON = Form(
    "json",
    "org.apache.hive.hcatalog.data.JsonSerDe",
    "org.apache.hadoop.mapred.TextInputFormat",
    f"{HIVE}.HiveIgnoreKeyTextOutputFormat",
)
# Projected dates: their pattern and their step.
STEPS: Mapping[str, tuple[str, str]] = {"dt": ("yyyy-MM-dd", "DAYS"), "month": ("yyyy-MM", "MONTHS")}


@dataclass(frozen=True)
class Table:
    """One table; `place` makes the prefix of a partition from the export and its date or month."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    partitions: tuple[Column, ...]  # the export, and a date or a month
    prefix: str
    place: Callable[[str, str], str]
    form: Form

    def projection(self, bucket: str, exports: Sequence[str], since: date) -> dict[str, str]:
        """Partition projection: every name ever used, and every day or month from the first one to now."""
        when = self.partitions[1].name
        pattern, unit = STEPS[when]
        first = f"{since:%Y-%m-%d}"[: len(pattern)]
        return {
            "classification": self.form.name,
            "projection.enabled": "true",
            "projection.export.type": "enum",
            "projection.export.values": ",".join(sorted(exports)),
            f"projection.{when}.type": "date",
            f"projection.{when}.format": pattern,
            f"projection.{when}.range": f"{first},NOW",
            f"projection.{when}.interval": "1",
            f"projection.{when}.interval.unit": unit,
            "storage.location.template": f"s3://{bucket}/{self.place('${export}', f'${{{when}}}')}",
        }


TABLES = (
    Table(
        "calls_all",
        "Every row as exported; one on a window's edge may stand in two: query `calls`",
        COLUMNS, PARTITIONS, keys.CALLS, partial(keys.partition, keys.CALLS), PARQUET,
    ),
    Table(
        "receipts",
        "What was asked, got, counted, summed and checked: a line for each revision of a window",
        RECEIPTS, PARTITIONS, keys.RECEIPTS, partial(keys.partition, keys.RECEIPTS), JSON,
    ),
    Table(
        "windows",
        "The proof of coverage: a line for each window, what it is and why, as of the ledger's last change",
        WINDOWS, (EXPORT, MONTH), keys.LEDGER, keys.book, JSON,
    ),
)  # fmt: skip
