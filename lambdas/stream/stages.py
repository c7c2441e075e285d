"""How long each stage of a copy took, and whether the time that is left is enough: told before it is wasted."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import perf_counter
from typing import TypeVar

from lambdas.core.errors import ADVICE, TooLarge

RESERVE = 20.0  # seconds for the checks, the publishing and the ledger
PROBE = 32 << 20  # bytes after which a pace can be told
Thing = TypeVar("Thing")


class Stages:
    """Seconds by stage; two threads share it, each with its own stages."""

    def __init__(self, timer: Callable[[], float] = perf_counter) -> None:
        self._timer = timer
        self.seconds = defaultdict[str, float](float)

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        """Counts the block to a stage."""
        began = self._timer()
        try:
            yield
        finally:
            self.seconds[stage] += self._timer() - began

    def each(self, stage: str, items: Iterator[Thing]) -> Iterator[Thing]:
        """The items, while the waiting for them is counted."""
        while True:
            with self.on(stage):
                item = next(items, None)
            if item is None:
                return
            yield item


class Pace:
    """Watches a download: `left` gives the seconds that remain, `expected` are the bytes to come, where known."""

    def __init__(self, left: Callable[[], float], expected: int | None) -> None:
        self._left, self._expected = left, expected
        self._began, self._next = left(), PROBE

    def __call__(self, received: int) -> None:
        """Raises TooLarge as soon as it is clear that the time will not do."""
        if self._began == inf:
            return
        left = self._left()
        if received < self._next and left > RESERVE:
            return
        self._next = received + PROBE
        needed = self._needed(received, self._began - left)
        if left - RESERVE < needed:
            size = self._expected or received
            raise TooLarge(f"too-large: {size} bytes take {needed:.0f} s more, {left:.0f} s are left; {ADVICE}")

    def _needed(self, received: int, spent: float) -> float:
        return spent * (self._expected / received - 1) if self._expected else 0.0
