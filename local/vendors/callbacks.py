"""A vendor's callbacks: sent when a report's status changes, again and again until somebody answers 200."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlsplit

import requests

Mode = Literal["once", "never", "twice", "early"]
AGAIN = 4  # undocumented for exports; for messages anything but 200 is sent again 4 times
LOOK_S = 0.03  # how often the clock is looked at
PATIENCE_S = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt: whose, when by the vendor's clock, and the answer's status, 0 if there was none."""

    export: str
    at: datetime
    status: int


@dataclass(frozen=True, slots=True)
class Note:
    """One callback to send when its time has come."""

    export: str
    url: str
    due: datetime
    body: Callable[[], dict[str, Any]]


def planned(
    url: str, created: datetime, ready: datetime, mode: Mode, struck: Mapping[str, float]
) -> list[tuple[str, datetime]]:
    """Where to call back, and when: as the faults that struck the report say, or else the mode."""
    if mode == "never" or "silent" in struck:
        return []
    due = ready + timedelta(seconds=struck.get("late", 0))
    if mode == "early" or "early" in struck:
        due = created
    target = _forged(url) if "forged" in struck else url
    return [(target, due)] * (2 if mode == "twice" or "twice" in struck else 1)


def _forged(url: str) -> str:
    """The last segment of the path differs in its first character."""
    parts = urlsplit(url)
    way, _, last = parts.path.rpartition("/")
    return parts._replace(path=f"{way}/{'0' if last[:1] != '0' else '1'}{last[1:]}").geturl()


class Caller:
    """Sends each note once its time has come by the vendor's clock, each in a thread of its own."""

    def __init__(self, clock: Callable[[], datetime], ca: Path | None, retry_s: float) -> None:
        self._clock, self._verify, self.retry_s = clock, str(ca) if ca else True, retry_s
        self._notes: list[Note] = []
        self._senders: list[Thread] = []
        self._lock, self._stopped = Lock(), Event()
        self._thread = Thread(target=self._watch, name="callbacks", daemon=True)
        self.deliveries: list[Delivery] = []

    def add(self, note: Note) -> None:
        with self._lock:
            self._notes.append(note)

    def __enter__(self) -> "Caller":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is sent any more; what is on its way may end."""
        self._stopped.set()
        self._thread.join()
        for sender in self._senders:
            sender.join(PATIENCE_S)

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_S):
            for note in self._take():
                sender = Thread(target=self._send, args=(note,), name="callback", daemon=True)
                self._senders.append(sender)
                sender.start()

    def _take(self) -> list[Note]:
        now = self._clock()
        with self._lock:
            due = [note for note in self._notes if note.due <= now]
            self._notes = [note for note in self._notes if note.due > now]
        return due

    def _send(self, note: Note) -> None:
        body = note.body()
        for _ in range(1 + AGAIN):
            status = self._post(note.url, body)
            with self._lock:
                self.deliveries.append(Delivery(note.export, self._clock(), status))
            if status == requests.codes.ok or self._stopped.wait(self.retry_s):
                return

    def _post(self, url: str, body: dict[str, Any]) -> int:
        """The environment has no say: neither its proxies nor its certificates are the vendor's."""
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.headers.update({"User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip"})
                answer = session.post(url, json=body, timeout=PATIENCE_S, verify=self._verify, allow_redirects=False)
                return answer.status_code
        except OSError:  # every RequestException is one; so is a certificate that is not there yet
            return 0
