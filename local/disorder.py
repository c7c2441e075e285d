"""The director of `python -m local chaos`: plays each event at its moment, moves the clock over waits, and counts."""

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

from lambdas.core import tags
from lambdas.core.rows import Head, Row, Work
from local.demo import Set, Teller
from local.events import KINDS, Score, Storm
from local.gate import Gate, Held, reader
from local.strangers import Strangers, callbacks, lies
from local.watch import BUSY, Outcome, Sight, Watch, title, told

LOOK_S = 0.4  # between two looks at the ledger
LATE_S = 15.0  # after which a schedule that fired and brought no tick fires again
TEND_S = 0.02  # between two looks for what struck
DOWN = timedelta(minutes=6)  # by the shown clock; longer than an export rests after an outage
DOWN_S = 8.0  # by the real one, while looks alone meet the outage
REFUSALS = 2
DAY = timedelta(days=1)
UNSEEN = "for a reason that was gone at the next look"
# A report that is found hours later teaches the exporter that reports take hours: the next ones would be waited for.
WAITING = (Work.ASKING, Work.ASKED)


@dataclass
class Director:
    """One run: `play` goes on until every event was played and all is quiet."""

    at: Set
    score: Score
    say: Teller
    patience: float
    days: int = 1  # so many pass at least
    played: Counter[str] = field(default_factory=Counter)
    renewed: dict[str, str] = field(default_factory=dict)  # why a report was asked anew, by where

    def __post_init__(self) -> None:
        self.watch = Watch(
            self.at.stack, self.at.exports, self.at.clock, self.at.clock.until(), self.say, self.patience
        )
        self.storms = [Storm(name, self.at.players[name], blows) for name, blows in self.score.blows.items()]
        self.gates = {name: Gate(player) for name, player in self.at.players.items()}
        self.strangers = Strangers(self.at.stack.cloud.ca)
        self._down: dict[str, tuple[datetime, float]] = {}
        self._acts = list(self.score.acts)
        self._idle = self._fires = 0

    @property
    def missing(self) -> list[str]:
        """The kinds of event that were not played yet."""
        return [kind for kind in KINDS if not self.played[kind]]

    def play(self) -> Outcome:
        """Until all is quiet after every event, or patience ends."""
        for gate in self.gates.values():
            gate.armed = 1
        self.watch.fire()
        over = Event()
        with ThreadPoolExecutor(1, thread_name_prefix="tending") as beside:
            tending = beside.submit(self._tend, over)
            try:
                return self._until_quiet(tending)
            finally:
                over.set()

    def _until_quiet(self, tending: Future[None]) -> Outcome:
        began = time.monotonic()
        while True:
            if tending.done():
                tending.result()  # it ends before its time by an error alone
            sight = self.watch.look()
            self._note(sight)
            self._act(sight)
            quiet = not sight.left and not sight.running
            if quiet and not self.days and not self.missing and all(storm.over for storm in self.storms):
                return Outcome(sight.rows)
            if time.monotonic() - began > self.patience:
                late = (f"{one.export} {one.what}" for one in sight.left)
                return Outcome(sight.rows, sight.left, (f"still open after {self.patience:.0f} s:", *late))
            self._go_on(sight, quiet)
            time.sleep(LOOK_S)

    # What strikes by itself, beside the looks, so that each of the requests of one tick can meet another thing.

    def _tend(self, over: Event) -> None:
        while not over.wait(TEND_S):
            for storm in self.storms:
                if blow := storm.struck():
                    self._event(blow.kind, f"{storm.export}: the vendor {blow.told}")
                if storm.refused:
                    self._lift(storm)
            for name, gate in self.gates.items():
                if held := gate.held():
                    self._kill(name, held)
            for line in self.strangers.answered():
                self.say(line)

    def _lift(self, storm: Storm) -> None:
        """An outage ends when it was met, and longer than the exporter rests after one."""
        now = self.at.clock(), time.monotonic()
        since = self._down.setdefault(storm.export, now)
        if storm.refused >= REFUSALS and (now[0] - since[0] >= DOWN or now[1] - since[1] >= DOWN_S):
            self.say(f"! {storm.export}: the vendor is up again; it refused {storm.refused} requests")
            storm.clear()

    def _kill(self, name: str, held: Held) -> None:
        """SIGKILL, to the process at the other end of the very download."""
        process = reader(self.at.stack.cloud.pid, self.at.stack.outputs["Copier"], held)
        if process:
            process.kill()
            how = f"after {held.sent:,} of {held.whole:,} bytes of a report"
            self._event("copier killed", f"{name}: the copier, process {process.pid}, is killed {how}")
        else:
            self.gates[name].armed += 1  # somebody else's download: the next one, then
        held.go.set()

    # What the director does.

    def _act(self, sight: Sight) -> None:
        """The first act in the score that has its moment now."""
        todo = {
            "execution stopped": self._stop,
            "schedule doubled": self._double,
            "callback invented": self._invent,
            "callback repeated": self._repeat,
        }
        for act in self._acts:
            if act in todo and (what := todo[act](sight)):
                self._acts.remove(act)
                self._event(act, what)
                return

    def _stop(self, sight: Sight) -> str:
        running = self.at.stack.executions()
        for row in sight.rows:
            if row.state is Work.ASKED and (arn := running.get(tags.execution(row))):
                self.at.stack.stop(arn)
                return f"{where(row)}: its execution is stopped"
        return ""

    def _double(self, sight: Sight) -> str:
        if not sight.running:
            return ""
        self.watch.fire()
        self.watch.fire()
        return "the schedules fire twice at once"

    def _invent(self, sight: Sight) -> str:
        genuine = next(callbacks(self.at.players.values()), None)
        row = next((row for row in sight.rows if row.state is Work.ASKED and row.tag), None)
        if genuine is None or row is None:
            return ""
        self.strangers.call("the stranger is", lies(genuine, str(row.tag)))
        return f"{where(row)}: a stranger calls back, with a word that is no capability, with another's, for no report"

    def _repeat(self, sight: Sight) -> str:
        done = {row.tag: row for row in sight.rows if row.state is Work.DONE}
        for url in callbacks(self.at.players.values()):
            if row := done.get(url.split("/")[-2]):
                self.strangers.call("the old callback is", [url, url])
                return f"{where(row)}: its callback comes again, twice at once"
        return ""

    # Time.

    def _go_on(self, sight: Sight, quiet: bool) -> None:
        """When nobody moves any more: to the next moment at which somebody will."""
        # A tick that meets the lease of one that died only rings, and is not heard of.
        late = time.time() - self.watch.fired > LATE_S
        still = not sight.running and (late or not self.watch.expected)
        self._idle = self._idle + 1 if still else 0
        if self._idle < 2:
            return
        self._idle = 0
        if "schedule missed" in self._acts and not any(row.state in WAITING for row in sight.rows):
            self._acts.remove("schedule missed")
            self._event("schedule missed", f"the schedule does not fire for {self.score.hours} hours")
            self._turn(timedelta(hours=self.score.hours))
        elif quiet:
            self._pass()
        else:
            self._forward(sight)
        self.watch.fire()

    def _pass(self) -> None:
        self.days = max(0, self.days - 1)
        self.at.clock.set(self.at.clock() + DAY)
        self.watch.until = self.at.clock.until()
        self._tell("a day passes: a new day's windows are due, and re-exports")

    def _forward(self, sight: Sight) -> None:
        now = self.at.clock()
        at, why = min(moments(sight), default=(now, ""))
        if at <= now:  # due already: the schedule alone is wanted, unless it was of no use
            self._fires += 1
            if self._fires < 3:
                return
            at, why = now + timedelta(minutes=5), "nothing moves"
        self._fires = 0
        self._turn(timedelta(minutes=math.ceil((at - now + timedelta(seconds=1)) / timedelta(minutes=1))), why)

    def _turn(self, by: timedelta, why: str = "") -> None:
        self.at.clock.turn(by)
        self._tell(f"the clock is moved {by.total_seconds() / 60:.0f} min ahead{f': {why}' if why else ''}")

    def _tell(self, what: str) -> None:
        self.say(f"{what}; it is {self.at.clock():%Y-%m-%d %H:%M}")
        self.at.stack.tell("CDR_REHEARSAL", self.at.clock.setting())

    # The account.

    def _event(self, kind: str, what: str) -> None:
        self.played[kind] += 1
        self.say(f"! {what}")

    def _note(self, sight: Sight) -> None:
        """Why there is another attempt; one that was planned and asked between two looks keeps no reason."""
        for row in sight.rows:
            if row.attempt > 1:
                turn = f"{where(row)} r{row.revision} a{row.attempt}"
                if row.state is Work.PLANNED and row.reason:
                    self.renewed.setdefault(turn, row.reason)
                elif row.tag:
                    self.renewed.setdefault(turn, UNSEEN)


def where(row: Row) -> str:
    """An export's window for people."""
    return f"{row.export} {title(row.window)}"


def moments(sight: Sight) -> Iterator[tuple[datetime, str]]:
    """When somebody will move something that is open, and what."""
    for row in sight.rows:
        if row.due_at and (row.state in BUSY or row.leftover):
            rest = _rests(row, sight.heads)
            yield (rest, f"{row.export} is blocked until then") if rest else (row.due_at, f"{where(row)}: {told(row)}")


def _rests(row: Row, heads: Mapping[str, Head]) -> datetime | None:
    """Until when the vendor is left alone, if that is why the row waits."""
    head = heads.get(row.export)
    if head is None or not head.blocked or row.state in (Work.ASKED, Work.COPYING):
        return None
    return head.next_try if head.next_try and row.due_at and head.next_try > row.due_at else None
