"""Requester: at each tick, plans the windows that came due and asks the vendor for them, each once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from lambdas.aws.ledger import Raced
from lambdas.core import planning, polling, tags
from lambdas.core.errors import Problem, Refused, TryAgain
from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.rows import IN_FLIGHT, Head, Row, Work, move
from lambdas.logs import count, log, trouble
from lambdas.rooms import Rooms, rooms
from lambdas.vendors import FACTS, Discards, Vendor

LEASE = timedelta(seconds=150)  # the function's time-out and 30 s
ASKING = timedelta(seconds=180)  # the function's time-out, HTTP's and some: until then nobody else touches the row
REST = timedelta(minutes=5)  # after an outage
ASIDE = timedelta(minutes=15)  # after a refusal
BETWEEN = timedelta(minutes=5)  # two searches of the vendor's list
LATER = timedelta(minutes=20)  # after a search that failed: longer than the export rests, so that asking has its turn
SEARCHES = 2
ROUNDS = 5


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A tick of one export: `{"export": NAME}`."""
    return tick(event["export"], rooms())


def tick(name: str, at: Rooms) -> dict[str, Any]:
    """Take the export's lease and work until nobody rang meanwhile; overlapping ticks only ring."""
    export, lease = at.exports.get(name), uuid4().hex
    if export.state == "retired":
        return {"export": name, "did": 0}
    now, did, shut = at.now(), 0, set[str]()
    head = at.ledger.take(name, lease, now, now + LEASE)
    if head is None:
        return {"export": name, "did": 0, "busy": True}
    try:
        for _ in range(ROUNDS):
            bell = head.rung  # as it was before the round: who rings during it wants another one
            before = len(shut)
            did += Tick(export, FACTS[export.vendor], at, shut).work(head)
            head = at.ledger.head(name)
            if head.lease != lease or (len(shut) == before and at.ledger.release(replace(head, rung=bell))):
                break  # else who rang, or the sources beside one that was refused, get another round
    finally:
        at.ledger.drop(name, lease)
    log().info("tick", extra={"export": name, "did": did})
    return {"export": name, "did": did}


