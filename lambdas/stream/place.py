"""Where a block's rows stand towards their window: begun in it, shared with a neighbour, or strays."""

from datetime import datetime
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.core.facts import Facts
from lambdas.core.windows import Window

STAMP = pa.timestamp("us")


class Placer:
    """Places rows by their three times: start, answer, end."""

    def __init__(self, facts: Facts, window: Window) -> None:
        self._start, self._end = (_scalar(edge) for edge in (window.start, window.end))
        self._lag = pa.scalar(facts.record_lag, pa.duration("us"))
        self._anyhow = facts.selects_by != "start"

    def place(self, times: list[Any]) -> tuple[Any, Any]:
        """`in_window` and `boundary`.

        `boundary`: a neighbouring window may hold it too. Where the vendor selects by a call's start, that takes a
        time on the edge. Where nobody knows the axis, the call may be selected by any time from its start to
        `record_lag` after its end, and the window's end may be inclusive: so whatever reaches an edge counts.
        """
        inside = pc.and_(true(pc.greater_equal(times[0], self._start)), true(pc.less(times[0], self._end)))
        edges = [true(pc.equal(one, edge)) for one in times for edge in (self._start, self._end)]
        if self._anyhow:
            late = pc.add(pc.coalesce(*reversed(times)), self._lag)
            edges += [pc.invert(inside), pc.invert(true(pc.less(late, self._end)))]
        return inside, reduce(pc.or_, edges)

    def outside(self, batch: pa.RecordBatch) -> int:
        """How many rows have no time in the window, or none at all: these the vendor should not have sent."""
        first, last = batch.column("started_at"), pc.coalesce(batch.column("ended_at"), batch.column("started_at"))
        after, before = pc.greater(first, self._end), pc.less(pc.add(last, self._lag), self._start)
        return count(reduce(pc.or_, (true(after), true(before), pc.is_null(first))))


def disordered(batch: pa.RecordBatch) -> int:
    """How many rows are answered before they start, or end before either."""
    start, answer, end = (batch.column(name) for name in ("started_at", "answered_at", "ended_at"))
    return count(reduce(pc.or_, (true(pc.greater(*two)) for two in ((start, answer), (answer, end), (start, end)))))


def true(mask: Any) -> Any:
    """A mask without nulls: what is unknown is not true."""
    return pc.fill_null(mask, False) if mask.null_count else mask


def count(mask: Any) -> int:
    """How many are true."""
    return int(pc.sum(mask).as_py() or 0)


def _scalar(when: datetime) -> Any:
    return pa.scalar(when.replace(tzinfo=None), STAMP)
