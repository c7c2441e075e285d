"""The doctor tries the commands' own rights, and the page's policy for an operator has them all, and no others."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from cli.health.check import Level
from cli.health.rights import RIGHTS, rights
from cli.stack import Place, Stack
from tests import world
from tests.pages import blocks

PAGE = (Path(__file__).parents[2] / "docs" / "cdr.md").read_text("utf-8")
(POLICY,) = (json.loads(one.text) for one in blocks(PAGE) if one.language == "json" and '"Statement"' in one.text)
ALLOWED = {right for one in POLICY["Statement"] for right in one["Action"]}
VERBS = "Get|List|Describe|Put|Delete|Query|Scan|Update|Batch|Start|Stop|Abort|Invoke|Filter"
REMOVING = "## cdr wipe"  # whoever removes a stage is no operator
NAMES = ("Table", "Bucket", "Results", "Workgroup", "Database", "Requester")
OUTPUTS = {**{one: one.lower() for one in NAMES}, "Machine": "arn:aws:states:us-east-1:1:stateMachine:cdr-dev"}
# IAM's word for an operation, where it is another.
WORDS = {"get_object+VersionId": "GetObjectVersion", "list_objects_v2": "ListBucket", "invoke": "InvokeFunction",
         "list_object_versions": "ListBucketVersions"}  # fmt: skip
SPACES = {"stepfunctions": "states"}


def action(service: str, call: str, how: Any = ()) -> str:
    """`s3:GetObject`, from boto3's names."""
    versioned = f"{call}+VersionId" if "VersionId" in how else call
    word = WORDS.get(versioned) or "".join(part.title() for part in call.split("_"))
    return f"{SPACES.get(service, service)}:{word}"


def needed() -> set[str]:
    """What the page's sections say that their commands need, but for the one that removes a stage."""
    found, text = set[str](), PAGE.split(REMOVING)[0]
    told = re.findall(
        r"^(?:- Needs|- They need|The credentials need)(.+?)(?=^- |^#|^$)", text, re.MULTILINE | re.DOTALL
    )
    for one in told:
        space = ""
        for named in re.findall(rf"`((?:[a-z0-9]+:)?(?:{VERBS})[A-Za-z0-9]*)`", one):
            space, _, word = named.rpartition(":") if ":" in named else (space, "", named)
            found.add(f"{space}:{word}")
    return found


def test_the_operator_s_policy_allows_what_the_commands_need_and_nothing_else() -> None:
    """As each section of the page tells it."""
    assert needed() == ALLOWED


def test_each_right_that_is_tried_is_a_call_and_is_in_the_policy() -> None:
    """As boto3 knows the operation and its arguments."""
    session = get_session()
    for one in RIGHTS:
        client = session.create_client(one.service, world.REGION)
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[one.call])
        shape: Any = model.input_shape
        assert {*one.of, *one.how} <= set(shape.members), one
        assert action(one.service, one.call, one.how) in ALLOWED, one


class Deciding(Place):
    """Stands for IAM: a client of any service, which answers all but what is refused."""

    refused: frozenset[str]
    code: str
    asked: list[tuple[str, str, dict[str, Any]]]

    def client(self, service: str) -> Any:
        return Client(self, service)


class Client:
    def __init__(self, place: Deciding, service: str) -> None:
        self._place, self._service = place, service

    def get_paginator(self, call: str) -> Any:
        return type("Pages", (), {"paginate": lambda _, **how: [getattr(self, call)(**how)]})()

    def __getattr__(self, call: str) -> Any:
        if call.startswith("_"):
            raise AttributeError(call)

        def answer(**how: Any) -> dict[str, Any]:
            self._place.asked.append((self._service, call, how))
            if action(self._service, call, how) in self._place.refused:
                raise ClientError({"Error": {"Code": self._place.code, "Message": "no"}}, call)
            return {"Arn": "arn:me", "LoggingConfig": {"LogGroup": "log"}, "events": []}

        return answer


def decided(*refused: str, code: str = "AccessDenied") -> tuple[list[Any], list[tuple[str, str, dict[str, Any]]]]:
    place = Deciding("dev")
    place.__dict__ |= {"refused": frozenset(refused), "code": code, "asked": []}
    return list(rights(Stack(place, OUTPUTS, "cdr-dev"))), place.asked


@pytest.mark.parametrize(
    ("refused", "command"),
    [
        ("glue:GetTable", "query"), ("s3:GetObject", "raw"), ("logs:FilterLogEvents", "tail"),
        ("cloudwatch:DescribeAlarms", "status"), ("dynamodb:UpdateItem", "what changes windows"),
        ("states:DescribeExecution", "show"), ("s3:GetObjectVersion", "show"), ("athena:GetWorkGroup", "report"),
        ("dynamodb:DescribeContinuousBackups", "cost"),
    ],
)  # fmt: skip
def test_a_right_that_lacks_names_the_commands_that_lack_it(refused: str, command: str) -> None:
    """As a warning: the stack may be well all the same."""
    found, _ = decided(refused)
    assert found
    assert all(one.level is Level.WARN and one.what.startswith("rights for ") for one in found)
    assert any(command in one.what for one in found)


@pytest.mark.parametrize(
    ("right", "code"),
    [
        ("s3:GetObject", "NoSuchKey"), ("s3:GetObjectVersion", "NoSuchVersion"),
        ("states:DescribeExecution", "ExecutionDoesNotExist"),
        ("dynamodb:UpdateItem", "ConditionalCheckFailedException"),
    ],
)  # fmt: skip
def test_that_there_is_no_such_thing_shows_that_one_may_ask(right: str, code: str) -> None:
    """What is asked for is not there on purpose."""
    (one,), _ = decided(right, code=code)
    assert one.level is Level.OK
    assert "all that was tried" in one.said


def test_both_indexes_that_status_reads_are_tried_and_no_write_can_happen() -> None:
    """A table's right is not its indexes'; the only write has a condition that nothing meets."""
    _, asked = decided()
    assert {how.get("IndexName") for _, call, how in asked if call in ("query", "scan")} == {None, "open", "aside"}
    writes = [
        how
        for _, call, how in asked
        if call.split("_")[0] not in ("get", "list", "describe", "query", "scan", "filter")
    ]
    assert [one["ConditionExpression"] for one in writes] == ["#s = :s"]
