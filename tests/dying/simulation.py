"""One run: ticks, executions, functions and callbacks in a queue of instants, under a clock that nothing else turns."""

import heapq
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import Any, Protocol

from lambdas.aws import items
from lambdas.core.rows import Row, Work
from lambdas.rooms import Rooms
from local.vendors.callbacks import AGAIN, Delivery, Note
from tests.dying.effects import Effect, Killed, Recorder
from tests.dying.gate import GATE
from tests.dying.inside import Parts, States
from tests.dying.machine import Execution, Failed
from tests.dying.stage import Stage

TICK = timedelta(minutes=15)
SLOTS = 4 * 24  # in a day everything must be quiet
RETRY_S = 30  # the vendor's, after a callback that was not answered by 200
DOOR = "https://door.invalid"
RESTING = (Work.DONE, Work.QUARANTINED, Work.STUCK, Work.LOST, Work.UNREACHABLE)


Handler = Callable[[Rooms], Any]


class Pair(Protocol):
    """A call that a second one of the same is woven into."""

    def first(self, number: int, when: str) -> None:
        """The first of them comes to an effect."""

    def end(self) -> None:
        """The first of them is at its end."""


class Restless(Exception):
    """Something goes on and on."""


class Simulation:
    """The world of one run."""

    def __init__(
        self,
        stage: Stage,
        recorder: Recorder,
        parts: Parts | None = None,
        env: Mapping[str, str] = MappingProxyType({}),
        *,
        calls_back: bool = False,
    ) -> None:
        self.stage, self.recorder, self.parts = stage, recorder, parts or Parts()
        self._env = {**env, **({"CDR_CALLBACK_URL": DOOR} if calls_back else {})}
        self.states, self.executions, self.tokens = States(self), dict[str, Execution](), dict[str, Execution]()
        self.raised: list[str] = []
        self.met: Effect | None = None  # where something happened to a handler
        self.requests = self.transitions = 0
        self._stop: int | None = None
        self.pairs: Callable[[Simulation, str, Handler], Pair | None] | None = None
        self._queue: list[tuple[datetime, int, bool, Callable[[], None]]] = []
        self._order, self._containers = count(), dict[str, list[Rooms]]()
        stage.empty(recorder)
        self.exports = stage.exports
        self.began = self.due_by = self.now

    @property
    def effects(self) -> list[Effect]:
        """Those of the last phase."""
        return self.recorder.effects

    @property
    def now(self) -> datetime:
        """The clock, whole seconds."""
        return self.stage.clock.now

    def later(self, seconds: float, do: Callable[[], None], *, awaited: bool = True) -> None:
        """Do it then; in the order in which it was asked for."""
        due = self.now + timedelta(seconds=max(0, round(seconds)))
        heapq.heappush(self._queue, (due, next(self._order), awaited, do))

    def quiet(self, lasts: timedelta | None = None) -> None:
        """Tick every quarter of an hour, and let everything happen that is due, until nothing is to be done.

        Or for so long, whatever is still to be done then.
        """
        self.due_by = self.now
        for slot in range(SLOTS):
            if lasts and slot * TICK >= lasts:
                return
            before = self.met
            for export in self.exports.exports:
                self.send("Requester", {"export": export.name})
            until = self.now + TICK
            self._pass(until)
            if not lasts and self.met is before and self._calm():
                return
        raise Restless(f"not quiet after {SLOTS * TICK}: {[(row.window.name, row.state) for row in self.rows()]}")

    def last(self, stop: int | None) -> None:
        """Effects and transitions count from here; the execution that makes the `stop`th of these is stopped."""
        self.recorder.effects.clear()
        self._stop = None if stop is None else self.transitions + stop

    def wait(self, time: timedelta) -> None:
        """Let everything happen that is due in that time."""
        self._pass(self.now + time)

    def deploy(self, old: str, new: str) -> None:
        """Another exports.toml, and with it new containers."""
        self.exports = self.stage.parsed(old, new)
        self._containers.clear()

    def jump(self, to: datetime) -> None:
        """Nothing happens until then, not even a tick: a schedule that was missed heals."""
        self.stage.clock.now = max(to, self.now)

    def rows(self) -> list[Row]:
        """Every row of every export, as it is in the table, by window."""
        with self.recorder.aside():
            found = self.stage.clients["dynamodb"].scan(TableName="ledger", ConsistentRead=True)["Items"]
        rows = [items.row(item) for item in found if item["sk"]["S"] != items.HEAD]
        return sorted(rows, key=lambda row: (row.export, row.window.source, row.window.start))

    def invoke(self, function: str, payload: Any) -> Any:
        """Call a function as Step Functions does. Raises Failed."""
        said = json.loads(json.dumps(payload))
        match function, said.get("do"):
            case "Poller", "look":
                return self.call("poller", lambda at: self.parts.look(said["at"], at))
            case "Poller", "listen":
                return self.call("poller", lambda at: self.parts.listen(said["at"], said["token"], at))
            case "Copier", None:
                return self.call("copier", lambda at: self.parts.copy(said["at"], at))
            case "Requester", None:
                return self.call("requester", lambda at: self.parts.tick(said["export"], at))
        raise Failed("Lambda.ResourceNotFoundException")

    def send(self, function: str, payload: Any) -> None:
        """The same, asynchronous and without a retry: who dies is not missed."""
        self.later(0, lambda: self._alone(function, payload))

    def token(self, execution: Execution) -> str:
        """A new task token."""
        made = f"token-{len(self.tokens)}-{execution.name}"
        self.tokens[made] = execution
        return made

    def entered(self, execution: Execution) -> None:
        """Counts; the one that is to be stopped is stopped before it does anything there."""
        self.transitions += 1
        if self.transitions == self._stop:
            execution.end("ABORTED")

    def call(
        self, handler: str, do: Handler, *, counted: bool = True, hooks: Callable[[int, str], None] | None = None
    ) -> Any:
        """Run a handler in a container that has nothing else to do; one that dies takes it along. Raises Failed."""
        free = self._containers.setdefault(handler, [])
        at = free.pop() if free else self.parts.rooms(self, self._env)
        pair = self.pairs(self, handler, do) if self.pairs and counted else None
        again = partial(self.twin, handler, do)
        with self.recorder.invocation(handler, again, counted=counted, hooks=pair.first if pair else hooks):
            try:
                with GATE.shut():
                    done = do(at)
            except Killed:
                raise Failed("Lambda.Unknown") from None
            except Exception as error:
                free.append(at)
                self.raised.append(f"{handler}: {type(error).__name__}: {error}")
                raise Failed(type(error).__name__) from error
            finally:
                if pair:
                    pair.end()
        free.append(at)
        return done

    def twin(self, handler: str, do: Handler, hooks: Callable[[int, str], None] | None = None) -> None:
        """A second copy of a call, whose answer nobody waits for; its effects have no numbers."""
        with suppress(Failed):
            self.call(handler, do, counted=False, hooks=hooks)

    def deliver(self, note: Note, tried: int = 0) -> None:
        """What the vendor does with a callback: again after a while, when it was not answered by 200."""
        tag, word = note.url.split("/")[-2:]
        try:
            self.hear(tag, word)
            status = 200
        except Failed:
            status = 500
            if tried < AGAIN:
                self.later(RETRY_S, lambda: self.deliver(note, tried + 1))
        self.stage.postman.deliveries.append(Delivery(note.export, self.now, status))

    def hear(self, tag: str, word: str) -> None:
        """The callback Lambda gets a POST. Raises Failed."""
        self.call("callback", lambda at: self.parts.ear(at.ledger, at.workflow, at.signet, at.now).hear(tag, word))

    def _alone(self, function: str, payload: Any) -> None:
        with suppress(Failed):
            self.invoke(function, payload)

    def _pass(self, until: datetime) -> None:
        """Everything that is due by then, in its order."""
        with self.recorder.aside():
            while self._queue and self._queue[0][0] <= until:
                at, _, _, do = heapq.heappop(self._queue)
                self.stage.clock.now = max(at, self.now)
                do()
                for note in self.stage.postman.take():
                    self.later((note.due - self.now).total_seconds(), partial(self.deliver, note))
        self.stage.clock.now = max(until, self.now)  # who slept in between may have come back late

    def _calm(self) -> bool:
        return not any(awaited for _, _, awaited, _ in self._queue) and all(self._rests(row) for row in self.rows())

    def _rests(self, row: Row) -> bool:
        return row.state in RESTING and (row.due_at is None or row.due_at > self.now)
