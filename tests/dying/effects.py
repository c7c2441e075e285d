"""Every effect of a handler on the world: named, counted, held against one table, and where it is killed or paused."""

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from lambdas.web import Web
from lambdas.web.deadline import Deadline
from tests.dying.gate import GATE

SEND = HTTPAdapter.send  # as it is before moto stands in for it
READ, WRITE = "reads", "writes"
# Each effect that a handler may have: whether it changes anything outside. What stands nowhere here fails the harness.
KNOWN: Mapping[str, Mapping[str, str]] = {
    "requester": {
        "dynamodb.GetItem": READ,
        "dynamodb.Query": READ,
        "dynamodb.PutItem": WRITE,  # a new row
        "dynamodb.UpdateItem": WRITE,  # a move; the head
        "s3.HeadObject": READ,
        "secretsmanager.GetSecretValue": READ,
        "stepfunctions.StartExecution": WRITE,
        "s3.PutObject": WRITE,  # the coverage
        "telnyx POST /reporting/cdr_requests": WRITE,
        "telnyx GET /reporting/cdr_requests": READ,
        "telnyx DELETE /reporting/cdr_requests/ID": WRITE,
        "flowroute POST /v2/cdrs/exports": WRITE,
        "flowroute GET /v2/cdrs/exports": READ,
    },
    "poller": {
        "dynamodb.GetItem": READ,
        "dynamodb.UpdateItem": WRITE,  # a move; the token; a vendor that asks for patience
        "secretsmanager.GetSecretValue": READ,
        "stepfunctions.SendTaskSuccess": WRITE,
        "telnyx GET /reporting/cdr_requests/ID": READ,
        "flowroute GET /v2/cdrs/exports/ID": READ,
    },
    "copier": {
        "dynamodb.GetItem": READ,
        "dynamodb.UpdateItem": WRITE,  # a move; a key that is refused; how long reports take
        "secretsmanager.GetSecretValue": READ,
        "s3.HeadObject": READ,
        "s3.PutObject": WRITE,
        "s3.CreateMultipartUpload": WRITE,
        "s3.UploadPart": WRITE,
        "s3.CompleteMultipartUpload": WRITE,
        "s3.AbortMultipartUpload": WRITE,
        "telnyx GET /reporting/cdr_requests/ID": READ,
        "telnyx files GET ID": READ,
        "flowroute GET /v2/cdrs/exports/ID": READ,
        "flowroute files GET ID": READ,
    },
    "callback": {
        "secretsmanager.GetSecretValue": READ,
        "dynamodb.UpdateItem": WRITE,  # the note
        "stepfunctions.SendTaskSuccess": WRITE,
    },
}
IDENT = re.compile(r"/[0-9a-f]{8}-[0-9a-f-]{27}(?=$)|/\d+(?=$)")


class Killed(BaseException):
    """The process dies here: no handler can catch it, and nothing that it still tries has an effect."""


@dataclass(frozen=True)
class Effect:
    """One effect of the run at hand."""

    number: int
    name: str
    handler: str
    invocation: int
    outside: bool  # whether the world may be another one after it


@dataclass
class Invocation:
    """One call of a handler."""

    handler: str
    number: int
    counted: bool  # the second of two copies has numbers of its own
    again: Callable[[], Any]  # the same call once more, of a copy of the function
    hooks: Callable[[int, str], None] | None = None  # told of each effect by its number within the call
    dead: bool = False
    effects: int = 0


@dataclass
class Recorder:
    """Counts effects; `at` is told of each, before and after it, and may raise Killed or do something meanwhile."""

    at: Callable[[Effect, str], None] | None = None
    effects: list[Effect] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    invocations: int = 0
    _here: threading.local = field(default_factory=threading.local)

    @property
    def running(self) -> Invocation | None:
        """The handler's call that runs in this thread."""
        stack = getattr(self._here, "stack", ())
        return stack[-1] if stack else None

    @contextmanager
    def invocation(
        self,
        handler: str,
        again: Callable[[], Any],
        *,
        counted: bool = True,
        hooks: Callable[[int, str], None] | None = None,
    ) -> Iterator[Invocation]:
        """While it lasts, effects of this thread are the handler's."""
        self.invocations += counted
        one = Invocation(handler, self.invocations, counted, again, hooks)
        self._here.stack = [*getattr(self._here, "stack", ()), one]
        try:
            yield one
        finally:
            self._here.stack = self._here.stack[:-1]

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While it lasts, effects of this thread are nobody's: the world goes on, or the harness looks at it."""
        before = getattr(self._here, "stack", [])
        self._here.stack = []
        try:
            with GATE.open():
                yield
        finally:
            self._here.stack = before

    def kill(self) -> None:
        """The process of this thread's call dies here."""
        assert self.running is not None
        self.running.dead = True
        raise Killed

    def before(self, name: str) -> None:
        """An effect is about to happen."""
        one = self.running
        if one is None:
            return  # the harness itself
        if one.dead:
            raise Killed  # what a `finally` still tries: a process that is gone does not
        kind = KNOWN[one.handler].get(name)
        if kind is None:
            self.wrong.append(f"an effect that nobody knows: {one.handler}: {name}")
        one.effects += 1
        if one.counted:
            self.effects.append(
                Effect(len(self.effects), name, one.handler, one.number, kind != READ or "." not in name)
            )
        self._tell(one, "before")

    def after(self, name: str) -> None:
        """It has happened, and its answer came."""
        if (one := self.running) is not None:
            self._tell(one, "after")

    def _tell(self, one: Invocation, when: str) -> None:
        if one.hooks:
            one.hooks(one.effects - 1, when)
        if one.counted and self.at:
            self.at(self.effects[-1], when)


class Tap(BaseAdapter):
    """Sends a request and says so; `origins` are the simulators' by their name, and nobody else is reached."""

    def __init__(self, inner: HTTPAdapter, recorder: Recorder, origins: Mapping[str, str]) -> None:
        super().__init__()
        self._inner, self._recorder, self._origins = inner, recorder, origins

    def send(self, request: requests.PreparedRequest, *given: Any, **how: Any) -> requests.Response:
        """After is when the vendor has answered; its answer's body is read without an effect on anybody."""
        parts = urlsplit(request.url or "")
        vendor = self._origins.get(f"{parts.scheme}://{parts.netloc}")
        path = "ID" if vendor and vendor.endswith("files") else IDENT.sub("/ID", str(parts.path))
        name = f"{vendor or parts.netloc} {request.method} {path}"
        self._recorder.before(name)
        if vendor is None:
            raise requests.ConnectionError(name)
        with GATE.open():
            answer = SEND(self._inner, request, *given, **how)
        self._recorder.after(name)
        return answer

    def close(self) -> None:
        """Nothing is kept open."""
        self._inner.close()


class Tapped(Web):
    """The real room of HTTP, each request of which is seen."""

    def __init__(self, recorder: Recorder, origins: Mapping[str, str]) -> None:
        super().__init__()
        self._tap = recorder, origins

    def session(self, deadline: Deadline, *, guarded: bool) -> requests.Session:
        """The real one behind a tap."""
        made = super().session(deadline, guarded=guarded)
        for prefix, inner in list(made.adapters.items()):
            assert isinstance(inner, HTTPAdapter)
            made.mount(prefix, Tap(inner, *self._tap))
        return made
