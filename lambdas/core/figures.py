"""The figures that alarms watch: how late an export is, what nobody moves, and how long until something is lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdas.core.facts import Facts
from lambdas.core.rows import Row, Work
from lambdas.core.windows import Window

MOVED = (Work.ASKING, Work.ASKED, Work.COPYING, Work.STUCK)


@dataclass(frozen=True)
class Figures:
    """Seconds that a window waits; seconds since a deadline passed; hours until the vendor forgets, if it does."""

    lag: int
    overdue: int
    to_loss: float | None


def figures(
    waiting: Sequence[tuple[Window, datetime]],
    rows: Iterable[Row],
    unplanned: datetime | None,
    facts: Facts,
    now: datetime,
) -> Figures:
    """From the windows that wait for a copy, the rows that are due, and the oldest instant that has no row yet."""
    late = [row.due_at for row in rows if row.due_at and row.state in MOVED and not row.news]
    oldest = [window.start for window, _ in waiting] + ([unplanned] if unplanned else [])
    left = None
    if oldest and facts.retention is not None:
        left = max(0.0, (min(oldest) + facts.retention - now).total_seconds() / 3600)
    return Figures(
        lag=max([0, *(int((now - opened).total_seconds()) for _, opened in waiting)]),
        overdue=max([0, *(int((now - due).total_seconds()) for due in late)]),
        to_loss=left,
    )
