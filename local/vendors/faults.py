"""What a simulated vendor does wrong, and how often: asked at named points, counted down as it is done."""

from collections import Counter
from threading import Lock
from typing import ClassVar, Literal, get_args

Fault = Literal[
    "unauthorized",  # any operation: 401, whatever the credentials
    "forbidden",  # any operation: 403
    "throttled",  # any operation: 429 with the vendor's headers
    "broken",  # any operation: 500
    "dropped",  # create: the request is accepted, the connection closed without an answer
    "failed",  # a report: it ends as failed
    "dead",  # a file: its link is refused before its time
]


class Faults:
    """`faults.add("dropped")` lets the next accepted request go unanswered; `times` says how many."""

    ANYWHERE: ClassVar[dict[Fault, int]] = {
        "unauthorized": 401,
        "forbidden": 403,
        "throttled": 429,
        "broken": 500,
    }

    def __init__(self) -> None:
        self._left: Counter[str] = Counter()
        self._lock = Lock()

    def add(self, fault: Fault, times: int = 1) -> None:
        """Plans the fault for the next `times` occasions."""
        if fault not in get_args(Fault):
            raise ValueError(f"no such fault: {fault}")
        with self._lock:
            self._left[fault] += times

    def take(self, fault: Fault) -> bool:
        """Whether it strikes now; if so it is counted down."""
        with self._lock:
            struck = self._left[fault] > 0
            self._left[fault] -= struck
            return struck
