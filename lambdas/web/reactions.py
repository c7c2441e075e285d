"""Answers as reactions: what a status asks of us, told without a key, a link or a number."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from lambdas.core.errors import Declined, Denied, Gone, Refused, TryAgain, Unclear
from lambdas.core.veil import veil

CHUNK = 1 << 16
LARGEST = 32 << 20  # bytes of an answer: a full page of a list is a tenth of it
WORD = 6  # characters: a shorter key may be any word of an answer
LONGEST = 3600.0  # seconds that a vendor may ask us to stay away
PLAIN = ("Accept", "Content-Type")  # headers that hold no key


def reaction(where: str, response: requests.Response, keys: tuple[str, ...] = ()) -> Exception:
    """What an answer other than success is; `keys` are left out of what the vendor says."""
    status = response.status_code
    said = f"{where}: HTTP {status}{_detail(response, keys)}"
    if status in (408, 429) or status >= 500:
        limited = status == requests.codes.too_many_requests
        return TryAgain(said, after=_after(response.headers), doubt=not limited, limited=limited, status=status)
    if status == 401:
        return Denied(f"{said}: the key was not accepted", status=status)
    if status == 403:
        return Refused(f"{said}: the key may not do this", whole=False, status=status)
    if status in (404, 410):
        return Gone(said, status=status)
    if 300 <= status < 400:
        return Unclear(f"{said}: a redirect, which is not followed", status=status)
    return Declined(said, status=status) if 400 <= status < 500 else Unclear(said, status=status)


def unasked(problem: Exception, method: str) -> Exception:
    """Where nobody takes a create, the address is wrong, not a report gone."""
    if method == "POST" and isinstance(problem, Gone):
        return Refused(f"{problem.what}: nothing takes it there; is base_url right, and prefix?", **problem.facts)
    return problem


def body(where: str, response: requests.Response, keys: tuple[str, ...] = ()) -> Any:
    """The JSON of a good answer, None of one that has none; what is no JSON is told without a word of it.

    A key of ours that it repeats, as an id or a status say, is not taken over.
    """
    status = response.status_code
    if status == requests.codes.no_content:
        return None
    try:
        text = _text(response)
    except requests.RequestException as error:
        raise TryAgain(f"{where}: HTTP {status}, and the answer broke off ({kind(error)})", status=status) from None
    if len(text) > LARGEST:
        raise Unclear(f"{where}: HTTP {status} with over {LARGEST} bytes", status=status)
    try:
        return _without(json.loads(text), tuple(key for key in keys if len(key) >= WORD))
    except (ValueError, RecursionError):
        what = "a page" if text.lstrip().startswith(b"<") else "cut short or garbled" if text.strip() else "empty"
        raise Unclear(f"{where}: HTTP {status} without JSON: {what}", status=status) from None


def _without(value: Any, keys: tuple[str, ...]) -> Any:
    """A value whose texts do not have these; its names and numbers stay, which mean something to us."""
    match value:
        case str():
            for key in keys:
                value = value.replace(key, "[key]")
            return value
        case list():
            return [_without(one, keys) for one in value]
        case dict():
            return {name: _without(one, keys) for name, one in value.items()}
    return value


def sent(how: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of a request, which a vendor's answer may repeat, in each form that was sent."""
    headers = {name: value for name, value in (how.get("headers") or {}).items() if name not in PLAIN}
    pair = tuple(how.get("auth") or ())
    basic = (b64encode(":".join(pair).encode()).decode(),) if pair else ()
    return (*basic, *pair, *(value.rpartition(" ")[2] for value in headers.values()))


def unsent(error: requests.RequestException) -> bool:
    """Whether there was no connection at all, so that nothing can have arrived."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, NewConnectionError)


def kind(error: Exception) -> str:
    """What may be told of a library's error, whose text holds the URL, and a URL may hold a capability."""
    return type(error).__name__


def _text(response: requests.Response) -> bytes:
    """The body, up to the first chunk beyond what any answer has."""
    text = bytearray()
    for chunk in response.iter_content(CHUNK):
        text += chunk
        if len(text) > LARGEST:
            break
    return bytes(text)


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
