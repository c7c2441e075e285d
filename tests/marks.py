"""What must not leak, and the search for it in what was emitted, stored outside the data zones, or printed."""

import gzip
import io
import json
import logging
import re
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any, TextIO
from urllib.parse import quote

from lambdas.core.veil import NUMBER
from lambdas.logs import log

SHORT = 6  # a shorter text is no mark: it stands in other words
DIGITS = 7  # so many make a phone number
RUN = re.compile(r"[0-9]{7,}")
# A URL that has a query, and what a header of HTTP says who we are with: whoever made them.
KINDS = {
    "a link with its query": re.compile(r"https?://[^\s\"'<>\\?]+\?(?!\[query\])[^\s\"'<>\\]{2}"),
    "a signature": re.compile(r"(?:X-Amz-|X-Goog-)?(?:Signature|Credential|Security-Token)=(?!\[)\S{2}"),
    "an authorization": re.compile(r"\b(?:Basic|Bearer) (?!\[)(?=\S*[0-9=+/])[A-Za-z0-9+/=_.-]{8}"),
}
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Leak:
    """Where something was found, what it is, and how it begins: never all of it."""

    place: str
    what: str
    begins: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what} ({self.begins}...)"


@dataclass
class Marks:
    """Texts by what they are, and phone numbers as their digits."""

    words: dict[str, str] = field(default_factory=dict)  # the text to what it is
    numbers: set[str] = field(default_factory=set)

    def secret(self, name: str, value: str) -> None:
        """A secret, and each of its fields, in every form that is sent."""
        self.word(f"the secret {name}", value)
        keys = {one: text for one, text in _fields(value).items() if isinstance(text, str)}
        for one, text in keys.items():
            self.word(f"{one} of {name}", text)
        for one, other in permutations(keys.values(), 2):
            self.word(f"the basic authorization of {name}", f"{one}:{other}")

    def word(self, what: str, text: str) -> None:
        """A text, plain, in base64 of both alphabets, as a URL and JSON write it."""
        if len(text) < SHORT:
            return
        raw = text.encode()
        plain = {text, quote(text, safe=""), json.dumps(text)[1:-1]}
        coded = {make(raw).decode().rstrip("=") for make in (b64encode, urlsafe_b64encode)}
        self.words |= dict.fromkeys(plain, what) | dict.fromkeys(coded, f"{what}, in base64")

    def number(self, text: str) -> None:
        """A phone number: all its digits, and less a country code of one to three, where seven are left."""
        digits = "".join(re.findall(r"[0-9]", text))
        self.numbers |= {digits[cut:] for cut in range(4) if len(digits) - cut >= DIGITS}

    def found(self, place: str, said: str | bytes, *, numbers: bool = True, kinds: bool = True) -> Iterator[Leak]:
        """What of it stands there; `numbers`: phone numbers too, `kinds`: and what looks like a link or a sign-in."""
        text = unpacked(said)
        for word, what in self.words.items():
            if word in text:
                yield Leak(place, what, word[:3])
        for kind, pattern in KINDS.items() if kinds else ():
            if one := pattern.search(text):
                yield Leak(place, kind, one[0][:12])
        for run in self._numbers(text) if numbers else ():
            yield Leak(place, "a phone number", run[:3])

    def _numbers(self, text: str) -> set[str]:
        """As a run of digits, or with what people write between them."""
        spaced = {"".join(re.findall(r"[0-9]", one)) for one in NUMBER.findall(text)}
        return self.numbers & {one.lstrip("0") for one in spaced.union(RUN.findall(text))}


def _fields(value: str) -> dict[str, Any]:
    """A secret's fields, if it is a JSON object."""
    try:
        found = json.loads(value)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def unpacked(said: str | bytes) -> str:
    """As a text, whatever it is packed in."""
    if isinstance(said, str):
        return said
    return (gzip.decompress(said) if said.startswith(GZIP) else said).decode("utf-8", "replace")


def flat(value: Any) -> str:
    """Anything as one text."""
    return json.dumps(value, default=str, ensure_ascii=False)


def clean(leaks: Iterable[Leak]) -> None:
    """Nothing was found; else where, and what."""
    told = sorted({str(one) for one in leaks})
    assert not told, "\n".join(told)


@dataclass
class Emitted(logging.Handler):
    """What the process says: both streams, and the log as Lambda would print it."""

    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    __hash__ = logging.Handler.__hash__

    def emit(self, record: logging.LogRecord) -> None:
        """One line; ours in the form of our logger, a library's as the runtime has it."""
        form = log().registered_formatter if record.name == log().name else logging.Formatter()
        self.said.append(form.format(record))

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.said)


class Tee(io.TextIOBase):
    """Passes on what is written, and remembers it."""

    def __init__(self, to: TextIO, said: list[str]) -> None:
        self._to, self._said = to, said

    def write(self, text: str) -> int:
        """To both."""
        count = self._to.write(text)
        self._said.append(text)
        return count

    def flush(self) -> None:
        """What it passes on to."""
        if not getattr(self._to, "closed", False):
            self._to.flush()


@contextmanager
def listening() -> Iterator[Emitted]:
    """Hears what is emitted, and keeps it from nobody."""
    log()  # made before: it writes to the stream that it found then
    root, heard = logging.getLogger(), Emitted()  # ours tells its parent, too
    with ExitStack() as stack:
        root.addHandler(heard)
        stack.callback(root.removeHandler, heard)
        stack.enter_context(redirect_stdout(Tee(sys.stdout, heard.said)))
        stack.enter_context(redirect_stderr(Tee(sys.stderr, heard.said)))
        yield heard


def marks_of(secrets: Mapping[str, str], numbers: Iterable[str] = ()) -> Marks:
    """Of these secrets and numbers."""
    made = Marks()
    for name, value in secrets.items():
        made.secret(name, value)
    for one in numbers:
        made.number(one)
    return made
