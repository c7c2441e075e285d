"""Callback: a vendor says that something changed; if its capability is right, the waiting execution is woken.

Whatever becomes of it, the answer is the same: a stranger learns nothing, and what fails on our side is left to the
poll, which is as good. Only what the caller knows himself, a body too large or of an odd kind, is told.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from lambdas.aws.clients import FAILED, client
from lambdas.aws.ledger import Ledger
from lambdas.aws.vault import Vault
from lambdas.aws.workflow import Workflow
from lambdas.core import tags
from lambdas.core.errors import Problem
from lambdas.core.rows import Row
from lambdas.counted import Counted
from lambdas.logs import because, log, quiet
from lambdas.settings import Clock, settings
from lambdas.signet import Signet

BODY = 65_536  # characters; the largest that is known of a vendor has some hundred
# What vendors document: JSON, JSON:API, a form, or nothing said.
MEDIA = ("application/json", "application/vnd.api+json", "application/x-www-form-urlencoded", "")


class Ear:
    """Holds the ledger, the signet and the workflow; no vendor's key."""

    def __init__(self, ledger: Ledger, workflow: Workflow, signet: Signet, clock: Clock) -> None:
        self._ledger, self._workflow, self._signet, self._clock = ledger, workflow, signet, clock
        self.counted = Counted(clock)

    def hear(self, tag: str, word: str) -> bool:
        """Note the callback and wake who waits for it; whether the capability was right."""
        try:
            return self._hear(tag, word)
        except (Problem, *FAILED) as error:  # a mistake of ours is none of these, and is seen
            self.counted.add("a callback is left to the poll", because=because(error))
            return False

    def _hear(self, tag: str, word: str) -> bool:
        said = tags.read(tag)
        if said is None or not self._signet.genuine(tag, word):
            self.counted.add("callbacks without a valid capability", metric="CallbacksRefused")
            return False
        row = self._ledger.hear(said.export, said.window, tag, self._clock())
        if row is None:
            self.counted.add("callbacks for nothing: over, expired, or heard three times")
            return True
        log().info("heard", extra={"export": row.export, "window": row.window.sk, "woken": self._wake(row)})
        return True

    def _wake(self, row: Row) -> bool:
        token = self._signet.open(row)
        return token is not None and self._workflow.wake(token)


def app(ear: Ear) -> APIGatewayHttpResolver:
    """The one route; strangers and friends get the same answer. The body is never read, its size is."""
    resolver = APIGatewayHttpResolver()

    @resolver.post("/callbacks/<tag>/<word>")
    def _heard(tag: str, word: str) -> Response[str]:
        status = _status(resolver.current_event.raw_event)
        if status == 200:
            ear.hear(tag, word)
        return Response(status_code=status, content_type="application/json", body="{}")

    return resolver


def _status(event: dict[str, Any]) -> int:
    """Decided without a look at the capability, so that it tells nothing about it."""
    kind = (event.get("headers") or {}).get("content-type") or ""
    if len(event.get("body") or "") > BODY:
        return 413
    return 200 if kind.partition(";")[0].strip().lower() in MEDIA else 415


@cache
def _app() -> APIGatewayHttpResolver:
    quiet()
    told = settings()
    signet = Signet(Vault(client("secretsmanager")), told.capability_secret, told.clock)
    return app(Ear(Ledger(client("dynamodb"), told.table), Workflow(client("stepfunctions")), signet, told.clock))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An HTTP API event, payload version 2."""
    return _app().resolve(event, context)
