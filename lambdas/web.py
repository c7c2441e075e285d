"""The one HTTP room: every request to a vendor and every download goes through here, and its errors are reactions."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.retry import Retry

from lambdas import VERSION
from lambdas.core.errors import Broken, Declined, Gone, Refused, TryAgain, Unclear
from lambdas.core.origins import allowed, same
from lambdas.core.veil import veil

TIMEOUT = (5.0, 20.0)  # seconds to connect, seconds between bytes
CHUNK = 1 << 20
LARGEST = 32 << 20  # bytes of an answer: a full page of a list is a tenth of it
LONGEST = 3600.0  # seconds that a vendor may ask us to stay away
PLAIN = ("Accept", "Content-Type")  # headers that hold no key


@dataclass(frozen=True)
class Answer:
    """A vendor's answer: its status, headers in any case, and body as JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Brief(Retry):
    """Repeats at once; who says when to come back is asked then, not before."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether a status is worth another try now."""
        return not has_retry_after and super().is_retry(method, status_code, has_retry_after)


class Session(requests.Session):
    """Follows nobody: `allow_redirects=False` alone still reads where a redirect leads, and its body."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""


class Web:
    """A session of HTTP; make one per Lambda process, late."""

    def __init__(self, timeout: tuple[float, float] = TIMEOUT) -> None:
        self._timeout = timeout
        self._session = Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # one process, several accounts
        # What is safe to repeat is repeated at once; a POST never: whether it arrived, the vendor's list tells.
        # `other=0`: urllib3 repeats what it cannot name, a broken TLS answer say, whatever the method.
        retry = Brief(
            total=2, other=0, read=0, redirect=0, backoff_factor=0.3, allowed_methods={"GET", "DELETE"},
            status_forcelist=(502, 503, 504), respect_retry_after_header=False, raise_on_status=False,
        )  # fmt: skip
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        self._session.headers["User-Agent"] = f"cdr-exporter/{VERSION}"
        # A function may sleep for minutes between two requests; a kept connection would be dead by then.
        self._session.headers["Connection"] = "close"
        # A proxy and a company's certificates are the environment's to name, but no ~/.netrc replaces our keys.
        self._session.auth = _as_it_is

    def call(self, vendor: str, what: str, method: str, url: str, **how: Any) -> Answer:
        """Ask a vendor; `what` names the operation in errors. Raises TryAgain, Refused, Declined, Gone, Unclear."""
        where = f"{vendor}: {what}"
        try:
            response = self._session.request(
                method, url, timeout=self._timeout, allow_redirects=False, stream=True, **how
            )
        except requests.RequestException as error:
            # The library's text holds the URL, and a URL may hold a capability: the kind of error is enough.
            doubt = not _unsent(error)
            sent = doubt and not isinstance(error, requests.exceptions.SSLError)
            told = "no answer came" if sent else "not reachable"
            raise TryAgain(f"{where}: {told} ({_kind(error)})", doubt=doubt) from None
        with response:
            if not 200 <= response.status_code < 300:
                raise _unasked(_reaction(where, response, _sent(how)), method)
            return Answer(response.status_code, response.headers, _json(where, response))

    @contextmanager
    def download(
        self, vendor: str, url: str, origins: tuple[str, ...], keys: Mapping[str, str], home: str
    ) -> Iterator["Body"]:
        """Open a report's file, only where `origins` allow it; `keys` are headers that none but `home`'s origin sees.

        Raises Refused, Gone, TryAgain, Broken.
        """
        if not _origin(url):
            raise Unclear(f"{vendor}: a link that is no URL")
        if not allowed(url, origins):
            raise Refused(f'{vendor}: a file at another origin; if it is right, add "{_origin(url)}" to download_from')
        headers = keys if same(url, home) else {}
        try:
            with self._session.get(
                url, headers={"Accept-Encoding": "identity", **headers}, timeout=self._timeout, stream=True,
                allow_redirects=False,
            ) as response:  # fmt: skip
                if headers and response.status_code in (401, 403):
                    raise _reaction(f"{vendor}: download", response, _sent({"headers": headers}))
                if 400 <= response.status_code < 500 and response.status_code not in (408, 429):
                    # Nothing about a file's link is the operator's to mend: S3 answers 400 to an expired token.
                    raise Gone(f"{vendor}: the link is dead (HTTP {response.status_code})", status=response.status_code)
                if response.status_code != 200:
                    raise _reaction(f"{vendor}: download", response, _sent({"headers": headers}))
                yield Body(response)
        except (requests.RequestException, HTTPError) as error:
            raise TryAgain(f"{vendor}: the download broke off ({_kind(error)})") from None


class Body:
    """The bytes of a file as they come; a length that disagrees with the header is an error."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        length = response.headers.get("Content-Length", "")
        self.expected = int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None
        # A chunked answer has an end mark of its own, without which urllib3 raises.
        self.sized = self.expected is not None or response.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self.received = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._response.raw.stream(CHUNK, decode_content=False):
            self.received += len(chunk)
            yield chunk
        if self.expected is not None and self.received != self.expected:
            raise Broken(f"{self.received} of {self.expected} bytes came", received=self.received)


