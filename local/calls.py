"""Believable calls of one account, the same in every process for the same seed, and the truth about them."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import Literal

from local import traffic
from local.account import account
from local.call import Call
from local.outcomes import LONGEST_S

__all__ = ["Axis", "Call", "Calls", "Tally", "truth"]

Axis = Literal["start", "end", "record"]
KEPT = 50_000  # calls held in memory, but always two days
REACH = timedelta(seconds=LONGEST_S + 90)  # from a call's start to its record, at most


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows, seconds of talk, billed seconds and cost; an unpriced call costs nothing yet."""

    rows: int = 0
    seconds: int = 0
    billed: int = 0
    cost: Decimal = Decimal("0E-8")

    def plus(self, call: Call) -> "Tally":
        return Tally(
            self.rows + 1,
            self.seconds + call.duration_s,
            self.billed + call.billed_s,
            self.cost + (call.cost or 0),
        )


class Calls:
    """The calls of an account: about `per_day` on a weekday, and eight more on its edges."""

    def __init__(self, seed: int, account: str, per_day: int = 400, *, unpriced: float = 0.0) -> None:
        self.seed, self.account, self.per_day, self.unpriced = seed, account, per_day, unpriced
        self.holder = _holder(seed, account)
        self._days: OrderedDict[date, list[Call]] = OrderedDict()
        self._lock = Lock()

    def day(self, day: date) -> list[Call]:
        """Every call that starts on the day, by start."""
        with self._lock:
            if day in self._days:
                self._days.move_to_end(day)
                return self._days[day]
        drawn = traffic.calls(self.seed, self.account, self.holder, day, self.per_day, self.unpriced)
        with self._lock:
            self._days[day] = drawn
            self._shrink()
        return drawn

    def between(self, start: datetime, end: datetime, *, axis: Axis = "start", closed: bool = False) -> Iterator[Call]:
        """Calls whose start, end or record time lies in [start, end), or [start, end] if closed, by start."""
        first = start if axis == "start" else start - REACH
        for day in _days(first, end if closed else end - timedelta(microseconds=1)):
            for call in self.day(day):
                at = moment(call, axis)
                if start <= at < end or (closed and at == end):
                    yield call

    def _shrink(self) -> None:
        while len(self._days) > 2 and sum(map(len, self._days.values())) > KEPT:
            self._days.popitem(last=False)


_holder = account  # the parameter named `account` would hide it


def moment(call: Call, axis: Axis) -> datetime:
    """The call's time on that axis."""
    if axis == "start":
        return call.started_at
    return call.ended_at if axis == "end" else call.recorded_at


def truth(calls: Iterable[Call]) -> dict[date, Tally]:
    """What there is to find, by UTC day of the calls' start."""
    days: dict[date, Tally] = {}
    for call in calls:
        day = call.started_at.date()
        days[day] = days.get(day, Tally()).plus(call)
    return dict(sorted(days.items()))


def _days(first: datetime, last: datetime) -> Iterator[date]:
    day, final = first.astimezone(UTC).date(), last.astimezone(UTC).date()
    while day <= final:
        yield day
        day += timedelta(days=1)
