"""What one service may ask of another."""

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
