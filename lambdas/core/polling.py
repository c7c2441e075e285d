"""What follows from a look at a report, and what follows when a report did not come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.core.facts import Facts
from lambdas.core.progress import Progress, State
from lambdas.core.rows import Row, move

ATTEMPTS = 5  # so often is a window asked before it is stuck
SLOWEST = 600  # seconds; no report is looked at more rarely
# An execution that is this late is taken for dead and its successor started.
GRACE = timedelta(minutes=10)
# The distance to the next attempt, by how many there were.
DISTANCE = (timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))


@dataclass(frozen=True)
class Verdict:
    """The row as it shall be, and what the execution does next: wait, copy or end."""

    row: Row
    next: str
    wait: int = 0


def verdict(row: Row, progress: Progress, facts: Facts, now: datetime, jitter: float) -> Verdict:
    """Decide by a look; `jitter` is a number from 0 to 1."""
    if progress.state is State.READY:
        return Verdict(row, "copy")
    if progress.state is not State.PENDING:
        return Verdict(renew(row, f"the report is {progress.state}", now), "end")
    if row.give_up_at is not None and now >= row.give_up_at:
        return Verdict(renew(row, "the report was not ready in time", now), "end")
    wait = pause(row, facts, now, jitter)
    due = now + timedelta(seconds=wait) + GRACE
    return Verdict(move(row, "wait", looks=row.looks + 1, looked_at=now, due_at=due), "wait", wait)


def blind(row: Row, now: datetime) -> Verdict:
    """The vendor has the report but does not let us see it: nothing is used up, and we look again, slowly.

    Past the deadline this run ends; the requester's next run goes on when the vendor can be asked again.
    """
    if row.give_up_at is not None and now >= row.give_up_at:
        return Verdict(row, "end")
    due = now + timedelta(seconds=SLOWEST) + GRACE
    return Verdict(move(row, "wait", looks=row.looks + 1, looked_at=now, due_at=due), "wait", SLOWEST)


def pause(row: Row, facts: Facts, now: datetime, jitter: float) -> int:
    """Seconds to the next look: growing to a ceiling, between half and all of it, never past the deadline."""
    most = min(facts.first_wait * 1.5**row.looks, SLOWEST)
    left = (row.give_up_at - now).total_seconds() if row.give_up_at else most
    return max(1, int(min(most * (0.5 + jitter / 2), left + 1)))


def renew(row: Row, reason: str, now: datetime) -> Row:
    """The row after an attempt that the vendor accepted and that came to nothing."""
    if row.attempt < ATTEMPTS:
        due = now + DISTANCE[min(row.attempt, len(DISTANCE)) - 1]
        return move(row, "renew", attempt=row.attempt + 1, due_at=due, **blank(reason))
    if row.published is not None:
        return move(row, "settle", due_at=now + timedelta(days=1), stale_since=now, **blank(reason))
    return move(row, "despair", due_at=now + timedelta(days=1), **blank(reason))


def blank(reason: str | None = None) -> dict[str, object]:
    """The fields of an attempt, emptied for the next one."""
    return {
        "run": 0, "fields": None, "tag": None, "asked_at": None, "report_id": None, "give_up_at": None,
        "looks": 0, "searched": 0, "heard_at": None, "looked_at": None, "token": None, "wakes": 0, "reason": reason,
    }  # fmt: skip
