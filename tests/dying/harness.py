"""A scenario once undisturbed, then again and again with something happening at each of its effects."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter

from lambdas.core import tags
from tests.dying.effects import Effect, Recorder
from tests.dying.fields import Unknown
from tests.dying.gate import GATE
from tests.dying.inside import Parts
from tests.dying.invariants import SLACK, Broken, check, tag
from tests.dying.scenarios import AGED, Scenario
from tests.dying.simulation import Handler, Pair, Restless, Simulation
from tests.dying.stage import Deployed, Stage
from tests.world import KEY, NOW

Point = tuple[int, str]  # the number of an effect, and before or after it
Event = Callable[[Simulation], None]  # what happens there
NAP = timedelta(seconds=119)  # no tick is longer: the function's time-out


def die(sim: Simulation) -> None:
    """The process is killed."""
    sim.recorder.kill()


def repeat(sim: Simulation) -> None:
    """A second copy of the same call runs from its begin to its end."""
    assert sim.recorder.running is not None
    sim.recorder.running.again()


def sleep(sim: Simulation) -> None:
    """The process stands still: until all is quiet without it, a tick as long as its function may take."""
    assert sim.recorder.running is not None
    if sim.recorder.running.handler in ("requester", "callback"):
        sim.wait(NAP)
    else:
        sim.quiet()


def oversleep(sim: Simulation) -> None:
    """The same, and the windows are exported again meanwhile."""
    sim.quiet()
    sim.jump(NOW + AGED)
    sim.quiet()


def ring(sim: Simulation) -> None:
    """The vendor calls back, for the last report that it took on."""
    for made in sim.stage.vendor.created[-1:]:
        told = tag(made.body) or ""
        sim.hear(told, tags.capability(KEY, told))


EVENTS: Mapping[str, Event] = {"kill": die, "repeat": repeat, "sleep": sleep, "oversleep": oversleep, "ring": ring}


@dataclass
class Tally:
    """What a scenario's disturbances came to."""

    name: str
    effects: int = 0
    points: int = 0  # that were played; each stands for all that are the same world
    seconds: float = 0.0
    failed: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        each = 1000 * self.seconds / max(self.points, 1)
        effects = f"{self.effects} effects, {2 * self.effects} points, " if self.effects else ""
        return f"{self.name}: {effects}{self.points} worlds, {self.seconds:.1f} s, {each:.0f} ms each"


def play(
    stage: Stage,
    scenario: Scenario,
    at: Callable[[Simulation, Effect, str], None] | None = None,
    parts: Parts | None = None,
    *,
    stop: int | None = None,
    pairs: Callable[[Simulation, str, Handler], Pair | None] | None = None,
) -> Simulation:
    """Run a scenario; `at` is told of every effect of its last phase, by numbers that begin there."""
    GATE.wrong.clear()
    recorder = Recorder()
    sim = Simulation(stage, recorder, parts, calls_back=scenario.calls_back)
    for number, phase in enumerate(scenario.phases, 1):
        sim.jump(NOW + phase.after)
        phase.do(sim)
        if number == len(scenario.phases):
            sim.last(stop)
            sim.pairs = pairs
            if at:
                recorder.at = lambda effect, when: at(sim, effect, when)
        sim.quiet(phase.lasts)
    sim.requests = len(stage.vendor.requests)
    return sim


def points(effects: Iterable[Effect], *, deaths: bool = True) -> list[Point]:
    """Just before each effect, and just after the last of a call: between two of a call nothing happens outside.

    A death leaves nothing but what was done outside, and AWS is not changed by a read: dying after one is dying before
    it, so that these are left out. A vendor may count what it is asked: its answers are met before and after.
    """
    effects = list(effects)
    last = {effect.invocation: effect.number for effect in effects}
    found, before = list[Point](), None
    for effect in effects:
        if before is None or before.invocation != effect.invocation or before.outside or not deaths:
            found.append((effect.number, "before"))
        if last[effect.invocation] == effect.number and (effect.outside or not deaths):
            found.append((effect.number, "after"))
        before = effect
    return found


def disturbed(
    stage: Stage,
    scenario: Scenario,
    point: Point,
    event: Event,
    plain: Simulation | None = None,
    parts: Parts | None = None,
) -> str:
    """What is broken after something happened at one point; "" for nothing."""

    def at(sim: Simulation, effect: Effect, when: str) -> None:
        if (effect.number, when) == point and sim.met is None:
            sim.met = effect
            event(sim)

    try:
        sim = play(stage, scenario, at, parts)
        if sim.met is None:
            return "that point was never reached: the run is not the same every time"
        # Whoever holds the lease asks; a second tick beside it asks the vendor nothing.
        alone = event is repeat and sim.met.handler == "requester"
        check(sim, scenario, plain, killed=sim.met.handler if event is die else "", slack=0 if alone else SLACK)
    except (Broken, Restless, Unknown) as problem:
        return f"{type(problem).__name__}: {problem}"
    return ""


def everywhere(
    found: Deployed, scenario: Scenario, event: str = "kill", handlers: Collection[str] = (), parts: Parts | None = None
) -> Tally:
    """Let something happen at every point, or at every one of these handlers."""
    tally = Tally(f"{event} {scenario.name}")
    with Stage(found, scenario.make, scenario.text, small=scenario.small) as stage:
        plain = play(stage, scenario)
        if scenario.alone:
            check(plain, scenario)
        effects, begun = plain.effects, perf_counter()
        where = handlers or (scenario.handlers if event == "kill" else ())
        wanted = [one for one in effects if not where or one.handler in where]
        tally.effects = len(wanted)
        for point in points(wanted, deaths=event == "kill"):
            tally.points += 1
            if said := disturbed(stage, scenario, point, EVENTS[event], plain, parts):
                tally.failed.append(_told(scenario, event, effects[point[0]], point[1], said))
        tally.seconds = perf_counter() - begun
    return tally


def _told(scenario: Scenario, event: str, effect: Effect, when: str, said: str) -> str:
    again = f"python -m tests.dying {event} {scenario.name} --at {effect.number} --{when}"
    return f"{again}  # {effect.handler}: {effect.name}\n    {said}"


def stopped(found: Deployed, scenario: Scenario) -> Tally:
    """Stop the execution as it enters each state; the first of them is one that never began."""
    tally = Tally(f"stop {scenario.name}")
    with Stage(found, scenario.make, scenario.text, small=scenario.small) as stage:
        plain = play(stage, scenario)
        begun, stop = perf_counter(), 0
        while True:
            stop += 1
            said = ""
            try:
                sim = play(stage, scenario, stop=stop)
                if "ABORTED" not in {one.status for one in sim.executions.values()}:
                    break
                check(sim, scenario, plain)
            except (Broken, Restless, Unknown) as problem:
                said = f"{type(problem).__name__}: {problem}"
            tally.points += 1
            if said:
                tally.failed.append(f"python -m tests.dying stop {scenario.name} --at {stop}\n    {said}")
        tally.seconds = perf_counter() - begun
    return tally


def mutant(stage: Stage, scenario: Scenario, event: str, handlers: Collection[str], parts: Parts) -> Iterator[str]:
    """What is broken at each point in turn where a part is replaced by one that lacks something."""
    plain, numbers = play(stage, scenario), play(stage, scenario, parts=parts)
    wanted = [one for one in numbers.effects if one.handler in handlers]
    for point in points(wanted, deaths=event == "kill"):
        if said := disturbed(stage, scenario, point, EVENTS[event], plain, parts):
            yield said
