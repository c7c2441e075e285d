"""Who floods the callback's address with what is no callback: forged requests of every kind, over kept connections."""

import http.client
import itertools
import json
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Lock
from typing import NamedTuple
from urllib.parse import urlsplit

from local.strangers import lies

CONNECTIONS = 16
PATIENCE_S = 60
BIG = b'{"data":"' + b"x" * 100_000 + b'"}'
HUGE = b"x" * (10 * 1024 * 1024 + 1)  # a byte more than an HTTP API takes
OVER = "a body over the limit"
CLOSED = (0, 403, 404, 429)  # answered by the gateway itself
METHODS = ("GET", "PUT", "DELETE", "PATCH", "OPTIONS")
WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Forged(NamedTuple):
    """One request that is no callback, and what is wrong with it."""

    kind: str
    method: str
    path: str
    body: bytes = b"{}"


def forged(genuine: Sequence[str], seed: int) -> Iterator[Forged]:
    """Without end, one kind after the other; made of addresses that a vendor was given, and of chance.

    The right address itself is only ever used with the wrong method.
    """
    chance, paths = Random(seed), [urlsplit(url).path for url in genuine]  # not for secrets
    base = paths[0].rsplit("/", 2)[0]
    yield Forged(OVER, "POST", f"{base}/a/b", HUGE)
    for made in itertools.cycle(KINDS):
        yield made(chance, base, chance.choice(paths), chance.choice(paths))


def _word(chance: Random) -> str:
    return "".join(chance.choices(WORD, k=32))


def _wrong(chance: Random, base: str, path: str, _other: str) -> Forged:
    return Forged("a true tag, another word", "POST", f"{base}/{path.split('/')[-2]}/{_word(chance)}")


def _borrowed(_chance: Random, _base: str, path: str, other: str) -> Forged:
    own = lies(path, other.split("/")[-2])[1]
    return Forged("a true tag, the word of another", "POST", own)


def _never(chance: Random, base: str, path: str, _other: str) -> Forged:
    tag, word = path.split("/")[-2:]
    never = f"{tag.rpartition('.a')[0]}.a77.{chance.randbytes(4).hex()}"
    return Forged("a tag that was never asked, a true word", "POST", f"{base}/{never}/{word}")


def _near(chance: Random, _base: str, path: str, _other: str) -> Forged:
    cut = chance.choice((path[:-1], path + "=", path[:-1] + chance.choice(WORD.replace(path[-1], ""))))
    return Forged("a true tag, nearly its word", "POST", cut)


def _garbage(chance: Random, base: str, _path: str, _other: str) -> Forged:
    ways = ("/", f"/{_word(chance)}", f"/a/b/{_word(chance)}", "/callbacks/%00%ff", "/" + "a" * 4000)
    return Forged("a path of no route", "POST", base.removesuffix("/callbacks") + chance.choice(ways))


def _noise(chance: Random, base: str, _path: str, _other: str) -> Forged:
    return Forged("neither tag nor word", "POST", f"{base}/{_word(chance)}/{_word(chance)}", chance.randbytes(64))


def _big(chance: Random, base: str, path: str, _other: str) -> Forged:
    return Forged("a big body", "POST", f"{base}/{path.split('/')[-2]}/{_word(chance)}", BIG)


def _other_method(chance: Random, _base: str, path: str, _other: str) -> Forged:
    return Forged("the right address, another method", chance.choice(METHODS), path)


KINDS: Sequence[Callable[[Random, str, str, str], Forged]] = (
    _wrong, _borrowed, _never, _near, _garbage, _noise, _wrong, _other_method, _never, _borrowed,
    _wrong, _borrowed, _never, _near, _garbage, _noise, _wrong, _other_method, _never, _big,
)  # fmt: skip


@dataclass
class Flood:
    """Forged requests over several connections at once, each as fast as it is answered."""

    origin: str  # scheme and host
    ca: Path
    requests: Iterator[Forged]
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)  # by kind and status, 0 for none
    seconds: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    @property
    def sent(self) -> int:
        return self.answers.total()

    @property
    def reached(self) -> int:
        """How many came as far as the function."""
        return sum(n for (kind, status), n in self.answers.items() if kind != OVER and status not in CLOSED)

    def send(self, count: int, meanwhile: Callable[[int], None] = lambda _: None) -> None:
        """So many, and tell `meanwhile` now and then how many are answered."""
        began, until = time.monotonic(), self.sent + count
        todo = itertools.islice(self.requests, count)
        with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="forger") as pool:
            forgers = [pool.submit(self._forge, todo) for _ in range(CONNECTIONS)]
            while not all(one.done() for one in forgers):
                meanwhile(self.sent + count - until)
                time.sleep(0.02)
            for one in forgers:
                one.result()
        self.seconds += time.monotonic() - began

    def _forge(self, todo: Iterator[Forged]) -> None:
        link = self._link()
        while (one := self._next(todo)) is not None:
            status = _ask(link, one)
            if not status:
                link.close()
                link = self._link()
            with self._lock:
                self.answers[one.kind, status] += 1
        link.close()

    def _next(self, todo: Iterator[Forged]) -> Forged | None:
        with self._lock:
            return next(todo, None)

    def _link(self) -> http.client.HTTPSConnection:
        trust = ssl.create_default_context(cafile=str(self.ca))
        return http.client.HTTPSConnection(urlsplit(self.origin).netloc, timeout=PATIENCE_S, context=trust)


def _ask(link: http.client.HTTPSConnection, one: Forged) -> int:
    try:
        link.request(one.method, one.path, one.body, {"Content-Type": "application/json"})
        answer = link.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0


def shown(answers: Counter[tuple[str, int]]) -> str:
    """A line for each kind of request: how often which status."""
    kinds = dict.fromkeys(kind for kind, _ in answers)
    told = {kind: {status: times for (one, status), times in sorted(answers.items()) if one == kind} for kind in kinds}
    return "\n".join(f"  {kind}: {json.dumps(by)[1:-1]}".replace('"', "") for kind, by in told.items())
