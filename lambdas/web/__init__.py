"""The one HTTP room: every request to a vendor and every download goes through here, and its errors are reactions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import Any

import requests

from lambdas.core.errors import Problem, TryAgain
from lambdas.web.deadline import Deadline, Late
from lambdas.web.files import Body, Files
from lambdas.web.pinned import Resolve, resolve
from lambdas.web.reactions import body, kind, reaction, sent, unasked, unsent
from lambdas.web.sessions import session

__all__ = ["TIMEOUT", "Answer", "Body", "Resolve", "Web"]

TIMEOUT = (5.0, 20.0)  # seconds to connect, seconds between bytes
TOTAL = 30.0  # seconds of a whole answer, its repeats with it, and until a file begins to come


@dataclass(frozen=True)
class Answer:
    """A vendor's answer: its status, headers in any case, and body as JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


Tell = Callable[..., None]  # vendor, operation, seconds, and what came of it


def _nobody(*_about: Any, **_facts: Any) -> None:
    """Hears of each request and forgets it."""


class Web:
    """Calls and downloads over HTTP, each in a session of its own; make one per Lambda process, late.

    `tell` hears of each, by vendor and operation: how long it took, and what came of it, never where it went.
    """

    def __init__(
        self, timeout: tuple[float, float] = TIMEOUT, resolve: Resolve = resolve, total: float = TOTAL,
        tell: Tell = _nobody,
    ) -> None:  # fmt: skip
        self._timeout, self._resolve, self._total, self._tell = timeout, resolve, total, tell
        self._files = Files(timeout, self.session, total)

    def session(self, deadline: Deadline, *, guarded: bool) -> requests.Session:
        """For one errand: what an account's server says in it, a cookie say, is over with it."""
        return session(self._resolve, deadline, guarded=guarded)

    def call(self, vendor: str, what: str, method: str, url: str, **how: Any) -> Answer:
        """Ask a vendor; `what` names the operation in errors. Raises TryAgain, Refused, Declined, Gone, Unclear."""
        with self._timed(vendor, what) as facts:
            answer = self._answer(f"{vendor}: {what}", method, url, how)
            facts["status"] = answer.status
            return answer

    @contextmanager
    def _timed(self, vendor: str, what: str) -> Iterator[dict[str, Any]]:
        began, facts = monotonic(), dict[str, Any]()
        try:
            yield facts
        except Problem as problem:
            facts |= {"kind": type(problem).__name__, "status": problem.facts.get("status")}
            raise
        finally:
            self._tell(vendor, what, monotonic() - began, **facts)

    def _answer(self, where: str, method: str, url: str, how: dict[str, Any]) -> Answer:
        deadline = Deadline(self._total)
        try:
            with deadline, self.session(deadline, guarded=False) as made:
                try:
                    return self._asked(made, where, method, url, how)
                finally:
                    deadline.check()  # what was cut off may look whole
        except Late:
            told = f"{where}: no whole answer came within {self._total:.0f} s"
            raise TryAgain(told, doubt=deadline.connected) from None

    def _asked(self, made: requests.Session, where: str, method: str, url: str, how: dict[str, Any]) -> Answer:
        try:
            response = made.request(method, url, timeout=self._timeout, allow_redirects=False, stream=True, **how)
        except requests.RequestException as error:
            doubt = not unsent(error)
            arrived = doubt and not isinstance(error, requests.exceptions.SSLError)
            told = "no answer came" if arrived else "not reachable"
            raise TryAgain(f"{where}: {told} ({kind(error)})", doubt=doubt) from None
        with response:
            if not 200 <= response.status_code < 300:
                raise unasked(reaction(where, response, sent(how)), method)
            return Answer(response.status_code, response.headers, body(where, response, sent(how)))

    @contextmanager
    def download(
        self, vendor: str, url: str, origins: tuple[str, ...], keys: Mapping[str, str], home: str,
        *, most: int | None = None, seconds: float = inf,
    ) -> Iterator[Body]:  # fmt: skip
        """Open a report's file, only where `origins` allow it; `keys` are headers that none but `home`'s origin sees.

        Redirects are followed within `origins`, a few, each as a link of its own. No address inside is connected to,
        but for this machine's own where an origin names it. Raises Refused, Gone, TryAgain, Broken, and TooLarge for
        a file of over `most` bytes, or one that takes over `seconds`.
        """
        with self._timed(vendor, "download") as facts:
            with self._files.open(vendor, url, origins, keys, home, most, seconds) as body:
                yield body
            facts["bytes"] = body.received
