"""The handlers on rooms in memory: their clock is turned by hand, and their executions go on one state at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from lambdas import callback, copier, poller, requester
from lambdas.aws.vault import CURRENT
from lambdas.core import tags
from lambdas.core.exports import Export, parse
from lambdas.rooms import Rooms
from lambdas.settings import Settings
from lambdas.vendors import FACTS, Vendor
from local.memory.bucket import Bucket, lake
from local.memory.ledger import Memory
from local.memory.meter import Meter
from local.memory.vendor import Account, Files, Played

KEY = "capability-key-of-the-memory-012"
Told = dict[str, Any]


class Died(BaseException):
    """The process is no more: nothing of it may run, no `finally` either."""


@dataclass
class Fuse:
    """Counts the touches of the outside: at the n-th a handler dies, and so does whatever it does afterwards.

    With `then`, it does not die but stands still for a while, in which that is done by others.
    """

    left: int | None = None
    then: Callable[[], None] | None = None
    dead: bool = False

    def __call__(self) -> None:
        if self.left == 0 and self.then:
            self.left, then, self.then = None, self.then, None
            then()
        elif self.left == 0:
            self.dead = True
        if self.dead:
            raise Died
        if self.left is not None:
            self.left -= 1


class Mortal:
    """A room whose every operation touches the fuse before and after it."""

    def __init__(self, room: Any, fuse: Callable[[], None]) -> None:
        self._room, self._fuse = room, fuse

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._room, name)

        def touched(*args: Any, **how: Any) -> Any:
            self._fuse()
            answer = real(*args, **how)
            self._fuse()
            return answer

        if name == "add":  # as many writes as rows
            return lambda rows: [made for row in rows for made in touched([row])]
        return touched


@dataclass
class Run:
    """One execution: its state, and since when it waits for what."""

    name: str
    told: Told
    state: str = "route"
    until: datetime | None = None
    token: str = ""
    steps: int = 0  # state transitions so far


@dataclass
class Machine:
    """Stands for Step Functions: what was started, and where it is."""

    clock: Callable[[], datetime]
    runs: list[Run] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    deaf: bool = False  # what is started does not begin

    def start(self, name: str, told: Told) -> None:
        """Begin an execution; a name is used once."""
        if name not in self.names:
            self.names.add(name)
            if not self.deaf:
                self.runs.append(Run(name, told))

    def wake(self, token: str) -> bool:
        """Let the execution that waits with this token go on."""
        for run in self.runs:
            if run.token == token and run.state == "listening":
                run.state, run.until = "look", None
                return True
        return False

    @property
    def ready(self) -> list[Run]:
        """Those that can go on now."""
        now = self.clock()
        return [run for run in self.runs if run.state != "busy" and (run.until is None or run.until <= now)]


class Stage(Rooms):
    """Rooms in memory; `text` is exports.toml."""

    def __init__(self, text: str, clock: Callable[[], datetime], meter: Meter | None = None) -> None:
        env = {"CDR_STACK": "0a1b2c3d", "CDR_CALLBACK_URL": "https://cdr.example.com", "CDR_CAPABILITY_SECRET": "word"}
        super().__init__(Settings(env))
        self.clock, self.fuse = clock, Fuse()
        self.memory, self.bucket, self.machine = Memory(meter), Bucket(), Machine(clock)
        self.theirs = Account(clock, burn=self.fuse)
        self.copier: Callable[[Told, Rooms], Told] = copier.copy
        self.__dict__ |= {
            "ledger": Mortal(self.memory, self.fuse), "lake": lake(Mortal(self.bucket, self.fuse)),
            "workflow": Mortal(self.machine, self.fuse), "vault": self, "web": Files(self.theirs),
        }  # fmt: skip
        self.deploy(text)

    def deploy(self, text: str) -> None:
        """Another exports.toml. Raises Mistakes."""
        self.__dict__["exports"] = parse(text, "dev", FACTS)

    def now(self) -> datetime:
        return self.clock()

    def chance(self) -> float:
        return 0.5

    def text(self, _secret: str, stage: str = CURRENT) -> str | None:
        """Stands for the vault: the key of capabilities, which was never another."""
        return KEY if stage == CURRENT else None

    def vendor(self, export: Export) -> Vendor | None:
        return cast(Vendor, Played(self.theirs, export.vendor, export.options))

    @contextmanager
    def mortal(self, touches: int | None, then: Callable[[], None] | None = None) -> Iterator[None]:
        """What is done within dies after so many touches of the outside, if it has as many, or stands still."""
        fuse = self.fuse
        outer = fuse.left, fuse.then, fuse.dead
        fuse.left, fuse.then, fuse.dead = touches, then, False
        try:
            yield
        except Died:
            pass
        finally:
            fuse.left, fuse.then, fuse.dead = outer

    def tick(self, export: str, touches: int | None = None, then: Callable[[], None] | None = None) -> None:
        """One tick, as the schedule or an execution's end sends it."""
        with self.mortal(touches, then):
            requester.tick(export, self)

    def step(self, run: Run, touches: int | None = None, then: Callable[[], None] | None = None) -> None:
        """The next state of an execution; a Lambda that dies fails its state."""
        run.steps += 1
        match run.state:
            case "route":
                run.state = "listen" if run.told["calls_back"] else "wait"
            case "wait":
                run.state, run.until = "look", self.clock() + timedelta(seconds=run.told["wait"])
            case "listen":
                self._listen(run, touches, then)
            case "listening" | "look":
                self._look(run, touches, then)
            case "decide":
                run.state = {"wait": "route", "copy": "copy"}.get(run.told["next"], "tick")
            case "copy":
                run.state = "busy"
                with self.mortal(touches, then):
                    self.copier(run.told, self)
                run.state = "tick"
            case "tick":
                run.state = "done"
                self.tick(run.told["export"], touches, then)
            case "done":
                self.machine.runs.remove(run)

    def call_back(self, url: str, touches: int | None = None) -> None:
        """A POST to a callback's URL."""
        tag, word = url.split("/")[-2:]
        ear = callback.Ear(self.ledger, self.workflow, self.signet, self.clock)
        with self.mortal(touches):
            ear.hear(tag, word)

    def capability(self, tag: str) -> str:
        """The word that makes a callback for a tag believable."""
        return tags.capability(KEY.encode(), tag)

    def _listen(self, run: Run, touches: int | None, then: Callable[[], None] | None) -> None:
        run.token, run.until = f"{run.name}-{run.steps}", self.clock() + timedelta(seconds=run.told["wait"])
        run.state, alive = "listening", False
        with self.mortal(touches, then):
            poller.listen(run.told, run.token, self)
            alive = True
        if not alive and run.state == "listening":
            run.state, run.until = "wait", None

    def _look(self, run: Run, touches: int | None, then: Callable[[], None] | None) -> None:
        run.until, run.state, told = None, "busy", None
        with self.mortal(touches, then):
            told = poller.look(run.told, self)
        run.told, run.state = (told, "decide") if told else (run.told, "tick")
