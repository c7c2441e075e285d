"""A bound on time: what is read over HTTP ends when its seconds are over, though it come byte by byte.

A socket's own time-out is one between two bytes; whoever sends one before each is over would be waited for for ever.
"""

import socket
from contextlib import suppress
from math import inf
from threading import Lock, Timer
from time import monotonic
from types import TracebackType
from typing import Self


class Late(Exception):
    """The time is over."""


class Deadline:
    """Ends the connection that it holds when `seconds` are over; a context, behind which neither thread nor socket is.

    It holds a second descriptor of the connection: what the first one is to TLS is not touched from another thread.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.over = self.connected = False
        self._began, self._lock = monotonic(), Lock()
        self._held: socket.socket | None = None
        self._timer: Timer | None = None

    def __enter__(self) -> Self:
        self.allow(self.seconds)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()
        with self._lock:
            self._keep(None)

    def allow(self, seconds: float) -> None:
        """So many seconds from the beginning on, instead of what was said before."""
        self._stop()
        self.seconds = max(seconds, 0.0)
        if self.seconds < inf:
            self._timer = Timer(self._left(), self._end)
            self._timer.daemon = True
            self._timer.start()

    def check(self) -> None:
        """Raises Late when the time is over: whatever came of it then is not to be believed."""
        if self.over:
            raise Late

    def most(self, seconds: float) -> float:
        """The smaller of these seconds and of what is left. Raises Late."""
        self.check()
        return max(min(seconds, self._left()), 0.001)  # 0 would mean not to wait at all

    def hold(self, made: socket.socket) -> socket.socket:
        """Watch over this connection, and no more over the one before, which was given up."""
        with self._lock:
            self._keep(made.dup())
            self.connected = True
            if self.over:
                self._cut()
        return made

    def _left(self) -> float:
        return max(self._began + self.seconds - monotonic(), 0.0)

    def _end(self) -> None:
        with self._lock:
            self.over = True
            self._cut()

    def _cut(self) -> None:
        if self._held is not None:
            with suppress(OSError):  # the other side was faster
                # Both ways: Linux resets a connection that is shut down for reading alone only when it is closed.
                self._held.shutdown(socket.SHUT_RDWR)

    def _keep(self, held: socket.socket | None) -> None:
        if self._held is not None:
            self._held.close()
        self._held = held

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
            self._timer = None
