"""How calls end, how often, and how long each kind rings and talks."""

from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from math import log
from random import Random
from typing import NamedTuple

LONGEST_S = 4 * 3600  # from first ring to end


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way to end: Flowroute's word; Telnyx's record type and codes."""

    share: float
    result: str
    record_type: int
    cause: str
    code: int
    sip: int
    reason: str
    ring: tuple[int, int]
    answered: bool = False


ANSWERED = Outcome(0.83, "completed", 1, "NORMAL_CLEARING", 16, 200, "OK", (1, 38), True)
# A forking switch cancels the other legs, which FreeSWITCH writes as 487, a SIP code and no Q.850 cause.
CANCELLED = Outcome(0.045, "cancelled", 2, "ORIGINATOR_CANCEL", 487, 487, "Request Terminated", (2, 30))
OUTCOMES = (
    ANSWERED,
    Outcome(0.005, "completed", 1, "RECOVERY_ON_TIMER_EXPIRE", 102, 200, "OK", (1, 38), True),
    CANCELLED,
    Outcome(0.04, "busy", 2, "USER_BUSY", 17, 486, "Busy Here", (0, 3)),
    Outcome(0.025, "no answer", 2, "NO_ANSWER", 19, 480, "Temporarily Unavailable", (25, 60)),
    Outcome(0.01, "no answer", 2, "NO_USER_RESPONSE", 18, 408, "Request Timeout", (20, 40)),
    Outcome(0.015, "failed", 2, "CALL_REJECTED", 21, 603, "Decline", (1, 8)),
    Outcome(0.01, "failed", 3, "NORMAL_CIRCUIT_CONGESTION", 34, 503, "Service Unavailable", (0, 2)),
    Outcome(0.005, "failed", 3, "NORMAL_TEMPORARY_FAILURE", 41, 500, "Server Internal Error", (0, 2)),
    Outcome(0.015, "failed", 3, "UNALLOCATED_NUMBER", 1, 404, "Not Found", (0, 1)),
)
BOUNDS = list(accumulate(outcome.share for outcome in OUTCOMES))


class Span(NamedTuple):
    """Seconds of ringing, of talking, and until the record is written."""

    ring: int
    talk: int
    lag: int


def draw(rng: Random) -> Outcome:
    """An outcome as often as its share says."""
    return OUTCOMES[bisect(BOUNDS, rng.random() * BOUNDS[-1])]


def span(outcome: Outcome, rng: Random) -> Span:
    """How long a call of that outcome takes; 1 to 90 seconds pass until its record is written."""
    low, high = outcome.ring
    ring = low + int(rng.random() * (high - low + 1))
    talk = _talk(rng) if outcome.answered else 0
    return Span(ring, min(talk, LONGEST_S - ring), 1 + int(rng.random() * 90))


def _talk(rng: Random) -> int:
    """Log-normal with a median of 75 seconds; one call in 250 is a conference of hours."""
    if rng.random() < 0.004:
        return int(rng.lognormvariate(log(5400), 0.6))
    return max(1, int(rng.lognormvariate(log(75), 1.2)))
