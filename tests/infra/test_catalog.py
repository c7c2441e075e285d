"""The Glue catalogue against the facts that it is made from."""

import base64
import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from infra import views
from infra.answers import VIEWS
from infra.catalog import earliest
from infra.places import TABLES, Table
from infra.questions import QUESTIONS
from lambdas.core import keys
from lambdas.core.columns import COLUMNS, PARTITIONS
from lambdas.core.exports import parse
from lambdas.core.windows import Window
from lambdas.vendors import FACTS
from tests.infra.template import Resource, Template, text

WINDOW = Window(datetime(2026, 11, 20, tzinfo=UTC), 86_400, "calls")
EXPORTS = ["flowroute-main", "flowroute-old", "telnyx-main", "telnyx-other"]


def table(made: Template, name: str) -> Resource:
    (found,) = [one["TableInput"] for one in made.of("Glue::Table").values() if one["TableInput"]["Name"] == name]
    return dict(found)


def read(view: Resource) -> dict[str, Any]:
    """What Athena keeps of a view."""
    match = re.fullmatch(r"/\* Presto View: (\S+) \*/", view["ViewOriginalText"])
    assert match
    return dict(json.loads(base64.b64decode(match[1])))


@pytest.fixture
def view(made: Template) -> dict[str, Any]:
    """What Athena reads out of the view's text."""
    return read(table(made, "calls"))


@pytest.mark.parametrize("place", TABLES, ids=lambda place: place.name)
def test_a_table_has_the_columns_that_are_written(made: Template, place: Table) -> None:
    """In their order, with their types and what they mean, and it reads them in the form that they have."""
    found = table(made, place.name)
    stored = found["StorageDescriptor"]
    assert [(one["Name"], one["Type"]) for one in stored["Columns"]] == [(c.name, c.athena) for c in place.columns]
    assert [one["Name"] for one in found["PartitionKeys"]] == [c.name for c in place.partitions]
    assert all(one["Comment"] for one in (*stored["Columns"], *found["PartitionKeys"]))
    assert ("parquet" if place.name == "calls_all" else "JsonSerDe") in stored["SerdeInfo"]["SerializationLibrary"]
    assert len({c.name for c in (*place.columns, *place.partitions)}) == len(place.columns) + len(place.partitions)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("calls_all", keys.calls("telnyx-main", WINDOW)),
        ("receipts", keys.receipt("telnyx-main", WINDOW, 3)),
        ("windows", keys.coverage("telnyx-main", WINDOW.month)),
    ],
)
def test_athena_looks_where_the_lambdas_write(made: Template, name: str, key: str) -> None:
    """A key, walked back through the projection's template, gives the partition; the template filled in, its place."""
    parameters = table(made, name)["Parameters"]
    (bucket,) = [name for name in made.of("S3::Bucket") if name.startswith("Lake")]
    template = text(parameters["storage.location.template"])
    pattern = re.sub(r"\\\$\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
    walked = re.fullmatch(pattern + "[^/]+", f"s3://<{bucket}>/{key}")
    assert walked
    (when,) = walked.groupdict().keys() - {"export"}
    assert walked["export"] in parameters["projection.export.values"].split(",")
    assert walked[when] == {"dt": WINDOW.date, "month": WINDOW.month}[when]
    first, last = parameters[f"projection.{when}.range"].split(",")
    assert first <= walked[when] and last == "NOW"
    assert template.startswith(text(table(made, name)["StorageDescriptor"]["Location"]))


@pytest.mark.parametrize("name", [place.name for place in TABLES])
def test_every_export_ever_and_every_day_is_projected(made: Template, name: str) -> None:
    """Paused and retired ones too, from the earliest start on."""
    parameters = table(made, name)["Parameters"]
    when = "month" if name == "windows" else "dt"
    told = {key.removeprefix(f"projection.{when}."): value for key, value in parameters.items() if f".{when}." in key}
    assert parameters["projection.enabled"] == "true"
    assert parameters["projection.export.type"] == "enum"
    assert parameters["projection.export.values"].split(",") == EXPORTS
    days = {"format": "yyyy-MM-dd", "range": "2020-01-01,NOW", "interval.unit": "DAYS"}
    months = {"format": "yyyy-MM", "range": "2020-01,NOW", "interval.unit": "MONTHS"}
    assert told == {"type": "date", "interval": "1"} | (months if when == "month" else days)


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


@pytest.mark.parametrize("name", VIEWS)
def test_a_question_s_view_has_the_types_that_its_sql_casts_to(made: Template, name: str) -> None:
    """Each column is cast in so many words, so that Athena never finds the view stale."""
    found = table(made, name)
    sql = read(found)["originalSql"]
    listed = [(one["Name"], views.trino(one["Type"])) for one in found["StorageDescriptor"]["Columns"]]
    assert listed == [(one["name"], one["type"]) for one in read(found)["columns"]]
    chosen = sql.split("\nFROM (")[0]
    assert listed == [(name, kind) for kind, name in re.findall(r"^  CAST\(\w+ AS (.+)\) AS (\w+),?$", chosen, re.M)]
    assert "AT TIME ZONE 'UTC'" in sql or name == "coverage"
    assert sql.count("{") == sql.count("}") == 0


def test_the_views_are_of_the_time_zone_that_was_chosen(local: Template) -> None:
    """One setting for all of them."""
    assert "AT TIME ZONE 'Asia/Kathmandu'" in read(table(local, "calls_daily"))["originalSql"]
    assert "AT TIME ZONE 'UTC'" not in read(table(local, "failures"))["originalSql"]


def test_every_question_that_is_no_view_is_saved(made: Template) -> None:
    """In the workgroup, with what it asks, about the last days."""
    saved = {one["Name"]: one for one in made.of("Athena::NamedQuery").values()}
    assert saved.keys() == QUESTIONS.keys() - VIEWS.keys()
    assert len(saved) >= 12
    for name, one in saved.items():
        assert (one["WorkGroup"], one["Database"]) == ("cdr-dev", "cdr_dev")
        assert one["Description"] == QUESTIONS[name].asks
        assert one["Description"].endswith("?") and one["QueryString"].startswith(f"-- {one['Description']}\n")
        assert "date_add('day', -30, current_date)" in one["QueryString"]


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
