"""The HTTP API, from outside."""

import pytest

from tests.local.stack import Stack, post

pytestmark = pytest.mark.cloud


def test_the_url_that_the_stack_knows_is_reachable_and_wakes_a_task(stack: Stack) -> None:
    """The whole way of a callback: listening task, token, vendor's call, function, SendTaskSuccess."""
    run = stack.begin("Listening", {"do": "listen", "key": "through the door", "wait": 60})
    stack.noted("through the door")
    assert post(stack.aws, f"{stack.outputs['Endpoint']}/callbacks/tag/word", "through the door") == 200
    assert stack.ended(run)["output"]["answer"] == {"heard": True}
