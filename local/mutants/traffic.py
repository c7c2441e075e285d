"""A day's traffic and the verdict: what differs from what traffic does when nothing is missing."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lambdas.core import keys
from lambdas.core.rows import Row, Work
from local import truth
from local.mutants.world import BACK, CALLED, EARLY, FAILING, LARGE, NOW, POLLED, UNHEARD, World
from local.stack import FUNCTIONS

LOOK = 0.25
LATE = 10.0  # seconds until a schedule that fired must have brought a tick, or a callback have woken somebody; at least
SLOWER = 2  # and so many times what the first half of a day took when nothing was missing
PATIENCE = 120.0
SURE = 3  # so many looks in a row must find that nobody moves
BODY = {"export": "nobody"}  # an invocation that fails


@dataclass(frozen=True)
class Want:
    """What a window must become."""

    state: Work
    revision: int = 0
    attempt: int = 1
    blocked: bool = False  # as the vendor did not answer


FIRST: Mapping[str, Want] = {
    CALLED: Want(Work.DONE),
    EARLY: Want(Work.QUARANTINED),
    POLLED: Want(Work.DONE),
    FAILING: Want(Work.PLANNED, attempt=2),
    UNHEARD: Want(Work.ASKING, blocked=True),
}
# Once more: what was empty is full and replaces, what was aside is right, what failed is asked anew, what was not
# heard of is found at the vendor; and a large file breaks off when some of it is in S3 already.
SECOND: Mapping[str, Want] = {
    CALLED: Want(Work.DONE, revision=1),
    EARLY: Want(Work.DONE, revision=1),
    POLLED: Want(Work.DONE, revision=1),
    LARGE: Want(Work.PLANNED, attempt=2),
    FAILING: Want(Work.DONE, attempt=2),
    UNHEARD: Want(Work.DONE),
}
# The large file whole: in parts, and not what the vendor's totals say.
THIRD: Mapping[str, Want] = {**SECOND, LARGE: Want(Work.QUARANTINED, attempt=2)}


class Differs(Exception):
    """The traffic is not as it was; the text says what was first noticed."""


@dataclass
class Traffic:
    """One day of a world."""

    world: World
    late: float  # seconds after which what should come by itself does not come any more
    took: float = 0.0  # the first half of it, in seconds
    expected: set[str] = field(default_factory=set)  # exports whose schedule fired, and that had no tick since
    fired: float = 0.0  # by the real clock
    shown: datetime = NOW  # by the one that the functions see

    def play(self) -> str | None:
        """The first difference; None when all is as it should be."""
        try:
            self._invoke()
            self._phase(FIRST)
            self.took = time.time() - self.fired
            self._failure()
            self._kept()
            self._remove()
            self.world.open()
            self.world.wake(*FIRST)
            self._phase(SECOND, fires=2)
            self._kept()
            self._true()
            self.world.wake(LARGE)
            self._phase(THIRD)
            self._kept()
        except Differs as difference:
            return str(difference)
        return None

    def _phase(self, wanted: Mapping[str, Want], fires: int = 1) -> None:
        """Fire the schedules, as often as told when nothing moves, look, compare."""
        self._fire()
        still = 0
        while True:
            rows = self._rows()
            running = self.world.at.stack.executions()
            self._complaints(rows)
            open_ = list(self._open(rows, wanted))
            if self.expected:
                self.expected -= self._ticked()
            if not open_ and not running and not self.expected:
                return
            self._over(rows, wanted, running=bool(running), open_=open_)
            still = 0 if running or self.expected else still + 1
            if still >= SURE and fires > 1:
                fires, still = fires - 1, 0
                self._fire()
            elif still >= SURE:
                raise Differs(open_[0])
            time.sleep(LOOK)

    def _fire(self) -> None:
        self.fired, self.shown = time.time(), self.world.at.clock()
        self.expected = set(self.world.at.stack.fire())

    def _ticked(self) -> set[str]:
        """The exports of which a tick has begun since the schedules fired, and ended.

        By their heads: the end of a function's log may come to light as late as its next invocation.
        """
        heads = self.world.at.stack.heads().items()
        return {name for name, head in heads if head.ticked and head.ticked > self.shown and not head.lease}

    def _rows(self) -> dict[str, Row]:
        window = self.world.window
        return {row.export: row for row in self.world.at.stack.rows() if row.window == window}

    def _open(self, rows: Mapping[str, Row], wanted: Mapping[str, Want]) -> Iterator[str]:
        for name, want in wanted.items():
            row = rows.get(name)
            if row is None:
                yield f"{name}: its window is not planned"
            elif (row.state, row.revision, row.attempt) != (want.state, want.revision, want.attempt):
                yield f"{name}: is {row.state}{f' ({row.reason})' if row.reason else ''}, not {want.state}"

    def _over(self, rows: Mapping[str, Row], wanted: Mapping[str, Want], *, running: bool, open_: list[str]) -> None:
        """What will not come any more."""
        passed = time.time() - self.fired
        if self.expected and passed > self.late and not running:
            raise Differs(f"{min(self.expected)}: its schedule fired, and no tick has ended")
        if passed > PATIENCE:
            raise Differs(f"still open after {PATIENCE:.0f} s: {next(iter(open_), 'an execution')}")
        for name, head in self.world.at.stack.heads().items():
            if head.blocked and name in wanted and not wanted[name].blocked:
                raise Differs(f"{name}: is blocked ({head.blocked})")
        for name in BACK:
            row = rows.get(name)
            if row and row.state is Work.ASKED and not row.looks:
                self._deaf(name)

    def _deaf(self, name: str) -> None:
        """Whether a report's callback was not wanted, or came and woke nobody."""
        player = self.world.players[name]
        if not any("/callbacks/" in json.dumps(one.body) for one in player.created[-1:]):
            raise Differs(f"{name}: the vendor was not told where to call back")
        came = [one for one in player.callbacks if one.export == player.created[-1].id]
        if came and (self.world.at.clock() - came[0].at).total_seconds() > self.late:
            raise Differs(f"{name}: the callback was answered {came[0].status}, and the execution goes on waiting")

    def _complaints(self, rows: Mapping[str, Row]) -> None:
        """What is a difference whatever comes: a function that failed, a run that did, a window that is lost."""
        stack, since = self.world.at.stack, self.world.began
        for name in FUNCTIONS:
            for line in self._errors(name):
                if "nobody" not in line:
                    raise Differs(f"the {name.lower()} failed: {line[:160]}")
        failed = stack.cloud.client("stepfunctions").list_executions(
            stateMachineArn=stack.outputs["Machine"], statusFilter="FAILED", maxResults=20
        )
        if any(one["startDate"].timestamp() >= since for one in failed["executions"]):
            raise Differs("an execution failed")
        for row in rows.values():
            if row.state in (Work.LOST, Work.STUCK) or "cannot be read" in (row.reason or ""):
                raise Differs(f"{row.export}: is {row.state} ({row.reason})")

    def _errors(self, function: str) -> Iterator[str]:
        """The first line of each exception that a function ended with."""
        for line in self.world.lines(function):
            if "[ERROR]" in line:
                yield line.strip().splitlines()[0].partition("[ERROR]")[2].partition(": User:")[0].strip()

    def _invoke(self) -> None:
        """A tick that fails, for the failure destination."""
        stack = self.world.at.stack
        stack.cloud.client("lambda").invoke(
            FunctionName=stack.outputs["Requester"], InvocationType="Event", Payload=json.dumps(BODY)
        )

    def _failure(self) -> None:
        """It is told in the queue, and nothing else is."""
        stack = self.world.at.stack
        until, found = time.time() + self.late, list[object]()
        while not found and time.time() < until:
            told = stack.cloud.client("sqs").receive_message(
                QueueUrl=stack.outputs["FailureQueue"], MaxNumberOfMessages=10
            )
            found = [json.loads(one["Body"])["requestPayload"] for one in told.get("Messages", [])]
            time.sleep(LOOK if not found else 0)
        if found != [BODY]:
            raise Differs(f"in the failure queue is {found}, not the one invocation that failed")

    def _kept(self) -> None:
        """No upload is left unfinished; each window has what belongs to it in the bucket."""
        if left := self.world.unfinished():
            raise Differs(f"an unfinished upload is left: {left[0]['Key'].partition('/')[0]}/")
        there = {key.partition("/")[0] for key, _ in self.world.at.stack.objects()}
        if missing := {"calls", "raw", "receipts", "quarantine", "ledger"} - there:
            raise Differs(f"nothing is under {min(missing)}/")
        for name in FUNCTIONS:
            if not self.world.lines(name):
                raise Differs(f"the {name.lower()} wrote no log")
        for execution in self._executions():
            if "Wait" in execution:
                raise Differs("an execution lost its callback on the way, and only waited")

    def _executions(self) -> Iterator[list[str]]:
        """The states that each execution of the day entered."""
        states, stack = self.world.at.stack.cloud.client("stepfunctions"), self.world.at.stack
        told = states.list_executions(stateMachineArn=stack.outputs["Machine"], maxResults=30)["executions"]
        for one in told:
            if one["startDate"].timestamp() >= self.world.began:
                events = states.get_execution_history(executionArn=one["executionArn"])["events"]
                yield [event.get("stateEnteredEventDetails", {}).get("name", "") for event in events]

    def _remove(self) -> None:
        """Somebody removed a copy by hand: the next revision finds nothing to replace."""
        stack = self.world.at.stack
        stack.cloud.client("s3").delete_object(
            Bucket=stack.outputs["Bucket"], Key=keys.calls(POLLED, self.world.window)
        )

    def _true(self) -> None:
        """What Athena says of the day is what the accounts had."""
        at, rows = self.world.at, [row for name, row in self._rows().items() if name != LARGE]
        lines = truth.compare(truth.answered(at.stack), truth.true(at.exports, at.roles, rows), at.roles)
        if wrong := [line for line in lines if not line.right and line.export != LARGE]:
            raise Differs(f"{wrong[0].export}: {wrong[0].found.rows} calls, not {wrong[0].true}")
