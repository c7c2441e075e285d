"""Downloads of reports: from where the export allows it and nowhere else, each hop and each address checked."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from lambdas.core.errors import Broken, Gone, Refused, TooLarge, TryAgain, Unclear
from lambdas.core.origins import allowed, same
from lambdas.web.pinned import Inside, Resolve
from lambdas.web.reactions import kind, reaction, sent
from lambdas.web.sessions import session

# Bytes at a time: urllib3's own way costs what a bare socket's does (0.2 s of CPU a GB); smaller, more.
CHUNK = 2 << 20  # bytes, as the copier reads them
HOPS = 3  # redirects of one download
MOVED = (301, 302, 303, 307, 308)


class Body:
    """The bytes of a file as they come; a length that disagrees with the header is an error, one over `most` too."""

    def __init__(self, response: requests.Response, most: int | None = None) -> None:
        self._response, self._most = response, most
        length = response.headers.get("Content-Length", "")
        self.expected = int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None
        # A chunked answer has an end mark of its own, without which urllib3 raises.
        self.sized = self.expected is not None or response.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.received = 0
        self._bound(self.expected or 0)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._response.raw.stream(CHUNK, decode_content=False):
            self.received += len(chunk)
            self._bound(self.received)
            yield chunk
        if self.expected is not None and self.received != self.expected:
            raise Broken(f"{self.received} of {self.expected} bytes came", received=self.received)

    def _bound(self, size: int) -> None:
        if self._most is not None and size > self._most:
            raise TooLarge(f"too-large: the file has over {self._most} bytes")


class Files:
    """Opens files; `resolve` tells the addresses of a name."""

    def __init__(self, timeout: tuple[float, float], resolve: Resolve) -> None:
        self._timeout = timeout
        self.session = session(resolve)

    @contextmanager
    def open(
        self, vendor: str, url: str, origins: tuple[str, ...], keys: Mapping[str, str], home: str, most: int | None
    ) -> Iterator[Body]:
        """As `Web.download` says."""
        try:
            response, shown = self._found(vendor, url, origins, keys, home)
            with response:
                _taken(vendor, response, shown)
                yield Body(response, most)
        except Inside as inside:
            raise Refused(f"{vendor}: the file's host leads to {inside}, where no file is fetched from") from None
        except (requests.RequestException, HTTPError) as error:
            raise TryAgain(f"{vendor}: the download broke off ({kind(error)})") from None

    def _found(
        self, vendor: str, url: str, origins: tuple[str, ...], keys: Mapping[str, str], home: str
    ) -> tuple[requests.Response, Mapping[str, str]]:
        """The answer at the end of the redirects, and the keys that were shown there."""
        for _ in range(HOPS + 1):
            _within(vendor, url, origins)
            shown = keys if same(url, home) else {}
            response = self._get(url, shown)
            where = response.headers.get("Location")
            if response.status_code not in MOVED or not where:
                return response, shown
            response.close()
            url = _next(vendor, url, where)
        raise Unclear(f"{vendor}: a file behind more than {HOPS} redirects")

    def _get(self, url: str, keys: Mapping[str, str]) -> requests.Response:
        headers = {"Accept-Encoding": "identity", **keys}
        return self.session.get(url, headers=headers, timeout=self._timeout, stream=True, allow_redirects=False)


def _within(vendor: str, url: str, origins: tuple[str, ...]) -> None:
    """Before anything is asked of anybody."""
    if not _origin(url):
        raise Unclear(f"{vendor}: a link that is no URL")
    if not allowed(url, origins):
        raise Refused(f'{vendor}: a file at another origin; if it is right, add "{_origin(url)}" to download_from')


def _next(vendor: str, url: str, where: str) -> str:
    """Where a redirect leads, "" for what is no URL; never from https to http."""
    try:
        onward = urljoin(url, where)
    except ValueError:
        return ""
    if url.lower().startswith("https:") and onward.lower().startswith("http:"):
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


def _origin(url: str) -> str:
    """Scheme, host and the first folder, which is what a bucket in the path is called; "" for what is no URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # one that is none raises
    except ValueError:
        return ""
    if not parts.scheme or not parts.hostname:
        return ""
    folder, slash, _ = parts.path.lstrip("/").partition("/")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{folder + slash if slash else ''}"
