"""The HTTP API, from outside."""

import http.client
import ssl
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.stack import Stack, post

pytestmark = pytest.mark.cloud

ROUTE = "POST /callbacks/{tag}/{capability}"
WIDE = {"ThrottlingRateLimit": 999.0}
OWN = {"ThrottlingRateLimit": 2.0, "ThrottlingBurstLimit": 4}
LIMIT = {"ThrottlingRateLimit": 2.0, "ThrottlingBurstLimit": 3}


def throttled(stack: Stack, **settings: Any) -> None:
    stack.aws.client("apigatewayv2").update_stage(ApiId=stack.outputs["Api"], StageName="$default", **settings)


@pytest.fixture
def open_again(stack: Stack) -> Iterator[None]:
    """Whatever a test sets, other tests find the stage as it was."""
    yield
    throttled(stack, DefaultRouteSettings={}, RouteSettings={})


def answer(stack: Stack, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """What the API answers: status and body."""
    trust = ssl.create_default_context(cafile=str(stack.aws.ca))
    link = http.client.HTTPSConnection(stack.aws.endpoint.removeprefix("https://"), context=trust, timeout=20)
    try:
        link.request(method, f"/_aws/execute-api/{stack.outputs['Api']}{path}", body, headers)
        answered = link.getresponse()
        return answered.status, answered.read()
    finally:
        link.close()


def test_the_url_that_the_stack_knows_is_reachable_and_wakes_a_task(stack: Stack) -> None:
    """The whole way of a callback: listening task, token, vendor's call, function, SendTaskSuccess."""
    run = stack.begin("Listening", {"do": "listen", "key": "through the door", "wait": 60})
    stack.noted("through the door")
    assert post(stack.aws, f"{stack.outputs['Endpoint']}/callbacks/tag/word", "through the door") == 200
    assert stack.ended(run)["output"]["answer"] == {"heard": True}


@pytest.mark.usefixtures("open_again")
@pytest.mark.parametrize(
    "settings",
    [
        {"DefaultRouteSettings": LIMIT},
        {"DefaultRouteSettings": WIDE, "RouteSettings": {ROUTE: {**LIMIT, "ThrottlingBurstLimit": 4}}},
    ],
    ids=["the stage's default", "the route's own"],
)
def test_a_throttle_lets_a_burst_in_and_then_its_rate(stack: Stack, settings: dict[str, Any]) -> None:
    """The rest is answered 429 in AWS's words, and its function is not called; a token comes back in half a second."""
    throttled(stack, **settings)
    before = stack.logged("Function").count("REPORT ")
    answers = [answer(stack, "POST", "/callbacks/tag/word", b"nobody waits") for _ in range(20)]
    let = sum(status != 429 for status, _ in answers)
    assert 3 <= let < 20
    assert {body for status, body in answers if status == 429} == {b'{"message": "Too Many Requests"}'}
    assert stack.logged("Function").count("REPORT ") - before == let
    time.sleep(0.6)
    assert answer(stack, "POST", "/callbacks/tag/word", b"nobody waits")[0] != 429


@pytest.mark.usefixtures("open_again")
def test_a_throttle_counts_what_its_route_gets(stack: Stack) -> None:
    """A request that no route matches is not found, and takes nobody's turn."""
    throttled(stack, DefaultRouteSettings={"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 1})
    assert {answer(stack, method, path)[0] for method, path in (("GET", "/callbacks/a/b"), ("POST", "/x"))} == {404}
    assert answer(stack, "POST", "/callbacks/tag/word", b"nobody waits")[0] != 429
    assert answer(stack, "POST", "/callbacks/tag/word", b"nobody waits")[0] == 429


def test_a_request_has_a_largest_size(stack: Stack) -> None:
    """Of the body, and of the request line and all headers' values together; none of them reaches the function."""
    before = stack.logged("Function").count("REPORT ")
    assert answer(stack, "POST", "/callbacks/tag/word", b"x" * (10 * 2**20 + 1))[0] == 413
    assert answer(stack, "POST", "/callbacks/tag/word", b"x", one="a" * 6000, other="b" * 5000)[0] == 431
    assert stack.logged("Function").count("REPORT ") == before
