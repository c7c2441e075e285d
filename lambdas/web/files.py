"""Downloads of reports: from where the export allows it and nowhere else, each hop and each address checked."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from lambdas.core.errors import ADVICE, Broken, Gone, Refused, TooLarge, TryAgain, Unclear
from lambdas.core.origins import allowed, mistaken, origin, same, unfit
from lambdas.web.deadline import Deadline, Late
from lambdas.web.pinned import Inside
from lambdas.web.reactions import kind, reaction, sent

# Bytes at a time: urllib3's own way costs what a bare socket's does (0.2 s of CPU a GB); smaller, more.
CHUNK = 2 << 20  # bytes, as the copier reads them
HOPS = 3  # redirects of one download
# A host and a folder as they may be shown: a link may hold a key of ours, or a number, in any part of it.
PLAIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,253}/([A-Za-z0-9][A-Za-z0-9._-]{0,62}/)?")
MOVED = (301, 302, 303, 307, 308)
LONGEST = 16 << 10  # characters of a link: a signed one has up to three thousand


class Body:
    """The bytes of a file as they come; a length that disagrees with the header is an error, one over `most` too.

    So is a file that is not all there at the deadline.
    """

    def __init__(self, response: requests.Response, deadline: Deadline, most: int | None = None) -> None:
        self._response, self._deadline, self._most = response, deadline, most
        length = response.headers.get("Content-Length", "")
        self.expected = int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None
        # A chunked answer has an end mark of its own, without which urllib3 raises.
        self.sized = self.expected is not None or response.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.received = 0
        self._bound(self.expected or 0)

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._response.raw.stream(CHUNK, decode_content=False):
                self.received += len(chunk)
                self._bound(self.received)
                yield chunk
        except HTTPError:
            self._timely()
            raise
        whole = self.received == self.expected
        if not (whole or (self.sized and self.expected is None)):
            self._timely()  # a connection that was cut ends like one that was closed
        if self.expected is not None and not whole:
            raise Broken(f"{self.received} of {self.expected} bytes came", received=self.received)

    def _bound(self, size: int) -> None:
        if self._most is not None and size > self._most:
            raise TooLarge(f"too-large: the file has over {self._most} bytes")

    def _timely(self) -> None:
        if self._deadline.over:
            of = "" if self.expected is None else f" of {self.expected}"
            came = f"{self.received}{of} bytes came in {self._deadline.seconds:.0f} s"
            raise TooLarge(f"too-large: {came}, which is all the time there is")


class Files:
    """Opens files, each in a session of its own; `total` is how many seconds one may take to begin."""

    def __init__(self, timeout: tuple[float, float], session: Callable[..., requests.Session], total: float) -> None:
        self._timeout, self._session, self._total = timeout, session, total

    @contextmanager
    def open(
        self, vendor: str, url: str, origins: tuple[str, ...], keys: Mapping[str, str], home: str, most: int | None,
        seconds: float,
    ) -> Iterator[Body]:  # fmt: skip
        """As `Web.download` says."""
        first = max(min(self._total, seconds), 0.0)
        try:
            with Deadline(first) as deadline, self._session(deadline, guarded=True) as made:
                response, shown = self._found(made, vendor, url, origins, keys, home)
                with response:
                    deadline.check()  # what was cut off may look like an end of the headers
                    _taken(vendor, response, shown)
                    deadline.allow(seconds)
                    deadline.check()
                    yield Body(response, deadline, most)
        except Inside as inside:
            raise Refused(f"{vendor}: the file's host leads to {inside}, where no file is fetched from") from None
        except Late:
            if first < self._total:  # the time that is over is ours
                left = f"{first:.0f} s were left, in which no file began to come"
                raise TooLarge(f"too-large: {left}; {ADVICE}") from None
            raise TryAgain(f"{vendor}: no file began to come within {first:.0f} s") from None
        except (requests.RequestException, HTTPError) as error:
            raise TryAgain(f"{vendor}: the download broke off ({kind(error)})") from None

    def _found(
        self, made: requests.Session, vendor: str, url: str, origins: tuple[str, ...], keys: Mapping[str, str],
        home: str,
    ) -> tuple[requests.Response, Mapping[str, str]]:  # fmt: skip
        """The answer at the end of the redirects, and the keys that were shown there."""
        ours = sent({"headers": keys})
        for _ in range(HOPS + 1):
            _within(vendor, url, origins, ours)
            keys = keys if same(url, home) else {}  # once left behind, they are shown to nobody: also not at home
            headers = {"Accept-Encoding": "identity", **keys}
            response = made.get(url, headers=headers, timeout=self._timeout, stream=True, allow_redirects=False)
            where = response.headers.get("Location")
            if response.status_code not in MOVED or not where:
                return response, keys
            response.close()
            url = _next(vendor, url, where)
        raise Unclear(f"{vendor}: a file behind more than {HOPS} redirects")


def _within(vendor: str, url: str, origins: tuple[str, ...], ours: tuple[str, ...] = ()) -> None:
    """Before anything is asked of anybody."""
    near = origin(url)
    if not near or len(url) > LONGEST:
        raise Unclear(f"{vendor}: a link that is no URL")
    if allowed(url, origins):
        return
    if allowed(near, origins):  # there is no line to add
        raise Unclear(f"{vendor}: a link that leaves its folder, or that two readers may take for two")
    shown = PLAIN.fullmatch(near) and not any(key in near for key in ours if key)
    right = shown and not mistaken(near) and not unfit(near)
    advice = f'; if it is right, add "{near}" to download_from' if right else ", which no export may name"
    raise Refused(f"{vendor}: a file at another origin{advice}")


def _next(vendor: str, url: str, where: str) -> str:
    """Where a redirect leads, "" for what is no URL; never from https to http."""
    try:
        onward = urljoin(url, where)
        left = urlsplit(url).scheme == "https" and urlsplit(onward).scheme == "http"
    except ValueError:
        return ""
    if left:
        raise Refused(f"{vendor}: a file whose redirect leads from https to http, which is not followed")
    return onward


def _taken(vendor: str, response: requests.Response, shown: Mapping[str, str]) -> None:
    """Raises what anything but the file itself is."""
    status = response.status_code
    if 400 <= status < 500 and status not in (408, 429) and not (shown and status in (401, 403)):
        # Nothing about a file's link is the operator's to mend: S3 answers 400 to an expired token.
        raise Gone(f"{vendor}: the link is dead (HTTP {status})", status=status)
    if status != requests.codes.ok:
        raise reaction(f"{vendor}: download", response, sent({"headers": shown}))
