"""Requester: at each tick, plans the windows that came due and asks the vendor for them, each once."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from aws_lambda_powertools.metrics import MetricUnit

from lambdas import proof
from lambdas.asking import Asking
from lambdas.aws.ledger import Raced
from lambdas.clearing import REST, Clearing
from lambdas.core import agenda, planning, polling
from lambdas.core.errors import Problem, Refused, TryAgain
from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.figures import counts, deadline, figures
from lambdas.core.rows import IN_FLIGHT, Head, Row, Work, move
from lambdas.core.wanted import unplanned
from lambdas.core.windows import Window
from lambdas.logs import count, log, measure, trouble
from lambdas.rooms import Rooms, rooms
from lambdas.vendors import FACTS, Vendor

LEASE = timedelta(seconds=150)  # the function's time-out and 30 s
ASIDE = timedelta(minutes=15)  # after a refusal
AHEAD = timedelta(hours=2)  # beyond a report's patience: whatever runs is due by then
ROUNDS = 5
EMPTY = "waiting for the key: fill in the secret "


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A tick of one export: `{"export": NAME}`."""
    return tick(event["export"], rooms())


def tick(name: str, at: Rooms) -> dict[str, Any]:
    """Take the export's lease and work until nobody rang meanwhile; overlapping ticks only ring."""
    export, lease = at.exports.get(name), uuid4().hex
    now, did, shut, freed, told = at.now(), 0, set[str](), False, dict[str, Any]()
    head = at.ledger.take(name, lease, now, now + LEASE)
    if head is None:
        log().info("busy", extra={"export": name})
        return {"export": name, "did": 0, "busy": True}
    try:
        for _ in range(ROUNDS):
            bell = head.rung  # as it was before the round: who rings during it wants another one
            before = len(shut)
            one = Tick(export, FACTS[export.vendor], at, shut)
            did, told = did + one.work(head), one.told
            head = at.ledger.head(name)
            freed = len(shut) == before and head.lease == lease and at.ledger.release(replace(head, rung=bell))
            if freed or head.lease != lease:
                break  # else who rang, or the sources beside one that was refused, get another round
    except Raced:
        log().info("overtaken", extra={"export": name})  # it took longer than its lease: another tick goes on
    finally:
        if not freed:
            at.ledger.drop(name, lease)
    log().info("tick", extra={"export": name, "did": did, **told})
    return {"export": name, "did": did}


