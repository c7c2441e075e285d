"""A request at the callback's address: whatever it is, strangers learn nothing and change nothing."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import callback
from lambdas.core import tags
from lambdas.core.rows import Row, Work
from lambdas.logs import log
from local.memory.ledger import Memory
from tests.core.making import NOW, row
from tests.world import KEY, Executions, signet

WORDS = ("/callbacks/", "{tag}", "{word}", "POST ", "GET ", "%2F", "%00", "..", "cdr1.", "\n\n", "content-type: ",
         "application/json", "base64\n", "x-forwarded-for: ")  # fmt: skip
CONTEXT = LambdaContext()
FIELDS = {"from": "2026-11-19"}
# The answers that there are: a stranger gets one of them, whatever he sends, and from what he himself knows.
ANSWERS = ((200, "{}"), (404, '{"statusCode":404,"message":"Not found"}'), (413, "{}"), (415, "{}"))


class Watched(Memory):
    """Counts who looks at it."""

    touched = 0

    def hear(self, *args: Any) -> Row | None:
        self.touched += 1
        return super().hear(*args)


@cache
def _asked() -> tuple[str, str, Row]:
    """The tag, its capability, and the row whose execution waits."""
    waits = row(Work.ASKED, attempt=1, run=1, give_up_at=NOW + timedelta(hours=4))
    tag = tags.tag("0a1b2c3d", waits, FIELDS)
    waits = replace(waits, tag=tag)
    return tag, tags.capability(KEY, tag), replace(waits, token=signet().seal(waits, "token"))


@contextmanager
def _said() -> Iterator[io.StringIO]:
    """What the function logs meanwhile."""
    handler = log().handlers[0]
    before, said = handler.stream, io.StringIO()  # type: ignore[attr-defined] # a stream handler
    handler.stream = said  # type: ignore[attr-defined]
    try:
        yield said
    finally:
        handler.stream = before  # type: ignore[attr-defined]


def run(data: bytes) -> None:
    """A request line, headers up to a blank line, and a body; `{tag}` and `{word}` stand for the true ones."""
    tag, word, waits = _asked()
    ledger, executions = Watched(), Executions()
    ledger.fill([waits])
    event = _event(data, tag, word)
    with _said() as said:
        answer = _app(ledger, executions).resolve(event, CONTEXT)
    told = answer["statusCode"], answer["body"]
    assert told in ANSWERS, told
    path = event["rawPath"]
    if f"{tag}/{word}" not in unquote(path).rstrip("/"):
        assert not ledger.touched, "a stranger reached the ledger"
        assert not executions.woken, "a stranger woke somebody"
    elif path == f"/callbacks/{tag}/{word}" and told == (200, "{}"):
        assert ledger.touched == len(executions.woken) == 1, "the true one was not heard"
    assert word not in said.getvalue(), "the capability is in the log"


def _app(ledger: Memory, executions: Executions) -> APIGatewayHttpResolver:
    return callback.app(callback.Ear(ledger, executions, signet(), lambda: NOW))  # type: ignore[arg-type] # a stand-in


def _event(data: bytes, tag: str, word: str) -> dict[str, Any]:
    head, _, body = data.decode("utf-8", "replace").replace("{tag}", tag).replace("{word}", word).partition("\n\n")
    first, *lines = head.split("\n")
    method, _, path = first.partition(" ")
    path, _, query = path.partition("?")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if _}
    http = {"method": method, "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1", "userAgent": ""}
    event = {
        "version": "2.0", "routeKey": "POST /callbacks/{tag}/{capability}", "rawPath": path, "rawQueryString": query,
        "headers": headers, "body": body, "isBase64Encoded": "base64" in lines, "queryStringParameters": {"q": query},
        "requestContext": {"http": http, "stage": "$default", "requestId": "1", "domainName": "x"},
    }  # fmt: skip
    told: dict[str, Any] = json.loads(json.dumps(event))  # as API Gateway hands it over
    return told
