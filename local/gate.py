"""Holds a vendor's file in its middle, so that the process that reads it can be killed there."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any

import psutil
from flask import Response, request

from local.vendors import Simulator

PATIENCE_S = 20.0  # a download that nobody cares for goes on
OK = 200


@dataclass(frozen=True)
class Held:
    """A download that stands still: who reads it, by the ports of both ends, and how much of it he was sent."""

    path: str
    port: int
    origin: int
    sent: int
    whole: int
    go: Event = field(default_factory=Event, compare=False)


class Gate:
    """Before the file origin of one simulated vendor; make it before the first download."""

    def __init__(self, vendor: Simulator) -> None:
        self.armed = 0  # so many more files are held, each once
        self._seen = set[str]()
        self._held: SimpleQueue[Held] = SimpleQueue()
        vendor.files.app.after_request(self._pass)

    def held(self) -> Held | None:
        """The next download that stands still."""
        with suppress(Empty):
            return self._held.get_nowait()
        return None

    def _pass(self, answer: Response) -> Response:
        if not self.armed or answer.status_code != OK or request.path in self._seen:
            return answer
        self.armed -= 1
        self._seen.add(request.path)
        body = answer.get_data()
        port, origin = (int(request.environ[name]) for name in ("REMOTE_PORT", "SERVER_PORT"))
        held = Held(request.path, port, origin, len(body) // 2, len(body))
        answer.response = self._halves(body, held)
        answer.content_length = len(body)
        return answer

    def _halves(self, body: bytes, held: Held) -> Iterator[bytes]:
        yield body[: held.sent]
        self._held.put(held)
        held.go.wait(PATIENCE_S)
        yield body[held.sent :]


def reader(above: int, function: str, held: Held) -> psutil.Process | None:
    """Of the processes below one that run a function the one at the other end of a download."""
    for one in psutil.Process(above).children(recursive=True):
        with suppress(psutil.Error):
            ours = one.environ().get("AWS_LAMBDA_FUNCTION_NAME") == function
            if ours and (held.port, held.origin) in [_ends(link) for link in one.net_connections("tcp")]:
                return one
    return None


def _ends(link: Any) -> tuple[int, int] | None:
    return (link.laddr.port, link.raddr.port) if link.laddr and link.raddr else None