@dataclass
class Tick:
    """One round over one export."""

    export: Export
    facts: Facts
    at: Rooms
    shut: set[str]  # the sources that the vendor refused in this tick
    news: dict[Window, Row] = field(default_factory=dict)  # of which the proof in S3 does not tell yet
    asked: int = 0
    seen: dict[Window, Row] = field(default_factory=dict)  # the rows as they are after their steps
    told: dict[str, Any] = field(default_factory=dict)  # what the log says of the export

    def work(self, head: Head) -> int:
        """Gather, decide, apply; how many steps were taken."""
        now, name = self.at.now(), self.export.name
        rows = self.at.ledger.due(name, now + self.facts.patience + AHEAD)
        if self.export.state == "retired":
            rows += self._aside(rows)
        planned = [row for row in rows if row.state is Work.PLANNED]
        head, new = self._plan(head, now, Counter(row.window.source for row in planned))
        rows += new  # no index has these yet
        self.news = {row.window: row for row in new}
        planned += [row for row in new if row.state is Work.PLANNED]
        self.seen = {row.window: row for row in rows}
        vendor, head = self._vendor(head, now)
        rests = [until for until in (head.next_try, head.slow_until) if until and now < until]
        todo = agenda.steps(
            rows, self.export, self.facts, now, self.at.horizon(now), asking=vendor is not None and not rests,
            places=self._places(), shut=self.shut,
        )  # fmt: skip
        did, head = self._take(todo, head, None if rests else vendor)
        proof.enter(self.at, name, {*head.spans, *self.export.sources}, self.news.values())
        self._tell(head, rows, sum(row.window.source in self.export.sources for row in planned), now)
        return did

    def _plan(self, head: Head, now: datetime, waiting: Mapping[str, int]) -> tuple[Head, list[Row]]:
        """Make the rows that are new; the head says so only after they are there."""
        name = self.export.name
        if head.born is None:
            head = self.at.ledger.save(head, born=self.at.horizon(now))
        if self.export.state != "active":
            return head, []
        there = set[Window]()
        for _ in range(ROUNDS):
            plan = planning.extend(self.export, self.facts, head, self.at.horizon(now), waiting, there)
            had = {row.window for one in planning.reach(plan, head) for row in self.at.ledger.between(name, *one)}
            if had <= there:
                break
            there |= had  # a tick died after it had made these: nothing may overlap them
        made = self.at.ledger.add(plan.rows)
        return head if plan.spans == head.spans else self.at.ledger.save(head, spans=plan.spans), made

    def _aside(self, rows: list[Row]) -> list[Row]:
        """What waits for a copy and is not due: put aside, until somebody acts, which nobody does any more."""
        known = {row.window for row in rows}
        found = [window for window, _ in self.at.ledger.open(self.export.name) if window not in known]
        return [row for window in found if (row := self.at.ledger.get(self.export.name, window))]

    def _vendor(self, head: Head, now: datetime) -> tuple[Vendor | None, Head]:
        try:
            vendor = self.at.vendor(self.export)
        except Refused as problem:
            return None, self._block(head, problem, now + ASIDE)
        if vendor is None:
            return None, self._keyless(head, now)
        return vendor, head if head.keyed else self.at.ledger.save(head, keyed=True)

    def _keyless(self, head: Head, now: datetime) -> Head:
        """Quiet before the first key; a key that is gone is a refusal, which rings."""
        waiting = EMPTY + self.export.secret_id
        if head.keyed:
            return self._block(head, Refused(waiting), now + ASIDE)
        same = head.blocked == waiting
        return head if same else self.at.ledger.save(head, blocked=waiting, next_try=now, refused=None)

    def _places(self) -> int:
        """How many reports may be on their way, with regard to the exports of the same account."""
        others = self.at.exports.beside(self.export)
        return agenda.share(self.export, [(one, self.at.ledger.head(one.name)) for one in others])

    def _take(self, todo: list[agenda.Step], head: Head, vendor: Vendor | None) -> tuple[int, Head]:
        """Take the steps; after the first refusal or outage only those that need no vendor, who is None then.

        What may be refused for its source alone shuts that source, until none is left.
        """
        did = 0
        asking, clearing = Asking(self.export, self.facts, self.at, head.took), Clearing(self.export, self.at)
        for step in todo:
            if step.name == "ask" and step.row.window.source in self.shut:
                continue
            try:
                did += self._step(step, vendor, asking, clearing)
            except Raced:
                log().info("raced", extra={"export": self.export.name, "window": step.row.window.sk})
            except Problem as problem:
                trouble(problem, export=self.export.name, window=step.row.window.sk)
                self.at.slow(self.export, problem, self.at.now())
                if not self._shuts(step, problem):
                    head, vendor = self._block(head, problem, self._next_try(problem)), None
        if vendor and head.blocked:
            head = self.at.ledger.save(head, blocked=None, next_try=None, refused=None)
        return did, head

    def _shuts(self, step: agenda.Step, problem: Problem) -> bool:
        """Whether it may be about one source alone, and there are others left to ask for."""
        if step.name != "ask" or not isinstance(problem, Refused) or problem.whole:
            return False
        self.shut.add(step.row.window.source)
        return not self.shut >= set(self.export.sources)

    def _step(self, step: agenda.Step, vendor: Vendor | None, asking: Asking, clearing: Clearing) -> bool:
        row, now = step.row, self.at.now()
        match step.name:
            case "ask" if vendor:
                new = asking.ask(row, vendor)
                self.asked += new.state is Work.ASKED
            case "search" if vendor:
                new = asking.search(row, vendor)
            case "rerun" if row.state is Work.COPYING and row.crashes + 1 >= planning.DEATHS:
                new = self.at.ledger.apply(row, planning.aside(row, self.export, now))
            case "rerun":
                new = asking.go(row, "rerun", crashes=row.crashes + (row.state is Work.COPYING))
            case "clear" if vendor and not clearing.tired:
                new = clearing.clear(row, vendor)
            case "reexport":
                new = self.at.ledger.apply(row, _next(row, now))
            case "retry":
                new = self.at.ledger.apply(row, move(row, "retry", attempt=row.attempt + 1, due_at=now))
            case "forget" | "settle" | "close":
                why = row.reason if step.name == "close" and row.declined else step.why
                told = {"due_at": None, "stale_since": planning.stale(row, now), **polling.blank(why)}
                new = self.at.ledger.apply(row, move(row, step.name, **told))
            case "enter":
                new = row
            case _:
                return False
        self.seen[new.window] = new
        if new.news:
            self.news[new.window] = new
        return step.name != "enter"

    def _tell(self, head: Head, rows: list[Row], planned: int, now: datetime) -> None:
        """The figures that alarms watch; and to the exports of the same account, what is on its way."""
        flying = sum(row.state in IN_FLIGHT for row in rows) + self.asked
        told = {"flying": flying, "waiting": planned - self.asked if self.export.state == "active" else 0}
        if self.at.exports.beside(self.export) and told != {"flying": head.flying, "waiting": head.waiting}:
            self.at.ledger.save(head, **told)
        if self.export.state != "active":
            return  # nothing is expected of it
        if not head.keyed:
            measure(self.export.name, Lag=(MetricUnit.Seconds, 0.0))  # alive, and nothing is expected of it yet
            return
        missing = unplanned(self.export, self.facts, head, self.at.horizon(now))
        waiting = [one for one in self.at.ledger.open(self.export.name) if one[0].source in self.export.sources]
        aside = [one for one in self.at.ledger.aside(self.export.name) if one[0].source in self.export.sources]
        seen = figures(waiting, rows, missing, self.facts, now, aside=aside)
        left = {} if seen.to_loss is None else {"HoursToLoss": (MetricUnit.NoUnit, seen.to_loss)}
        lag, apart = (MetricUnit.Seconds, float(seen.lag)), (MetricUnit.Count, float(seen.aside))
        measure(self.export.name, Lag=lag, Aside=apart, **left)
        after, said = self.seen.values(), {"open": len(waiting), "blocked": head.blocked or ""}
        self.told = {**seen.told, **counts(after, aside), "deadline": deadline(after), **said}

    def _block(self, head: Head, problem: Problem, until: datetime) -> Head:
        """A refusal is counted where it is not the first: what passes by itself rings nothing."""
        if polling.keyless(problem) and head.refused and self.export.state == "active":
            count("Refused")
        refused = isinstance(problem, Refused)
        return self.at.ledger.save(head, blocked=problem.what, next_try=until, refused=refused)

    def _next_try(self, problem: Problem) -> datetime:
        if isinstance(problem, TryAgain):
            return self.at.now() + (timedelta(seconds=problem.after) if problem.after else REST)
        return self.at.now() + ASIDE


def _next(row: Row, now: datetime) -> Row:
    """The next revision of a window, to be asked now."""
    fresh = {"attempt": 1, "failures": 0, "steps": 0, **polling.blank()}
    return move(row, "reexport", revision=row.revision + 1, due_at=now, **fresh)
