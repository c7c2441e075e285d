"""Who calls back without being the vendor, or calls back once more: requests to the deployed API, sent aside."""

import json
import re
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import requests

from local.vendors import Simulator

URL = re.compile(r"https?://[^\"]+/callbacks/[^\"/]+/[^\"/]+")
PATIENCE_S = 60


def callbacks(players: Iterable[Simulator]) -> Iterator[str]:
    """The address that each report was to be called back at, in the order of asking."""
    for player in dict.fromkeys(players):
        for created in list(player.created):
            if found := URL.search(json.dumps(created.body)):
                yield found[0]


def lies(genuine: str, tag: str) -> list[str]:
    """A tag with two words that are not its own, and a well-formed tag that was never asked with a word that is one."""
    base, own, word = genuine.rsplit("/", 2)
    never = f"{own.rpartition('.a')[0]}.a77.{secrets.token_hex(4)}"
    other = word if tag != own else word[::-1]
    return [f"{base}/{tag}/{secrets.token_urlsafe(24)}", f"{base}/{tag}/{other}", f"{base}/{never}/{word}"]


@dataclass
class Strangers:
    """They do not wait for each other, and nobody waits for them."""

    ca: Path
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4, thread_name_prefix="stranger"))
    _sent: list[tuple[str, list[Future[int]]]] = field(default_factory=list)

    def call(self, what: str, urls: Iterable[str]) -> None:
        """Send them all at once."""
        self._sent.append((what, [self._pool.submit(self._post, url) for url in urls]))

    def answered(self) -> Iterator[str]:
        """What was answered, each told once."""
        for one in list(self._sent):
            if all(answer.done() for answer in one[1]):
                self._sent.remove(one)
                yield f"{one[0]}: answered {', '.join(str(answer.result()) for answer in one[1])}"

    def _post(self, url: str) -> int:
        """0 without an answer; the environment has no say."""
        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.post(url, json={}, timeout=PATIENCE_S, verify=str(self.ca)).status_code
        except OSError:  # every RequestException is one
            return 0