@dataclass
class Tick:
    """One round over one export."""

    export: Export
    facts: Facts
    at: Rooms
    shut: set[str]  # the sources that the vendor refused in this tick
    tired: bool = False  # a deletion met an outage: the others of this round wait

    def work(self, head: Head) -> int:
        """Gather, decide, apply; how many steps were taken."""
        now = self.at.now()
        rows = self.at.ledger.due(self.export.name, now + self.facts.patience + timedelta(hours=1))
        head, new = self._plan(head, now, Counter(row.window.source for row in rows if row.state is Work.PLANNED))
        rows += new  # the index does not have them yet
        vendor, head = self._vendor(head, now)
        count("InFlight", sum(row.state in IN_FLIGHT for row in rows), self.export.name)
        open_ = vendor is not None and (head.next_try is None or head.next_try <= now)
        horizon = self.at.horizon(now)
        todo = planning.steps(rows, self.export, self.facts, now, horizon, asking=open_, shut=self.shut)
        return self._take(todo, head, vendor if open_ else None)

    def _plan(self, head: Head, now: datetime, waiting: Mapping[str, int]) -> tuple[Head, list[Row]]:
        """Make the rows that are new; the head says so only after they are there."""
        if head.born is None:
            head = self.at.ledger.save(head, born=self.at.horizon(now))
        if self.export.state != "active":
            return head, []
        plan = planning.extend(self.export, self.facts, head, self.at.horizon(now), waiting)
        made = self.at.ledger.add(plan.rows)
        return head if plan.spans == head.spans else self.at.ledger.save(head, spans=plan.spans), made

    def _vendor(self, head: Head, now: datetime) -> tuple[Vendor | None, Head]:
        try:
            vendor = self.at.vendor(self.export)
        except Refused as problem:
            return None, self._block(head, problem.what, now + ASIDE)
        if vendor is None:
            waiting = f"waiting for the key: fill in the secret {self.export.secret_id}"
            return None, self._block(head, waiting, now) if head.blocked != waiting else head
        return vendor, head

    def _take(self, todo: list[planning.Step], head: Head, vendor: Vendor | None) -> int:
        """Take the steps; after the first refusal or outage only those that need no vendor, who is None then.

        What may be refused for its source alone shuts that source, until none is left.
        """
        did = 0
        for step in todo:
            if step.name == "ask" and step.row.window.source in self.shut:
                continue
            try:
                did += self._step(step, vendor)
            except Raced:
                log().info("raced", extra={"export": self.export.name, "window": step.row.window.sk})
            except Problem as problem:
                trouble(problem, export=self.export.name, window=step.row.window.sk)
                if not self._shuts(step, problem):
                    head, vendor = self._block(head, problem.what, self._next_try(problem)), None
        if vendor and head.blocked:
            self.at.ledger.save(head, blocked=None, next_try=None)
        return did

    def _shuts(self, step: planning.Step, problem: Problem) -> bool:
        """Whether it may be about one source alone, and there are others left to ask for."""
        if step.name != "ask" or not isinstance(problem, Refused) or problem.whole:
            return False
        self.shut.add(step.row.window.source)
        return not self.shut >= set(self.export.sources)

    def _step(self, step: planning.Step, vendor: Vendor | None) -> bool:
        row, now = step.row, self.at.now()
        match step.name:
            case "ask" if vendor:
                self._ask(row, vendor)
            case "search" if vendor:
                self._search(row, vendor)
            case "rerun" if row.state is Work.COPYING and row.crashes + 1 >= planning.DEATHS:
                self.at.ledger.apply(row, planning.aside(row, self.export, now))
            case "rerun":
                died = row.crashes + (row.state is Work.COPYING)
                self._start(self.at.ledger.apply(row, self._run(row, "rerun", now, crashes=died)))
            case "discard" if vendor and not self.tired:
                self._discard(row, vendor)
            case "reexport":
                self.at.ledger.apply(row, _next(row, now))
            case "retry":
                self.at.ledger.apply(row, move(row, "retry", attempt=row.attempt + 1, due_at=now))
            case "forget" | "settle" | "close":
                stale = row.stale_since or (now if row.published else None)
                why = row.reason if step.name == "close" and row.declined else step.why
                self.at.ledger.apply(row, move(row, step.name, due_at=None, stale_since=stale, **polling.blank(why)))
            case _:
                return False
        return True

    def _ask(self, row: Row, vendor: Vendor) -> None:
        """The intent, the request, the id: dying between any two of them is found out by `_search`.

        A window is asked again for what it was asked for: other options must not replace a full copy by a filtered one.
        """
        now, fields, print_ = self.at.now(), vendor.fields(row.window), self.export.fingerprint
        if row.published and row.published.asked and row.published.api == self.export.api:
            fields, print_ = dict(row.published.asked), row.fingerprint or print_
        tag = tags.tag(self.at.settings.stack, row, fields)
        told = {"fields": fields, "tag": tag, "fingerprint": print_}
        url = self._callback(tag)
        row = self.at.ledger.apply(row, move(row, "intend", asked_at=now, due_at=now + ASKING, reason=None, **told))
        try:
            report = vendor.ask(fields, tag, url)
        except Problem as problem:
            after = polling.unasked(row, problem, self.at.now())
            if after is not None:
                self.at.ledger.apply(row, after)
            if after is None or after.state is Work.PLANNED:
                raise
            trouble(problem, export=row.export, window=row.window.sk)
            return
        self._record(row, report)

    def _record(self, row: Row, report: str) -> None:
        now = self.at.now()
        known = self._run(row, "record", now, report_id=report, give_up_at=now + self.facts.patience, declined=0)
        self._start(self.at.ledger.apply(row, known))

    def _search(self, row: Row, vendor: Vendor) -> None:
        """Adopt the report that an interrupted asking left at the vendor, or ask anew when it is surely not there."""
        now = self.at.now()
        since = row.asked_at or now
        try:
            found = vendor.find(row.fields or {}, row.tag or "", since, row.page)
        except Problem:
            self.at.ledger.apply(row, move(row, "search", due_at=now + LATER))
            raise
        if found.report_id:
            log().info("adopted", extra={"export": row.export, "window": row.window.sk})
            self._record(row, found.report_id)
        elif found.complete and now >= since + self.facts.list_grace and row.searched + 1 >= SEARCHES:
            gone = "asked, but not in the vendor's list"
            self.at.ledger.apply(row, move(row, "withdraw", attempt=row.attempt + 1, due_at=now, **polling.blank(gone)))
        else:
            counted = row.searched + (found.complete and now >= since + self.facts.list_grace)
            due = now + BETWEEN if found.complete else now
            self.at.ledger.apply(row, move(row, "search", searched=counted, page=found.page, due_at=due))

    def _discard(self, row: Row, vendor: Vendor) -> None:
        """Delete at the vendor what is verified here; a problem is told, and holds back nothing that is to be asked."""
        told, now, left = None, self.at.now(), None
        try:
            if self.export.discard and row.leftover and isinstance(vendor, Discards):
                vendor.discard(row.leftover)
        except Problem as problem:
            trouble(problem, export=row.export, window=row.window.sk)
            told = f"not deleted at the vendor: {problem.what}"
            self.tired, left = isinstance(problem, TryAgain), polling.remains(row, problem, now)
        again = now + REST if left else planning.again_at(row, self.export, row.aged)
        self.at.ledger.apply(row, move(row, "discard", leftover=left, due_at=again, reason=told))

    def _run(self, row: Row, name: str, now: datetime, **changes: Any) -> Row:
        """The row with its next run, whose execution is overdue when it has not looked by then."""
        due = now + timedelta(seconds=self.facts.first_wait) + polling.GRACE
        return move(row, name, run=row.run + 1, due_at=due, token=None, **changes)

    def _start(self, row: Row) -> None:
        window = row.window
        self.at.workflow.start(
            tags.execution(row),
            {
                "export": row.export, "source": window.source, "start": window.start.isoformat(),
                "seconds": window.seconds, "revision": row.revision, "attempt": row.attempt, "run": row.run,
                "calls_back": self.facts.calls_back and self.at.settings.callback_url is not None,
                "wait": polling.pause(row, self.facts, self.at.now(), self.at.chance()), "looks": row.looks,
            },
        )  # fmt: skip

    def _callback(self, tag: str) -> str | None:
        base = self.at.settings.callback_url
        if not base or not self.facts.calls_back:
            return None
        key = self.at.vault.text(self.at.settings.capability_secret) or ""
        return f"{base}/callbacks/{tag}/{tags.capability(key.encode(), tag)}"

    def _block(self, head: Head, reason: str, until: datetime) -> Head:
        return self.at.ledger.save(head, blocked=reason, next_try=until)

    def _next_try(self, problem: Problem) -> datetime:
        if isinstance(problem, TryAgain):
            return self.at.now() + (timedelta(seconds=problem.after) if problem.after else REST)
        return self.at.now() + ASIDE


def _next(row: Row, now: datetime) -> Row:
    """The next revision of a window, to be asked now."""
    return move(row, "reexport", revision=row.revision + 1, attempt=1, failures=0, due_at=now, **polling.blank())
