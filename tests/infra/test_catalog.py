"""The Glue catalogue against the facts that it is made from."""

import base64
import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from infra import views
from infra.catalog import earliest
from lambdas.core import keys
from lambdas.core.columns import COLUMNS, PARTITIONS
from lambdas.core.exports import parse
from lambdas.core.windows import Window
from lambdas.vendors import FACTS
from tests.infra.template import Resource, Template, text

EXPORTS = ["flowroute-main", "flowroute-old", "telnyx-main", "telnyx-other"]


def table(made: Template, name: str) -> Resource:
    (found,) = [one["TableInput"] for one in made.of("Glue::Table").values() if one["TableInput"]["Name"] == name]
    return dict(found)


@pytest.fixture
def view(made: Template) -> dict[str, Any]:
    """What Athena reads out of the view's text."""
    match = re.fullmatch(r"/\* Presto View: (\S+) \*/", table(made, "calls")["ViewOriginalText"])
    assert match
    return dict(json.loads(base64.b64decode(match[1])))


def test_the_table_has_the_columns_of_the_files(made: Template) -> None:
    """In their order, with their types and what they mean."""
    found = table(made, "calls_all")
    columns = found["StorageDescriptor"]["Columns"]
    assert [(one["Name"], one["Type"], one["Comment"]) for one in columns] == [
        (one.name, one.athena, one.doc) for one in COLUMNS
    ]
    assert [one["Name"] for one in found["PartitionKeys"]] == ["export", "dt"]


def test_athena_looks_where_the_copier_writes(made: Template) -> None:
    """The projection's template, filled in, is the beginning of a key of the copier."""
    parameters = table(made, "calls_all")["Parameters"]
    (bucket,) = [name for name in made.of("S3::Bucket") if name.startswith("Lake")]
    place = text(parameters["storage.location.template"])
    window = Window(datetime(2026, 11, 20, tzinfo=UTC), 86_400, "calls")
    filled = place.replace("${export}", "telnyx-main").replace("${dt}", "2026-11-20")
    assert f"s3://<{bucket}>/{keys.calls('telnyx-main', window)}".startswith(filled)
    assert place.startswith(text(table(made, "calls_all")["StorageDescriptor"]["Location"]))


def test_every_export_ever_and_every_day_is_projected(made: Template) -> None:
    """Paused and retired ones too, from the earliest start on."""
    parameters = table(made, "calls_all")["Parameters"]
    assert parameters["projection.enabled"] == "true"
    assert parameters["projection.export.type"] == "enum"
    assert parameters["projection.export.values"].split(",") == EXPORTS
    assert (parameters["projection.dt.type"], parameters["projection.dt.format"]) == ("date", "yyyy-MM-dd")
    assert parameters["projection.dt.range"] == "2020-01-01,NOW"


def test_the_first_day_hides_nothing() -> None:
    """Never after 2020, for a start may be moved forward after calls were exported; earlier starts count."""
    dated = 'name = "a"\nvendor = "telnyx"\nstart = 2026-03-01\n[[export]]\nname = "b"\nvendor = "telnyx"\n'
    for start, first in (
        ("2018-02-01", date(2018, 2, 1)),
        ("2026-02-01", date(2020, 1, 1)),
        ('"-7d"', date(2020, 1, 1)),
    ):
        written = f"[[export]]\n{dated}start = {start}\n"
        assert earliest(parse(written, "dev", FACTS)) == first


def test_the_view_is_one_of_athena_s(made: Template) -> None:
    """Both marks by which Athena knows its own views, and its own placeholder."""
    found = table(made, "calls")
    assert found["TableType"] == "VIRTUAL_VIEW"
    assert found["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
    assert found["ViewExpandedText"] == "/* Presto View */"


def test_the_view_has_the_table_s_columns_and_its_partitions(made: Template, view: dict[str, Any]) -> None:
    """In Glue's words and in Athena's, in one order, which is that of the query."""
    names = [one.name for one in (*COLUMNS, *PARTITIONS)]
    listed = [one["Name"] for one in table(made, "calls")["StorageDescriptor"]["Columns"]]
    assert listed == [one["name"] for one in view["columns"]] == names
    selected = [
        re.split(r",\s+", part) for part in re.findall(r"SELECT\s+(row_id.*?)\s+FROM", view["originalSql"], re.S)
    ]
    assert selected == [names, names, names]
    assert view["schema"] == "cdr_dev"
    assert view["originalSql"].count("FROM cdr_dev.calls_all") == 5


def test_a_type_that_nobody_mapped_is_refused() -> None:
    """A new column's type is looked up, not guessed."""
    assert [views.trino(one) for one in ("string", "decimal(18,8)", "timestamp", "smallint")] == [
        "varchar",
        "decimal(18,8)",
        "timestamp(3)",
        "smallint",
    ]
    assert views.trino("map<string,string>") == "map(varchar, varchar)"
    with pytest.raises(KeyError):
        views.trino("uniontype<int>")


def test_a_query_may_not_scan_more_than_allowed(made: Template, local: Template) -> None:
    """Nor write its result anywhere else."""
    for one, name, limit in ((made, "cdr-dev", 10**11), (local, "cdr-try-1", 5 * 10**9)):
        group = one.one("Athena::WorkGroup")
        chosen = group["WorkGroupConfiguration"]
        (results,) = [row for row in one.of("S3::Bucket") if row.startswith("Queries")]
        assert (group["Name"], group["RecursiveDeleteOption"]) == (name, True)
        assert chosen["BytesScannedCutoffPerQuery"] == limit
        assert chosen["EnforceWorkGroupConfiguration"] is True
        assert chosen["PublishCloudWatchMetricsEnabled"] is True
        assert text(chosen["ResultConfiguration"]["OutputLocation"]) == f"s3://<{results}>/"
        assert chosen["ResultConfiguration"]["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}
