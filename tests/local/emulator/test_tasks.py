"""State machines wait, listen, hand over and fail as on AWS, only faster if asked."""

import time
from collections.abc import Iterator

import pytest

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud


@pytest.fixture
def hasty(stack: Stack) -> Iterator[Stack]:
    """The stack, while waits take a fiftieth of their time."""
    stack.aws.scale(0.02)
    yield stack
    stack.aws.scale(1)


def test_a_token_wakes_its_task_and_serves_once(stack: Stack) -> None:
    """The second use says that the task is gone, a word that is no token says so."""
    states = stack.aws.client("stepfunctions")
    run = stack.begin("Listening", {"do": "listen", "key": "woken", "wait": 60})
    token = stack.noted("woken")
    states.send_task_success(taskToken=token, output='{"heard": true}')
    assert stack.ended(run)["output"]["answer"] == {"heard": True}
    with pytest.raises(states.exceptions.TaskTimedOut):
        states.send_task_success(taskToken=token, output="{}")
    with pytest.raises(states.exceptions.InvalidToken):
        states.send_task_success(taskToken="no token", output="{}")


def test_listening_takes_its_time_from_the_input_and_is_scaled(hasty: Stack) -> None:
    """TimeoutSecondsPath is obeyed; 50 s of listening are 1 s here, and States.Timeout can be caught."""
    started = time.monotonic()
    end = hasty.ended(hasty.begin("Listening", {"do": "listen", "key": "late", "wait": 50}))
    assert end["output"]["late"] == "late"
    assert 1 <= time.monotonic() - started < 10


def test_a_new_scale_holds_for_who_waits_already(stack: Stack) -> None:
    """A minute is not over while it is one, and is at once when it is none."""
    run = stack.begin("Listening", {"do": "listen", "key": "hurried", "wait": 60})
    assert stack.noted("hurried")
    assert stack.ended(run, patience=0)["status"] == "RUNNING"
    try:
        stack.aws.scale(0.001)
        assert stack.ended(run, patience=10)["output"]["late"] == "late"
    finally:
        stack.aws.scale(1.0)


def test_a_function_that_fails_with_a_token_fails_its_task(stack: Stack) -> None:
    """It does not hang until the time is over."""
    end = stack.ended(stack.begin("Listening", {"do": "fail", "key": "none", "wait": 60}))
    assert (end["status"], end["error"]) == ("FAILED", "Busy")


def test_an_event_is_handed_over(stack: Stack) -> None:
    """The task answers 202 at once, and the function does get the payload."""
    end = stack.ended(stack.begin("Handing", {"key": "handed"}))
    assert end["output"]["StatusCode"] == 202
    assert stack.noted("handed") == "none"


def test_waits_and_retries_are_scaled(hasty: Stack) -> None:
    """50 s each."""
    started = time.monotonic()
    assert hasty.ended(hasty.begin("Waiting", {"wait": 50}))["status"] == "SUCCEEDED"
    assert hasty.ended(hasty.begin("Retrying", {}))["error"] == "Busy"
    assert 2 <= time.monotonic() - started < 15


def test_starting_again_by_the_same_name_answers_the_running_one(stack: Stack) -> None:
    """With the same input; with another it is refused."""
    states = stack.aws.client("stepfunctions")
    again = {"stateMachineArn": stack.outputs["Waiting"], "name": "again"}
    first = states.start_execution(**again, input='{"wait": 30}')
    assert states.start_execution(**again, input='{"wait": 30}')["executionArn"] == first["executionArn"]
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(**again, input='{"wait": 31}')
    states.stop_execution(executionArn=first["executionArn"])
