"""The figures that alarms watch and the log tells: how late an export is, what waits, and until when it can wait."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lambdas.core.facts import Facts
from lambdas.core.rows import ASIDE, IN_FLIGHT, Row, Work
from lambdas.core.windows import DAY, Window

MOVED = (*IN_FLIGHT, Work.STUCK)


@dataclass(frozen=True)
class Figures:
    """Seconds that a window waits, windows that somebody must look at, hours to loss; and what the log alone tells."""

    lag: int
    aside: int
    to_loss: float | None
    overdue: int  # seconds since a deadline passed that nobody kept

    @property
    def told(self) -> dict[str, Any]:
        """As fields of a line of the log: empty, not absent, or the latest of them would be an old one."""
        left = "" if self.to_loss is None else round(self.to_loss, 1)
        return {"lag": self.lag, "overdue": self.overdue, "hours_to_loss": left}


def figures(
    waiting: Sequence[tuple[Window, datetime]],
    rows: Iterable[Row],
    unplanned: datetime | None,
    facts: Facts,
    now: datetime,
    *,
    aside: Sequence[tuple[Window, str]] = (),
) -> Figures:
    """From the windows that wait for a copy, the rows that are due, and the oldest instant that has no row yet.

    What is put aside has a figure of its own, and hides nothing else: it makes no lag, and of what is quarantined the
    file is there, so that the vendor may forget it.
    """
    apart = dict(aside)
    kept = [window.start for window, _ in waiting if apart.get(window) != Work.QUARANTINED]
    oldest = kept + ([unplanned] if unplanned else [])
    left = None
    if oldest and facts.retention is not None:
        left = max(0.0, (min(oldest) + facts.retention - now).total_seconds() / 3600)
    return Figures(
        lag=max([0, *(_waited(window, opened, now) for window, opened in waiting if window not in apart)]),
        aside=len(apart),
        to_loss=left,
        overdue=max([0, *(int((now - one).total_seconds()) for one in _due(rows))]),
    )


def _waited(window: Window, opened: datetime, now: datetime) -> int:
    """Seconds; one of a backlog has a day more, for it waits for those before it, and takes what places there are."""
    grace = DAY if opened - window.end > DAY else timedelta(0)
    return int((now - opened - grace).total_seconds())


def deadline(rows: Iterable[Row]) -> str:
    """When the first of these is looked at again at the latest; "" when none is on its way."""
    first = min(_due(rows), default=None)
    return first.isoformat() if first else ""


def _due(rows: Iterable[Row]) -> list[datetime]:
    return [row.due_at for row in rows if row.due_at and row.state in MOVED and not row.news]


def counts(rows: Iterable[Row], aside: Sequence[tuple[Window, str]]) -> dict[str, int]:
    """How many windows are in each state that is not an end in itself: on their way, and put aside."""
    going = Counter(str(row.state) for row in rows)
    apart = Counter(word for _, word in aside)
    return {str(state): going[state] for state in (Work.PLANNED, *IN_FLIGHT)} | {
        str(state): apart[state] for state in ASIDE
    }
