"""Schedules fire, and what they call is retried."""

import time

import pytest

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud


def test_a_clone_of_the_schedule_fires_once_and_soon(stack: Stack) -> None:
    """The honest test of a schedule: its own target and role, at another time."""
    started = time.monotonic()
    stack.schedule("scheduled", {"do": "note", "key": "scheduled"})
    assert stack.noted("scheduled") == "none"
    assert time.monotonic() - started < 6


def test_a_failing_call_is_made_again(stack: Stack) -> None:
    """Asynchronous invocation: twice more, as for any function without an EventInvokeConfig."""
    stack.schedule("failing", {"do": "fail", "word": "scheduled to fail"})
    until = time.monotonic() + 15
    while (tries := stack.logged("Function").count("scheduled to fail")) < 3 and time.monotonic() < until:
        time.sleep(0.2)
    assert tries == 3
