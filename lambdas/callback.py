"""Callback: a vendor says that something changed; if its capability is right, the waiting execution is woken."""

from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from lambdas.aws.clients import client
from lambdas.aws.ledger import Ledger
from lambdas.aws.vault import Vault
from lambdas.aws.workflow import Workflow
from lambdas.core import tags
from lambdas.logs import log
from lambdas.settings import Clock, settings


class Ear:
    """Holds the ledger, the capability's key and the workflow; no vendor's key."""

    def __init__(self, ledger: Ledger, workflow: Workflow, key: bytes, clock: Clock) -> None:
        self._ledger, self._workflow, self._key, self._clock = ledger, workflow, key, clock

    def hear(self, tag: str, word: str) -> bool:
        """Note the callback and wake who waits for it. The body is never read: our own key asks the vendor."""
        said = tags.read(tag)
        if said is None or not tags.genuine(self._key, tag, word):
            log().warning("a callback without a valid capability")
            return False
        row = self._ledger.hear(said.export, said.window, tag, self._clock())
        woken = row is not None and row.token is not None and self._workflow.wake(row.token)
        log().info("heard", extra={"export": said.export, "window": said.window.sk, "woken": woken})
        return True


def app(ear: Ear) -> APIGatewayHttpResolver:
    """The one route; strangers and friends get the same answer."""
    resolver = APIGatewayHttpResolver()

    @resolver.post("/callbacks/<tag>/<word>")
    def _heard(tag: str, word: str) -> Response[str]:
        ear.hear(tag, word)
        return Response(status_code=200, content_type="application/json", body="{}")

    return resolver


@cache
def _app() -> APIGatewayHttpResolver:
    told = settings()
    key = Vault(client("secretsmanager")).text(told.capability_secret) or ""
    if not key:
        raise RuntimeError(f"the capability secret {told.capability_secret} is empty: deploy again")
    return app(Ear(Ledger(client("dynamodb"), told.table), Workflow(client("stepfunctions")), key.encode(), told.clock))


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An HTTP API event, payload version 2."""
    return _app().resolve(event, context)
