"""The workflow: what is started twice is one execution, and a wake that comes late is no error."""

import json
from collections.abc import Iterator
from traceback import format_exception
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.aws.workflow import LATE, Workflow
from lambdas.core.errors import TryAgain
from tests.world import REGION

MACHINE = "arn:aws:states:us-east-1:111122223333:stateMachine:poller"
TOLD = {"export": "main", "run": 1}


@pytest.fixture(scope="module")
def client() -> Any:
    return boto3.client("stepfunctions", REGION, aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def test_an_execution_is_started_with_its_name_and_input(client: Any, stub: Stubber) -> None:
    """As JSON, of our machine."""
    wanted = {"stateMachineArn": MACHINE, "name": "a-r0-a1-k1", "input": json.dumps(TOLD)}
    stub.add_response("start_execution", {"executionArn": f"{MACHINE}:x", "startDate": 0}, wanted)
    Workflow(client, MACHINE).start("a-r0-a1-k1", TOLD)


def test_the_same_name_again_is_the_same_execution(client: Any, stub: Stubber) -> None:
    """A tick that died behind its start starts it again."""
    stub.add_client_error("start_execution", "ExecutionAlreadyExists")
    Workflow(client, MACHINE).start("a-r0-a1-k1", TOLD)


def test_another_error_is_one(client: Any, stub: Stubber) -> None:
    """Neither a start nor a wake hides it."""
    stub.add_client_error("start_execution", "ExecutionLimitExceeded")
    token = "-".join(("token", "of", "mine"))  # a traceback shows the lines of this file
    stub.add_client_error("send_task_success", "AccessDeniedException", f"no: {token}")
    with pytest.raises(ClientError, match="ExecutionLimitExceeded"):
        Workflow(client, MACHINE).start("a-r0-a1-k1", TOLD)
    with pytest.raises(TryAgain, match="AccessDenied") as told:
        Workflow(client).wake(token)
    assert token not in "".join(format_exception(told.value))


def test_a_waiting_execution_is_woken(client: Any, stub: Stubber) -> None:
    """With nothing but its token."""
    stub.add_response("send_task_success", {}, {"taskToken": "token", "output": "{}"})
    assert Workflow(client).wake("token")


@pytest.mark.parametrize("code", LATE)
def test_a_late_wake_is_a_normal_answer(client: Any, stub: Stubber, code: str) -> None:
    """Timed out, gone or never there: nobody was woken, and nothing is wrong."""
    stub.add_client_error("send_task_success", code)
    assert not Workflow(client).wake("token")
