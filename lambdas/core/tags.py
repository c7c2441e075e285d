"""The tag that a request carries through the vendor, and the capability that makes a callback believable."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.core.rows import Row
from lambdas.core.windows import Window, midnight, stamp, unstamp

LONGEST = 160  # characters of a tag, all its parts at their longest
SHAPE = re.compile(
    r"cdr1\.(?P<stack>[0-9a-f]{8})\.(?P<export>[a-z0-9-]{1,40})\.(?P<start>\d{8}T\d{6}Z)\.(?P<seconds>[1-9]\d{0,4})"
    r"\.(?P<source>[a-z-]{1,20})\.r(?P<revision>0|[1-9]\d{0,3})\.a(?P<attempt>[1-9]\d{0,3})\.(?P<hash>[0-9a-f]{8})",
    re.ASCII,
)
WORD = re.compile(r"[A-Za-z0-9_-]{32}")  # a capability's form


@dataclass(frozen=True)
class Tag:
    """What a tag says."""

    stack: str
    export: str
    window: Window
    revision: int
    attempt: int


def fingerprint(fields: Mapping[str, Any]) -> str:
    """Eight hex digits of the exact request fields."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, default=str).encode()).hexdigest()[:8]


def tag(stack: str, row: Row, fields: Mapping[str, Any]) -> str:
    """`cdr1.STACK.EXPORT.START.SECONDS.SOURCE.rR.aA.HASH`: unique for each asking of ours."""
    window = row.window
    where = f"{row.export}.{stamp(window.start)}.{window.seconds}.{window.source}"
    return f"cdr1.{stack}.{where}.r{row.revision}.a{row.attempt}.{fingerprint(fields)}"


def read(text: str) -> Tag | None:
    """What a tag says, or None for a text that is none."""
    match = SHAPE.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return None
    window = _window(match)
    if window is None:
        return None
    return Tag(match["stack"], match["export"], window, int(match["revision"]), int(match["attempt"]))


def _window(match: re.Match[str]) -> Window | None:
    """The window that a tag names, if there is one: whole within a day, as every window is."""
    seconds = int(match["seconds"])
    try:
        start = unstamp(match["start"])
    except ValueError:
        return None
    gone = (start - midnight(start)).total_seconds()
    inside = 86_400 % seconds == 0 and gone % seconds == 0
    return Window(start, seconds, match["source"]) if inside else None


def capability(key: bytes, text: str) -> str:
    """An unguessable word for one tag: HMAC-SHA-256, 192 bits of it in base64url."""
    return base64.urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")[:24]).decode()


def genuine(key: bytes, text: str, word: str) -> bool:
    """Whether a capability belongs to a tag, compared in constant time; what has not its form is not looked at."""
    return WORD.fullmatch(word) is not None and hmac.compare_digest(capability(key, text).encode(), word.encode())


def execution(row: Row) -> str:
    """The name of the execution of one run, at most 80 characters, never used twice: `HASH-rR-aA-kRUN`."""
    digest = hashlib.sha256(f"{row.export}/{row.window.sk}/{row.tag}".encode()).hexdigest()[:24]
    return f"{digest}-r{row.revision}-a{row.attempt}-k{row.run}"
