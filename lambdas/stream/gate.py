"""The gate between a text and the engine that reads it: a few blocks ahead of its rows, and never long for nothing."""

import io
from threading import Semaphore
from time import monotonic
from typing import Protocol

from lambdas.core.errors import Disagrees, TooLarge

AHEAD = 3  # blocks read before the first comes back as rows
READERS = 8  # threads that may stand at the gate: more than there are
PATIENCE = 1.0  # seconds that one stands there: the gate bounds memory, and must never be what a copy hangs on
HUNGRY = 0.1  # seconds that suffice where the rows' reader waits: blocks without rows do not come back
UNIT = 2 << 20  # bytes of a block that are read in that time; so many of blank lines alone are no report's


class Text(Protocol):
    """What is read."""

    block: int

    def read(self, size: int = -1, /) -> bytes: ...


class Gate(io.RawIOBase):
    """A readable file over a text; `problem`: why it ended before its end."""

    def __init__(self, text: Text) -> None:
        super().__init__()
        self._source, self._free = text, Semaphore(AHEAD)
        self._hunger = HUNGRY * max(1, text.block // UNIT)
        self._waits: float | None = None  # since when the reader of rows does
        self._opened = False
        self.problem: Disagrees | None = None

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """As the text has it, when it is time; nothing after a problem."""
        if self.problem is not None:
            return b""
        self._stand()
        text = self._source.read(size)
        if len(text) < UNIT or text.strip(b"\r\n"):
            return text
        self.problem = TooLarge(f"too-large: {len(text)} bytes of nothing but blank lines")
        return b""

    def wait(self) -> None:
        """The reader of rows waits for some."""
        self._waits = monotonic()

    def back(self) -> None:
        """Rows are back."""
        self._waits = None
        self._free.release()

    def free(self) -> None:
        """A block made no rows, and its reader waits on."""
        self._free.release()

    def open(self) -> None:
        """Nobody waits here any more."""
        self._opened = True
        self._free.release(READERS)

    def _stand(self) -> None:
        until = monotonic() + PATIENCE
        while not self._opened and not self._free.acquire(timeout=self._hunger):
            waits, now = self._waits, monotonic()
            if now > until or (waits is not None and now - waits >= self._hunger):
                return