def _reaction(where: str, response: requests.Response, keys: tuple[str, ...] = ()) -> Exception:
    status = response.status_code
    said = f"{where}: HTTP {status}{_detail(response, keys)}"
    if status in (408, 429) or status >= 500:
        limited = status == requests.codes.too_many_requests
        return TryAgain(said, after=_after(response.headers), doubt=not limited, limited=limited, status=status)
    if status == 401:
        return Refused(f"{said}: the key was not accepted", status=status)
    if status == 403:
        return Refused(f"{said}: the key may not do this", whole=False, status=status)
    if status in (404, 410):
        return Gone(said, status=status)
    if 300 <= status < 400:
        return Unclear(f"{said}: a redirect, which is not followed", status=status)
    return Declined(said, status=status) if 400 <= status < 500 else Unclear(said, status=status)


def _unasked(problem: Exception, method: str) -> Exception:
    """Where nobody takes a create, the address is wrong, not a report gone."""
    if method == "POST" and isinstance(problem, Gone):
        return Refused(f"{problem.what}: nothing takes it there; is base_url right, and prefix?", **problem.facts)
    return problem


def _json(where: str, response: requests.Response) -> Any:
    """The body of a good answer, None of one that has none; what is no JSON is told without a word of it."""
    status = response.status_code
    if status == requests.codes.no_content:
        return None
    try:
        text = _text(response)
    except requests.RequestException as error:
        raise TryAgain(f"{where}: HTTP {status}, and the answer broke off ({_kind(error)})", status=status) from None
    if len(text) > LARGEST:
        raise Unclear(f"{where}: HTTP {status} with over {LARGEST} bytes", status=status)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        kind = "a page" if text.lstrip().startswith(b"<") else "cut short or garbled" if text.strip() else "empty"
        raise Unclear(f"{where}: HTTP {status} without JSON: {kind}", status=status) from None


def _text(response: requests.Response) -> bytes:
    """The body, up to the first chunk beyond what any answer has."""
    text = bytearray()
    for chunk in response.iter_content(CHUNK):
        text += chunk
        if len(text) > LARGEST:
            break
    return bytes(text)


def _sent(how: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of a request, which a vendor's answer may repeat, in each form that was sent."""
    headers = {name: value for name, value in (how.get("headers") or {}).items() if name not in PLAIN}
    pair = tuple(how.get("auth") or ())
    basic = (b64encode(":".join(pair).encode()).decode(),) if pair else ()
    return (*basic, *pair, *(value.rpartition(" ")[2] for value in headers.values()))


def _detail(response: requests.Response, keys: tuple[str, ...]) -> str:
    """The documented error texts of both vendors, without our keys and what looks like a number or a key."""
    try:
        errors = json.loads(_text(response))["errors"]
        texts = [str(one.get("detail") or one.get("title") or "") for one in errors if isinstance(one, dict)]
    except (requests.RequestException, ValueError, RecursionError, KeyError, TypeError):
        return ""
    said = "; ".join(filter(None, texts))
    for key in filter(None, keys):
        said = said.replace(key, "[key]")
    return f" ({veil(said)[:200]})" if said else ""


def _after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, as told, at most an hour: in seconds, or as a date, which the answer's own date is held to."""
    for name in ("Retry-After", "x-ratelimit-reset"):
        if re.fullmatch(r"[0-9]{1,12}", headers.get(name, "")):
            return min(float(headers[name]), LONGEST)
    with suppress(KeyError, ValueError, TypeError, OverflowError):
        until, now = (parsedate_to_datetime(headers[name]) for name in ("Retry-After", "Date"))
        return min(max((until - now).total_seconds(), 0.0), LONGEST)
    return None


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _unsent(error: requests.RequestException) -> bool:
    """Whether there was no connection at all, so that nothing can have arrived."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def _kind(error: Exception) -> str:
    return type(error).__name__


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
