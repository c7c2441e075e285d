"""What the interpreter itself tells of while a handler runs: connections, files and processes are no known effects."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PROCESS = ("subprocess.Popen", "os.exec", "os.fork", "os.posix_spawn", "os.system")


class Gate:
    """Shut while a handler runs: what is heard then is noted as wrong."""

    def __init__(self) -> None:
        self._here = threading.local()
        self.wrong: list[str] = []
        self._hooked = False

    @contextmanager
    def shut(self) -> Iterator[None]:
        """A handler runs in this thread."""
        if not self._hooked:
            sys.addaudithook(self._hear)
            self._hooked = True
        with self._set(True):
            yield

    @contextmanager
    def open(self) -> Iterator[None]:
        """A known effect is on its way, or the harness is at work."""
        with self._set(False):
            yield

    @contextmanager
    def _set(self, shut: bool) -> Iterator[None]:
        before = self.closed
        self._here.closed = shut
        try:
            yield
        finally:
            self._here.closed = before

    def swing(self, *, shut: bool) -> None:
        """The same without an end, where beginning and end are two events."""
        self._here.closed = shut

    @property
    def closed(self) -> bool:
        """Whether nothing may happen in this thread."""
        return getattr(self._here, "closed", False)

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        told = event == "socket.connect" or event in PROCESS or (event == "open" and _writes(given))
        if told and self.closed:
            self.wrong.append(f"an effect that nobody knows: {event} {given[:2]!r:.200}")


def _writes(given: tuple[Any, ...]) -> bool:
    """Whether a file is opened for writing; the interpreter's own cache of modules is nobody's effect."""
    path, mode, flags = given
    if "__pycache__" in str(path):
        return False
    return bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool(flags and flags & 3)


GATE = Gate()
