"""What the tests of exactness do with a set that has exported everything: ask it, and look into its pieces."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra import questions
from infra.questions import Asked
from lambdas.aws import items
from lambdas.core.rows import Row
from lambdas.stream.table import SCHEMA
from local.stack import Stack
from local.vendors.flowroute import Flowroute
from local.vendors.spoil import ADDED
from tests.local.exporting import ODD, Ran
from tests.local.legs import Known
from tests.local.reference import answer

# What a receipt tells of a re-export, as far as `late_changes` asks.
LATE = {
    "window": {"start": "2026-11-18T00:00:00+00:00", "end": "2026-11-19T00:00:00+00:00", "source": "inbound"},
    "revision": 1,
    "copied_at": "2026-11-20T06:00:00+00:00",
    "checked": False,
    "changed": {"rows": "2", "duration_s": "-7", "cost": "0.12345678"},
}
Said = list[dict[str, str | None]]  # an answer of Athena


def older() -> bytes:
    """A Parquet file from before the last three columns, with the others in another order, of one call."""
    line = {"row_id": "old", "source": "inbound", "direction": "inbound", "duration_s": 7}
    started = datetime(2026, 11, 18, 5, tzinfo=UTC)
    schema, body = pa.schema([SCHEMA.field(name) for name in reversed(SCHEMA.names[:-3])]), io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{**line, "started_at": started}], schema), body)
    return body.getvalue()


def projected(ran: Ran, table: str, day: str) -> tuple[Mapping[str, str], str]:
    """What the deployed table says of its partitions, and the pattern of its objects' keys."""
    stack = ran.at.stack
    told = stack.cloud.client("glue").get_table(DatabaseName=stack.outputs["Database"], Name=table)["Table"]
    template = told["Parameters"]["storage.location.template"].partition(f"{stack.outputs['Bucket']}/")[2]
    holes = {"export": "(?P<export>[^/]+)", day: "(?P<day>[0-9-]+)"}
    form = re.escape(template)
    for name, group in holes.items():
        form = form.replace(re.escape(f"${{{name}}}"), group)
    return told["Parameters"], f"{form}/?[^/]+"


@contextmanager
def put(ran: Ran, key: str, body: bytes) -> Iterator[None]:
    """An object of a test's own, which nobody finds later."""
    s3, place = ran.at.stack.cloud.client("s3"), {"Bucket": ran.at.stack.outputs["Bucket"], "Key": key}
    version = s3.put_object(Body=body, **place).get("VersionId")
    try:
        yield
    finally:
        s3.delete_object(**place, **({"VersionId": version} if version else {}))


def put_question(ran: Ran, name: str, known: Known, values: Mapping[str, int]) -> tuple[str, Said]:
    days = questions.date(known.first), questions.date(known.last)
    asked = Asked(ran.at.stack.outputs["Database"], known.exports, *days, known.zone, values=values)
    sql = questions.text(name, asked)
    return sql, ran.at.stack.query(sql)


def truth_of(ran: Ran, name: str, known: Known) -> list[dict[str, Any]]:
    if name != "new_headings":
        return answer(name, known)
    headings = (ADDED, f"{ran.played[ODD].simulator.renamed} (renamed)")
    days = [day for day in struck(ran) if f"{known.first}" <= day <= f"{known.last}"]
    return [
        {"export": ODD, "heading": one, "first_dt": day, "last_dt": day, "reports": 1}
        for one in headings
        for day in days
    ]


def struck(ran: Ran) -> list[str]:
    """The days of the reports that the fault struck."""
    reports = ran.played[ODD].simulator.reports.values()
    return [f"{report.asked.start:%Y-%m-%d}" for report in reports if "columns" in report.struck]


def forget(stack: Stack, name: str) -> None:
    """What reports took at the waits of this test, so that the first look is late again."""
    stack.cloud.client("dynamodb").update_item(
        TableName=stack.outputs["Table"], Key=items.key(name, items.HEAD), UpdateExpression="REMOVE took"
    )


def last(ran: Ran, name: str) -> Row:
    return max((row for row in ran.at.stack.rows() if row.export == name), key=lambda row: row.window)


def delivered(ran: Ran, name: str) -> list[int]:
    vendor = ran.played[name].simulator
    assert isinstance(vendor, Flowroute)
    return [delivery.status for delivery in vendor.callbacks]


def woken(ran: Ran, name: str) -> int:
    """How many callbacks of the export woke somebody, by the callback Lambda's log."""
    cloud = ran.at.stack.cloud
    told = cloud.client("lambda").get_function_configuration(FunctionName=ran.at.stack.outputs["Callback"])
    lines = cloud.client("logs").filter_log_events(logGroupName=told["LoggingConfig"]["LogGroup"])["events"]
    said = [json.loads(line["message"]) for line in lines if '"message":"heard"' in line["message"]]
    return sum(one["woken"] for one in said if one["export"] == name)


def ends(ran: Ran, name: str) -> list[list[str]]:
    """The kinds of events, of failures the error, of each execution of an export."""
    states, found = ran.at.stack.cloud.client("stepfunctions"), []
    for run in states.list_executions(stateMachineArn=ran.at.stack.outputs["Machine"])["executions"]:
        given = json.loads(states.describe_execution(executionArn=run["executionArn"])["input"])
        if given["export"] == name:
            events = states.get_execution_history(executionArn=run["executionArn"], maxResults=1000)["events"]
            found.append([event.get("taskFailedEventDetails", {}).get("error") or event["type"] for event in events])
    assert found
    return found
