"""A line's speed: a token bucket that several connections share, smooth to a few milliseconds."""

import time
from threading import Lock

MB = 1_000_000
BURST = 0.01  # seconds of the line that may go at once


class Pace:
    """So many bytes a second; 0 is a free line, on which nobody waits."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.slice = int(rate * BURST) if rate else 1 << 30  # bytes to send at a time
        self._free, self._lock = time.monotonic(), Lock()

    def take(self, size: int) -> None:
        """Wait until so many bytes have had their time on the line."""
        if not self.rate:
            return
        with self._lock:
            now = time.monotonic()
            self._free = max(self._free, now - BURST) + size / self.rate
            wait = self._free - now
        if wait > 0:
            time.sleep(wait)
