"""What follows from a look at a report, and what follows when a report did not come."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from statistics import median

from lambdas.core.errors import Declined, Gone, Problem, Refused, TryAgain
from lambdas.core.facts import Facts
from lambdas.core.planning import DECLINES, stale
from lambdas.core.progress import Progress, State
from lambdas.core.rows import Row, move

ATTEMPTS = 5  # so many may come to nothing before a window is stuck
WEEK = 7  # days
PROMPT = timedelta(minutes=3)  # within which a create is answered, if it is
SPARES = 8  # so many requests that no list showed are remembered of a window
DELETING = timedelta(days=2)  # so long after its asking a report's deletion that met an outage is tried again
SOONEST, SLOWEST = 5, 600  # seconds; no report is looked at sooner, or, once its time has come, more rarely
DRAWN = 16  # so many waits are drawn, as long as they grow; from then on each is the longest, so that looks are bounded
REST = 60  # seconds of rest where the vendor does not say how many
# State transitions: of each round (Route, Wait or Listen, Look, Decide), and of an execution's end (Tick, Done).
ROUND, END = 4, 2
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


def verdict(
    row: Row, progress: Progress, facts: Facts, now: datetime, jitter: float, took: Sequence[int] = ()
) -> Verdict:
    """Decide by a look; `jitter` is a number from 0 to 1, `took` what the last reports took, in seconds."""
    if progress.state is State.READY:
        return Verdict(row, "copy")
    early = row.asked_at is not None and now < row.asked_at + facts.list_grace
    if progress.state is not State.PENDING and not (progress.state is State.GONE and early):
        # A report asked a moment ago that is not found is not shown yet: both vendors may lag behind themselves.
        return Verdict(renew(row, f"the report is {progress.state}", now), "end")
    if row.give_up_at is not None and now >= row.give_up_at:
        return Verdict(renew(row, "the report was not ready in time", now), "end")
    row = replace(row, looks=row.looks + 1)
    return _waiting(row, pause(row, facts, now, jitter, took), now, looked_at=now, reason=None)


def blind(row: Row, problem: Problem, facts: Facts, now: datetime, jitter: float) -> Verdict:
    """The vendor does not let us see the report, or we do not understand it: we look again, slowly.

    Past the deadline, a refusal of the key or an outage ends this run and uses up nothing: the requester's next run
    goes on when the vendor does. What is declined or not understood by then never will be: it uses up the attempt.
    """
    passing = isinstance(problem, TryAgain)
    if row.give_up_at is not None and now >= row.give_up_at:
        return Verdict(row if passing or keyless(problem) else renew(row, problem.what, now), "end")
    row = replace(row, looks=row.looks + 1)
    wait = SLOWEST
    if isinstance(problem, TryAgain):
        wait = spread(problem.after, jitter) if problem.after else pause(row, facts, now, jitter)
    return _waiting(row, wait, now, looked_at=now, reason=problem.what)


def held(row: Row, until: datetime, now: datetime, jitter: float) -> Verdict:
    """The vendor asked the whole export for a rest: this report waits for its end too.

    It counts as a look where callbacks are concerned: one that came before shortens no wait any more, which ends in a
    look anyway; else the execution would wake itself again and again.
    """
    return _waiting(row, spread((until - now).total_seconds(), jitter), now, looked_at=now)


def _waiting(row: Row, wait: int, now: datetime, **changes: object) -> Verdict:
    return Verdict(
        move(row, "wait", due_at=now + timedelta(seconds=wait) + GRACE, heeded=row.wakes, **changes), "wait", wait
    )


def spread(seconds: float, jitter: float) -> int:
    """A little more than the vendor asked for, so that not all come back at once; at most an hour and a quarter."""
    return int(seconds * (1 + jitter / 4)) + 1


def respite(problem: TryAgain, now: datetime) -> datetime:
    """Until when nobody asks or looks, after the vendor said that it is too much."""
    return now + timedelta(seconds=problem.after or REST)


def patient(row: Row, problem: Problem, now: datetime) -> bool:
    """Whether a deletion that met a problem is tried again: an outage is waited for, up to a limit, a no is not."""
    return isinstance(problem, TryAgain) and now < (row.asked_at or now) + DELETING


def keyless(problem: Problem) -> bool:
    """Whether it is the key that is refused, and not the request."""
    return isinstance(problem, Refused) and not isinstance(problem, Declined)


def pause(row: Row, facts: Facts, now: datetime, jitter: float, took: Sequence[int] = ()) -> int:
    """Seconds to the next look, never past the deadline.

    First as long as the export's reports usually take; then growing to a ceiling with full jitter (a number between
    nothing and all of it, as https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ recommends).
    """
    usual = median(took) if took else facts.first_wait
    wait = min(max(usual, SOONEST), facts.patience.total_seconds() / 2)
    if row.looks:
        wait = min(max(wait / 4, SOONEST) * 1.5 ** min(row.looks, DRAWN), SLOWEST)
        wait = wait * jitter if row.looks < DRAWN else SLOWEST
    left = (row.give_up_at - now).total_seconds() if row.give_up_at else inf
    return max(1, int(min(max(wait, SOONEST), left + 1)))


def lesson(row: Row, facts: Facts, now: datetime) -> int | None:
    """How many seconds a report that is ready took: until the callback, else between the last look and this one.

    None where the look came too late to tell: after a run that died, or of a report that was adopted.
    """
    asked = row.asked_at or now
    seen = row.looked_at or asked
    known = (row.give_up_at or now) - facts.patience
    if row.run != 1 or known > asked + PROMPT or (row.due_at is not None and now > row.due_at):
        return None
    ready = row.heard_at if row.heard_at and row.heard_at >= seen else seen + (now - seen) / 2
    return int((ready - asked).total_seconds())


def renew(row: Row, reason: str, now: datetime) -> Row:
    """The row after an attempt that the vendor accepted and that came to nothing."""
    failures = row.failures + 1
    if failures < ATTEMPTS:
        due = now + DISTANCE[min(failures, len(DISTANCE)) - 1]
        return move(row, "renew", attempt=row.attempt + 1, failures=failures, due_at=due, **blank(reason))
    told = {"failures": failures, "due_at": now + timedelta(days=1), **blank(reason)}
    if row.published is not None:
        return move(row, "settle", stale_since=stale(row, now), **told)
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


def missing(row: Row, now: datetime) -> Row:
    """The row whose request is not in the vendor's list: asked anew, and the request remembered, should it turn up."""
    asked_at = (row.asked_at or now).isoformat()
    spare = {"tag": row.tag, "fields": dict(row.fields or {}), "asked_at": asked_at}
    told = {"spares": (*row.spares, spare)[-SPARES:], **blank("asked, but not in the vendor's list")}
    return move(row, "withdraw", attempt=row.attempt + 1, due_at=now, **told)


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
    return move(row, "settle", stale_since=stale(row, now), **told)


def blank(reason: str | None = None) -> dict[str, object]:
    """The fields of an attempt, emptied for the next one."""
    return {
        "run": 0, "fields": None, "tag": None, "asked_at": None, "report_id": None, "give_up_at": None,
        "looks": 0, "searched": 0, "page": 0, "crashes": 0, "heard_at": None, "looked_at": None, "token": None,
        "wakes": 0, "heeded": 0, "reason": reason,
    }  # fmt: skip
