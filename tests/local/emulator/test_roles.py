"""What one service may ask of another."""

import json
import time

import pytest

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud


def test_a_machine_calls_only_what_its_role_allows(stack: Stack) -> None:
    """It may call one function and tries another."""
    end = stack.ended(stack.begin("Trespassing", {"key": "trespass"}))
    assert end["error"] == "Lambda.AWSLambdaException"
    assert "not authorized to perform: lambda:InvokeFunction" in end["cause"]


def test_a_machine_needs_a_role_that_trusts_it(stack: Stack) -> None:
    """A role that trusts another service is not assumed."""
    end = stack.ended(stack.begin("Untrusted", {"key": "untrusted"}))
    assert (end["status"], end["error"]) == ("FAILED", "States.Runtime")
    assert "cannot assume" in end["cause"]


def test_a_function_needs_a_role_that_trusts_it(stack: Stack) -> None:
    """The trust policy is asked."""
    assert "cannot be assumed by Lambda" in stack.call({}, "Distrusted")["errorMessage"]


def test_a_function_lets_in_only_the_api_that_it_permits(stack: Stack) -> None:
    """Two APIs with the same function; for one of them the permission is missing."""
    run = stack.begin("Listening", {"do": "listen", "key": "permitted", "wait": 60})
    stack.noted("permitted")
    assert (stack.post("Closed", "permitted"), stack.post("Api", "permitted")) == (500, 200)
    assert stack.ended(run)["status"] == "SUCCEEDED"


def test_a_schedule_needs_a_role_that_trusts_it(stack: Stack) -> None:
    """The machine's role may call the function, but does not trust the scheduler."""
    stack.schedule("unscheduled", {"do": "note", "key": "unscheduled"}, role="MachineRoleArn")
    assert stack.noted("unscheduled", patience=4) is None


def test_a_function_needs_a_role_that_may_write_its_log(stack: Stack) -> None:
    """One of the two rights is not enough: it runs, and nobody reads of it."""
    for name in ("Function", "Silent"):
        stack.call({"do": "tell", "line": {"said": "that it may write"}}, name)
    assert "that it may write" in stack.logged("Function")
    assert stack.logged("Silent") == ""


def test_a_function_needs_a_role_that_may_report_its_failure(stack: Stack) -> None:
    """Both fail; the queue hears of one."""
    for name in ("Silent", "Reporting"):
        told = json.dumps({"do": "fail", "who": name})
        stack.aws.client("lambda").invoke(FunctionName=stack.outputs[name], InvocationType="Event", Payload=told)
    until, heard = time.monotonic() + 20, list[str]()
    while not heard and time.monotonic() < until:
        found = stack.aws.client("sqs").receive_message(QueueUrl=stack.outputs["Queue"], WaitTimeSeconds=1)
        heard = [json.loads(one["Body"])["requestPayload"]["who"] for one in found.get("Messages", [])]
    time.sleep(1)
    assert heard == ["Reporting"]
    assert "Messages" not in stack.aws.client("sqs").receive_message(QueueUrl=stack.outputs["Queue"])


def test_only_who_may_list_is_told_that_an_object_is_not_there(stack: Stack) -> None:
    """The others get 403, and cannot tell it from one that they may not read."""
    stack.aws.client("s3").put_object(Bucket=stack.outputs["Bucket"], Key="there", Body=b"123")
    assert (
        stack.call({"do": "head", "key": "there"}, "Silent"),
        stack.call({"do": "head", "key": "no"}, "Silent"),
    ) == (
        3,
        "403",
    )
    assert stack.call({"do": "head", "key": "no"}) == "404"
