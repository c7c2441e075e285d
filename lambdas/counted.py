"""Counts what anybody may cause, and says it seldom, so that nobody fills the log at our cost.

Once a minute, and within it at the tenth, the hundredth, the thousandth: a flood that ends is told too, to a tenth.
"""

from datetime import datetime, timedelta

from lambdas.logs import count, log
from lambdas.settings import Clock

EACH = timedelta(minutes=1)


class Counted:
    """For each kind, the first at once; what comes within the minute after it is told by the next minute's `count`.

    The lines between tell how many they are `so_far`: a sum of the counts counts each once. So does the metric, which
    hears of them with each line.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[str, datetime] = {}
        self._left: dict[str, int] = {}
        self._metered: dict[str, int] = {}

    def add(self, what: str, metric: str = "", **facts: str) -> None:
        """One more of a kind, of which there are few: `what` is a text of ours, never the caller's."""
        now, number = self._clock(), self._left.get(what, 0) + 1
        told = self._told.get(what)
        self._left[what] = number
        if told is None or abs(now - told) >= EACH:
            self._told[what], self._left[what] = now, 0
            log().warning(what, extra={"count": number, **facts})
        elif number >= 10 and str(number).strip("0") == "1":  # a power of ten
            log().warning(what, extra={"so_far": number, **facts})
        else:
            return
        if metric:
            count(metric, number - self._metered.get(what, 0))
            self._metered[what] = self._left[what]
