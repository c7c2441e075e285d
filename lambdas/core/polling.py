"""What follows from a look at a report, and what follows when a report did not come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.core.errors import Declined, Gone, Problem, Refused, TryAgain
from lambdas.core.facts import Facts
from lambdas.core.planning import DECLINES
from lambdas.core.progress import Progress, State
from lambdas.core.rows import Row, move

ATTEMPTS = 5  # so many may come to nothing before a window is stuck
WEEK = 7  # days
DELETING = timedelta(days=2)  # so long after its asking a report's deletion that met an outage is tried again
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
    early = row.asked_at is not None and now < row.asked_at + facts.list_grace
    if progress.state is not State.PENDING and not (progress.state is State.GONE and early):
        # A report asked a moment ago that is not found is not shown yet: both vendors may lag behind themselves.
        return Verdict(renew(row, f"the report is {progress.state}", now), "end")
    if row.give_up_at is not None and now >= row.give_up_at:
        return Verdict(renew(row, "the report was not ready in time", now), "end")
    wait = pause(row, facts, now, jitter)
    due = now + timedelta(seconds=wait) + GRACE
    looked = {"looks": row.looks + 1, "looked_at": now, "due_at": due, "reason": None}
    return Verdict(move(row, "wait", **looked), "wait", wait)


def blind(row: Row, problem: Problem, now: datetime) -> Verdict:
    """The vendor does not let us see the report, or we do not understand it: we look again, slowly.

    Past the deadline, a refusal of the key ends this run and uses up nothing: the requester's next run goes on when the
    key is right again. What is declined or not understood by then never will be: it uses up the attempt.
    """
    if row.give_up_at is not None and now >= row.give_up_at:
        return Verdict(row if keyless(problem) else renew(row, problem.what, now), "end")
    due = now + timedelta(seconds=SLOWEST) + GRACE
    looked = {"looks": row.looks + 1, "looked_at": now, "due_at": due, "reason": problem.what}
    return Verdict(move(row, "wait", **looked), "wait", SLOWEST)


def remains(row: Row, problem: Problem, now: datetime) -> str | None:
    """The report that is still to be deleted after a deletion met a problem: an outage is waited for, a no is not."""
    young = now < (row.asked_at or now) + DELETING
    return row.leftover if isinstance(problem, TryAgain) and young else None


def keyless(problem: Problem) -> bool:
    """Whether it is the key that is refused, and not the request."""
    return isinstance(problem, Refused) and not isinstance(problem, Declined)


def pause(row: Row, facts: Facts, now: datetime, jitter: float) -> int:
    """Seconds to the next look: growing to a ceiling, between half and all of it, never past the deadline."""
    most = min(facts.first_wait * 1.5**row.looks, SLOWEST)
    left = (row.give_up_at - now).total_seconds() if row.give_up_at else most
    return max(1, int(min(most * (0.5 + jitter / 2), left + 1)))


def renew(row: Row, reason: str, now: datetime) -> Row:
    """The row after an attempt that the vendor accepted and that came to nothing."""
    failures = row.failures + 1
    if failures < ATTEMPTS:
        due = now + DISTANCE[min(failures, len(DISTANCE)) - 1]
        return move(row, "renew", attempt=row.attempt + 1, failures=failures, due_at=due, **blank(reason))
    told = {"failures": failures, "due_at": now + timedelta(days=1), **blank(reason)}
    if row.published is not None:
        return move(row, "settle", stale_since=row.stale_since or now, **told)
    return move(row, "despair", **told)


def unasked(row: Row, problem: Problem, now: datetime) -> Row | None:
    """The row after a request that the vendor answered with `problem`; None while nobody knows what became of it.

    After a sure no the row is as it was, and no attempt is used up. A request that is declined for its window, or
    again and again, is given up, so that it does not hold back the others.
    """
    if isinstance(problem, Declined):
        declined = row.declined + 1
        if problem.window or declined >= DECLINES:
            return decline(row, problem, now)
        return move(row, "withdraw", due_at=now, declined=declined, **blank(problem.what))
    if isinstance(problem, Refused | Gone) or (isinstance(problem, TryAgain) and not problem.doubt):
        return move(row, "withdraw", due_at=now, **blank(problem.what))
    return None


def decline(row: Row, problem: Declined, now: datetime) -> Row:
    """The row whose request the vendor does not take: told, and asked again daily.

    What is published stays; a re-export that is declined for its window will be at every later age, and one that was
    declined for a week will not be taken any more: it is asked by the request that it was exported with.
    """
    told = {"declined": max(row.declined + 1, DECLINES), "due_at": now + timedelta(days=1), **blank(problem.what)}
    if row.published is None:
        return move(row, "decline", **told)
    if problem.window or row.declined >= DECLINES + WEEK:
        told["due_at"] = None
    return move(row, "settle", stale_since=row.stale_since or now, **told)


def blank(reason: str | None = None) -> dict[str, object]:
    """The fields of an attempt, emptied for the next one."""
    return {
        "run": 0, "fields": None, "tag": None, "asked_at": None, "report_id": None, "give_up_at": None,
        "looks": 0, "searched": 0, "page": 0, "crashes": 0, "heard_at": None, "looked_at": None, "token": None,
        "wakes": 0, "reason": reason,
    }  # fmt: skip
