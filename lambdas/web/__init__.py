"""The one HTTP room: every request to a vendor and every download goes through here, and its errors are reactions."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import requests

from lambdas.core.errors import TryAgain
from lambdas.web.files import Body, Files
from lambdas.web.pinned import Resolve, resolve
from lambdas.web.reactions import body, kind, reaction, sent, unasked, unsent
from lambdas.web.sessions import session

__all__ = ["TIMEOUT", "Answer", "Body", "Resolve", "Web"]

TIMEOUT = (5.0, 20.0)  # seconds to connect, seconds between bytes


@dataclass(frozen=True)
class Answer:
    """A vendor's answer: its status, headers in any case, and body as JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Web:
    """Two sessions of HTTP, for calls and for files; make one per Lambda process, late."""

    def __init__(self, timeout: tuple[float, float] = TIMEOUT, resolve: Resolve = resolve) -> None:
        self._timeout = timeout
        self._session = session()
        self._files = Files(timeout, resolve)

    def call(self, vendor: str, what: str, method: str, url: str, **how: Any) -> Answer:
        """Ask a vendor; `what` names the operation in errors. Raises TryAgain, Refused, Declined, Gone, Unclear."""
        where = f"{vendor}: {what}"
        try:
            response = self._session.request(
                method, url, timeout=self._timeout, allow_redirects=False, stream=True, **how
            )
        except requests.RequestException as error:
            doubt = not unsent(error)
            arrived = doubt and not isinstance(error, requests.exceptions.SSLError)
            told = "no answer came" if arrived else "not reachable"
            raise TryAgain(f"{where}: {told} ({kind(error)})", doubt=doubt) from None
        with response:
            if not 200 <= response.status_code < 300:
                raise unasked(reaction(where, response, sent(how)), method)
            return Answer(response.status_code, response.headers, body(where, response))

    def download(
        self, vendor: str, url: str, origins: tuple[str, ...], keys: Mapping[str, str], home: str,
        *, most: int | None = None,
    ) -> AbstractContextManager[Body]:  # fmt: skip
        """Open a report's file, only where `origins` allow it; `keys` are headers that none but `home`'s origin sees.

        Redirects are followed within `origins`, a few, each as a link of its own. No address inside is connected to,
        but for this machine's own where an origin names it. Raises Refused, Gone, TryAgain, Broken, and TooLarge for
        a file of over `most` bytes.
        """
        return self._files.open(vendor, url, origins, keys, home, most)
