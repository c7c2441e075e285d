"""The callback's HTTP side: one route, one answer, nothing read from the body."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import callback
from tests.world import NOW, signet

CONTEXT = LambdaContext()


class Ear(callback.Ear):
    """Remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def hear(self, tag: str, word: str) -> bool:
        self.heard.append((tag, word))
        return False


def event(path: str, method: str = "POST", body: str = "{}") -> dict[str, Any]:
    """An HTTP API event, payload version 2, as AWS documents it."""
    return {
        "version": "2.0",
        "routeKey": "POST /callbacks/{tag}/{capability}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "user-agent": "Go-http-client/1.1"},
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "192.0.2.1"}, "stage": "$default"},
        "body": body,
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("body", ["{}", "", "not json", json.dumps({"data": {"id": "1"}})])
def test_a_callback_is_heard_whatever_its_body_says(body: str) -> None:
    """Tag and capability come from the path; the answer is the same for friend and stranger."""
    ear = Ear()
    answer = callback.app(ear).resolve(event("/callbacks/cdr1.x/abc_-", body=body), CONTEXT)
    assert (answer["statusCode"], answer["body"]) == (200, "{}")
    assert ear.heard == [("cdr1.x", "abc_-")]


@pytest.mark.parametrize(("path", "method"), [("/", "POST"), ("/callbacks/a", "POST"), ("/callbacks/a/b", "GET")])
def test_anything_else_is_not_found(path: str, method: str) -> None:
    """No other path and no other method is heard."""
    ear = Ear()
    assert callback.app(ear).resolve(event(path, method), CONTEXT)["statusCode"] == 404
    assert ear.heard == []


def test_a_text_that_is_no_tag_opens_nothing() -> None:
    """Neither ledger nor workflow is touched for it."""
    ear = callback.Ear(None, None, signet(), lambda: NOW)  # type: ignore[arg-type] # any use of them would fail
    assert not ear.hear("cdr1.zzz", "word")
