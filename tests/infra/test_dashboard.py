"""The dashboard: valid for CloudWatch, one of it, and whatever it asks is really told by a run."""

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from cli.commands import main as cdr
from infra import dashboard
from lambdas.aws.ledger import Ledger
from lambdas.logs import met, moved
from lambdas.web import Web
from local.vendors.flowroute import Flowroute
from tests.infra.template import Template, text
from tests.pages import known
from tests.world import REGION, Clock, world

EXPORT = """
[[export]]
name = "f"
vendor = "flowroute"
start = "-2d"
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
"""
QUERIES = {name: one for name, one in vars(dashboard).items() if isinstance(one, str) and one.startswith("filter ")}
WORDS = {
    *("filter", "stats", "sort", "limit", "display", "and", "in", "by", "desc", "message", "h"),
    *("count", "latest", "sum", "max", "pct", "bin", "ispresent", "as"),
}
NEEDS = {
    "text": {"markdown"},
    "alarm": {"alarms"},
    "metric": {"metrics", "region", "view"},
    "log": {"query", "region"},
}


@pytest.fixture
def page(made: Template) -> dict[str, Any]:
    return dict(json.loads(text(made.one("CloudWatch::Dashboard")["DashboardBody"])))


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """The log of two windows: one is copied, the vendor fails once, and one report disagrees with its totals."""
    clock = Clock()
    with (
        Flowroute(3, "dashboard", clock=clock, per_day=20, callbacks="never") as vendor,
        world(EXPORT.format(vendor), clock) as at,
    ):
        at.__dict__["ledger"] = Ledger(boto3.client("dynamodb", REGION), "ledger", moved)
        at.__dict__["web"] = Web(tell=met)
        vendor.faults.add("broken", on="retrieve")
        vendor.faults.add("count")
        at.tick("f")
        at.run()
        yield [json.loads(line) for line in at.emitted.text.splitlines() if line.startswith('{"level"')]


def test_there_is_one_and_cloudwatch_takes_it(page: dict[str, Any], made: Template) -> None:
    """Widgets of known types within the grid, none over another; each graph with its region."""
    assert made.one("CloudWatch::Dashboard")["DashboardName"] == "cdr-dev"
    assert len(made.of("CloudWatch::Dashboard")) == 1
    assert set(page) == {"start", "widgets"}
    taken = set[tuple[int, int]]()
    for one in page["widgets"]:
        assert set(one) == {"type", "x", "y", "width", "height", "properties"}
        assert one["x"] + one["width"] <= 24 and 1 <= one["height"] <= 1000
        cells = {
            (x, y) for x in range(one["x"], one["x"] + one["width"]) for y in range(one["y"], one["y"] + one["height"])
        }
        assert not taken & cells
        taken |= cells
        assert NEEDS[one["type"]] <= set(one["properties"])
        assert one["properties"].get("region", "us-east-1") == "us-east-1"


def test_the_commands_that_it_names_are_ours(page: dict[str, Any]) -> None:
    """With the options of this stage."""
    (words,) = [one["properties"]["markdown"] for one in page["widgets"] if one["type"] == "text"]
    found = re.findall(r"`cdr (.+?)`", words)
    assert len(found) == 3
    for one in found:
        assert one.endswith(" --stage dev")
        known(cdr, one.split())


def test_every_alarm_is_on_it(page: dict[str, Any], made: Template) -> None:
    """By the ARN that it will have."""
    shown = {arn.rpartition(":")[2] for one in page["widgets"] for arn in one["properties"].get("alarms", [])}
    assert shown == {one["AlarmName"] for one in made.of("CloudWatch::Alarm").values()}


def test_every_metric_on_it_is_one_of_the_alarms_or_of_aws(page: dict[str, Any], made: Template) -> None:
    """Our own exactly as an alarm watches them, dimensions and all."""
    watched = {
        (
            one["Namespace"],
            one["MetricName"],
            *(text(word) for row in one.get("Dimensions", []) for word in row.values()),
        )
        for one in made.of("CloudWatch::Alarm").values()
        if "MetricName" in one
    }
    shown = [line for one in page["widgets"] for line in one["properties"].get("metrics", [])]
    own = {tuple(line[:-1]) for line in shown if str(line[0]).startswith("cdr-exporter/")}
    assert own == {line for line in watched if line[0].startswith("cdr-exporter/")}
    others = {line[0] for line in shown if isinstance(line[0], str)} - {"cdr-exporter/dev"}
    assert others == {"AWS/Lambda", "AWS/States"}


def test_every_log_that_it_asks_is_a_function_s(page: dict[str, Any], made: Template) -> None:
    """By the name that CloudFormation gives it."""
    asked = {
        name for one in page["widgets"] for name in re.findall("SOURCE '(.+?)'", one["properties"].get("query", ""))
    }
    assert asked <= {f"<{name}>" for name in made.of("Logs::LogGroup")}
    assert len(asked) == 3
    found = [one["properties"]["query"].partition("| filter")[2] for one in page["widgets"] if one["type"] == "log"]
    assert sorted(f"filter{one}" for one in found) == sorted(QUERIES.values())


def test_every_field_that_it_asks_for_is_told_by_a_run(lines: list[dict[str, Any]]) -> None:
    """In a line of the message that it looks for."""
    for query in QUERIES.values():
        (message,) = re.findall(r'message = "(\w+)"', query)
        there = {key for line in lines if line["message"] == message for key in _flat(line)}
        assert _fields(query) <= there, (query, there)


def _fields(query: str) -> set[str]:
    bare = re.sub(r'"[^"]*"| as \w+|@\w+', "", query)
    named = set(re.findall(r" as (\w+)", query))
    return set(re.findall(r"(?<![\w.])[a-z_][\w.]*", bare)) - WORDS - named


def _flat(line: dict[str, Any]) -> Iterator[str]:
    for key, value in line.items():
        yield key
        if isinstance(value, dict):
            yield from (f"{key}.{one}" for one in value)


def test_the_fields_of_a_query_are_found() -> None:
    """Or the test above would hold whatever is asked."""
    assert _fields(dashboard.WAITS) == {"open", "deadline", "overdue", "hours_to_loss", "blocked", "export"}
    assert {"status", "kind", "vendor", "operation"} == _fields(dashboard.ERRORS)
