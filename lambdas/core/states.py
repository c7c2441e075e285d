"""What a window is to somebody who wants its calls: there or not, and for good or not."""

from enum import StrEnum

from lambdas.core.rows import Row, Work


class State(StrEnum):
    """What a stretch of time is, worst first."""

    GAP = "gap"  # the head says that it has rows, and it has none: a defect
    OVERLAP = "overlap"  # two rows cover it: a defect
    LOST = "lost"
    QUARANTINED = "quarantined"
    STUCK = "stuck"
    OPEN = "open"  # planned or on its way, or not planned yet
    UNREACHABLE = "unreachable"
    PROVISIONAL = "provisional"  # copied, and to be asked for again
    FINAL = "final"


COPIED = (State.PROVISIONAL, State.FINAL)
DEFECTS = (State.GAP, State.OVERLAP)
# What somebody wants and nobody copied; what the vendor had no more when it was first planned is told, not missed.
MISSING = (State.LOST, State.QUARANTINED, State.STUCK, State.OPEN)


def state(row: Row) -> State:
    """What a window is: what is published counts, whatever is being done about it."""
    if row.published:
        return State.FINAL if _final(row) else State.PROVISIONAL
    ends = (Work.LOST, Work.QUARANTINED, Work.STUCK, Work.UNREACHABLE)
    return State(row.state) if row.state in ends else State.OPEN


def _final(row: Row) -> bool:
    """No re-export is to come and none failed; with something left at the vendor that is not known yet."""
    due = row.later if row.news else row.due_at
    return row.state is Work.DONE and due is None and row.stale_since is None
