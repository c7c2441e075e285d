"""A window's history: which executions there were, and what is said when something of it cannot be read."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.history import Histories, runs, work
from cli.stack import FUNCTIONS, Place, Stack
from lambdas.core import tags
from lambdas.core.rows import Row, Work
from lambdas.core.windows import Window
from tests import world

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINDOW = Window(datetime(2026, 11, 18, tzinfo=UTC), 86_400, "inbound")
FIELDS = {"filters": {"number": "+12065550123"}}


def row(**fields: Any) -> Row:
    bare = Row("main", WINDOW, **fields)
    return Row("main", WINDOW, tag=tags.tag("0a1b2c3d", bare, FIELDS), fields=FIELDS, **fields)


def test_each_run_has_an_execution_of_its_name() -> None:
    """Those of now, of the receipts and of the moves; an earlier attempt's tag differs by its figures alone."""
    now = row(state=Work.ASKED, revision=1, attempt=2, run=2)
    first = row(state=Work.ASKED, revision=0, attempt=1, run=1)
    moves = [{"turn": "r1.a1.k1"}, {"turn": "r1.a2.k0"}, {"turn": "odd"}]
    found = runs(now, moves, [{"revision": 0, "attempt": 1, "run": 1}])
    assert [one.turn for one in found] == ["r0.a1.k1", "r1.a1.k1", "r1.a2.k1", "r1.a2.k2"]
    assert tags.execution(found[0]) == tags.execution(first)
    assert tags.execution(found[-1]) == tags.execution(now)
    assert runs(Row("main", WINDOW), moves, []) == []


def test_the_request_is_told_by_its_fingerprint_alone() -> None:
    """Filters may hold numbers, and a token wakes an execution."""
    told = str(work(row(token="a-token", reason="no answer for +1 206 555 0123")))  # no secret
    assert "5550123" not in told.replace(" ", "")
    assert "a-token" not in told


class Deaf(Place):
    """Neither the logs nor Step Functions may be read."""

    def client(self, service: str) -> Any:
        return self if service in ("logs", "lambda", "stepfunctions") else super().client(service)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "session":
            raise AttributeError(name)

        def refuse(**_: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, name)

        return refuse


@pytest.fixture
def stack() -> Iterator[Stack]:
    with mock_aws():
        world.lake()
        machine = "arn:aws:states:us-east-1:1:stateMachine:cdr-dev-poller"
        outputs = {**dict.fromkeys(FUNCTIONS, "f"), "Bucket": "lake", "Machine": machine}
        yield Stack(Deaf("dev", region=world.REGION), outputs, "cdr-dev")


def test_what_may_not_be_read_is_said_and_hides_nothing_else(stack: Stack) -> None:
    """The row, the receipts and the page in the console are told all the same."""
    key = "receipts/export=main/dt=2026-11-18/20261118T000000Z-86400.inbound.r0.json"
    s3 = stack.place.client("s3")
    for rows in (1, 2):
        s3.put_object(
            Bucket="lake", Key=key, Body=f'{{"revision": 0, "attempt": 1, "run": 1, "rows": {rows}}}'.encode()
        )
    told = Histories(stack, NOW).of(row(state=Work.ASKED, run=1))
    assert "may not" in told["moves_untold"]
    assert told["receipts"][-1]["rows"] == 2
    (run,) = told["executions"]
    assert run["status"] is None
    assert run["console"].startswith("https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/")
    assert run["console"].endswith(f"execution:cdr-dev-poller:{run['name']}")


def test_every_version_of_a_receipt_is_told(stack: Stack) -> None:
    """The one that was replaced too: oldest first."""
    s3 = stack.place.client("s3")
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    key = "receipts/export=main/dt=2026-11-18/20261118T000000Z-86400.inbound.r0.json"
    for number in (1, 2):
        s3.put_object(Bucket="lake", Key=key, Body=f'{{"revision": 0, "rows": {number}}}'.encode())
    found = Histories(stack, NOW).of(row())["receipts"]
    assert sorted((one["rows"], one["current"]) for one in found) == [(1, False), (2, True)]
