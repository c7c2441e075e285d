"""The interpreter plays what the deployed machine holds, and raises for everything else."""

import copy
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from lambdas.core import keys
from tests.dying.fields import Unknown
from tests.dying.harness import play
from tests.dying.invariants import End
from tests.dying.machine import Execution, Failed, Machine
from tests.dying.scenarios import ALL
from tests.dying.stage import Deployed, Stage
from tests.world import NOW

Change = Callable[[dict[str, Any]], object]
GIVEN = {"export": "main", "calls_back": False, "wait": 60}


class World:
    """Answers what it is told to; things happen in their order, and each at its time."""

    def __init__(self, *answers: Any) -> None:
        self.now, self.answers = NOW, list(answers)
        self.todo: list[tuple[datetime, Callable[[], None]]] = []
        self.called: list[str] = []
        self.tokens = 0

    def later(self, seconds: float, do: Callable[[], None], *, awaited: bool = True) -> None:
        if awaited:
            self.todo.append((self.now + timedelta(seconds=seconds), do))

    def invoke(self, function: str, payload: Any) -> Any:
        self.called.append(function)
        answer = self.answers.pop(0)
        if isinstance(answer, Failed):
            raise answer
        return answer

    def send(self, function: str, payload: Any) -> None:
        self.called.append(f"{function}, not waited for: {payload}")

    def token(self, execution: Execution) -> str:
        self.tokens += 1
        return f"token-{self.tokens}"

    def entered(self, execution: Execution) -> None:
        pass

    def run(self) -> None:
        while self.todo:
            self.todo.sort(key=lambda one: one[0])
            self.now, do = self.todo.pop(0)
            do()


def played(found: Deployed, *answers: Any, **given: Any) -> tuple[World, Execution]:
    world = World(*answers)
    one = Execution(found.machine, "one", {**GIVEN, **given}, world)
    one.start()
    world.run()
    return world, one


def test_a_report_that_is_ready_is_copied_and_the_requester_ticked(found: Deployed) -> None:
    """Seven transitions: Route, Wait, Look, Decide, Copy, Tick, Done."""
    world, one = played(found, {**GIVEN, "next": "copy"}, {"state": "done"})
    assert world.called == ["Poller", "Copier", "Requester, not waited for: {'export': 'main'}"]
    assert (one.status, one.transitions) == ("SUCCEEDED", 7)


def test_a_dead_look_fails_the_execution_after_its_tick(found: Deployed) -> None:
    """It is caught, and not tried again: only the service's own errors are."""
    world, one = played(found, Failed("Lambda.Unknown"))
    assert world.called == ["Poller", "Requester, not waited for: {'export': 'main'}"]
    assert one.status == "FAILED"


def test_the_service_s_errors_are_tried_again(found: Deployed) -> None:
    """Each is a transition more."""
    busy = Failed("Lambda.TooManyRequestsException")
    _, one = played(found, busy, busy, {**GIVEN, "next": "end"})
    assert (one.status, one.transitions) == ("SUCCEEDED", 8)


def test_a_wait_for_a_callback_times_out_into_a_look(found: Deployed) -> None:
    """Nobody wakes it."""
    world, one = played(found, {"woken": False}, {**GIVEN, "next": "end"}, calls_back=True)
    assert world.called[:2] == ["Poller", "Poller"]
    assert world.now >= NOW + timedelta(seconds=60)
    assert one.status == "SUCCEEDED"


def test_a_machine_that_runs_too_long_ends(found: Deployed) -> None:
    """After that nothing happens in it any more."""
    world = World()
    one = Execution(found.machine, "one", GIVEN, world)
    one.start()
    one.end("TIMED_OUT")
    world.run()
    assert (one.status, world.called) == ("TIMED_OUT", [])


@pytest.mark.parametrize("name", ["first", "slow", "early", "called"])
def test_the_receipt_counts_the_machine_s_own_transitions(found: Deployed, name: str) -> None:
    """What the poller reckons is what was played."""
    scenario = ALL[name]
    with Stage(found, scenario.make, scenario.text) as stage:
        sim = play(stage, scenario)
        end = End(sim)
        (receipt,) = end.below(keys.RECEIPTS)
        assert json.loads(end.read(receipt))["transitions"] == sim.transitions


CHANGES: dict[str, Change] = {
    "a state of another type": lambda states: states.update(New={"Type": "Parallel", "Branches": []}),
    "a pass state": lambda states: states.update(New={"Type": "Pass", "Next": "Look"}),
    "a field of a task": lambda states: states["Look"].update(HeartbeatSeconds=5),
    "a field of a choice": lambda states: states["Decide"]["Choices"][0].update(IsPresent=True),
    "another service": lambda states: states["Tick"].update(Resource="arn:aws:states:::sqs:sendMessage"),
    "another call of a function": lambda states: states["Tick"]["Parameters"].update(InvocationType="DryRun"),
    "a result kept elsewhere": lambda states: states["Copy"].update(ResultPath="$.copied"),
    "an error kept in the state": lambda states: states["Copy"]["Catch"][0].pop("ResultPath"),
    "another jitter": lambda states: states["Look"]["Retry"][0].update(JitterStrategy="NONE"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_it_does_not_know_raises(found: Deployed, change: str) -> None:
    """So that the machine cannot grow unseen."""
    definition = copy.deepcopy(dict(found.definition))
    CHANGES[change](definition["States"])
    with pytest.raises(Unknown):
        Machine(definition)
    with pytest.raises(Unknown):
        Machine({**found.definition, "QueryLanguage": "JSONata"})
