"""Two copies of one call, each interrupted by the other: every pair of places."""

from collections.abc import Callable
from time import perf_counter

import pytest

from tests.dying.harness import Tally, play
from tests.dying.invariants import Broken, check
from tests.dying.scenarios import ALL, Scenario
from tests.dying.simulation import Restless, Simulation
from tests.dying.stage import Deployed, Stage
from tests.dying.weave import Weave


@pytest.mark.parametrize(("name", "handler"), [("first", "copier"), ("slow", "poller"), ("called", "poller")])
def test_two_copies_woven(found: Deployed, name: str, handler: str, survived: Callable[[Tally], None]) -> None:
    """The first to its effect k, the second to its effect j, then each to its end: for every k and j."""
    scenario, tally = ALL[name], Tally(f"weave {handler} {name}")
    with Stage(found, scenario.make, scenario.text) as stage:
        plain = play(stage, scenario)
        begun, k, j = perf_counter(), 0, 0
        while True:
            weave = Weave(handler, k, j)
            said = _woven(stage, scenario, plain, weave)
            if not weave.first_paused:
                break
            if weave.second_paused:
                tally.points += 1
                if said:
                    again = f"python -m pytest 'tests/dying/test_woven.py::test_two_copies_woven[{name}-{handler}]'"
                    tally.failed.append(f"{again}: at k={k} j={j}: {said}")
                j += 1
            else:  # it was at its end before: the next k
                k, j = k + 1, 0
        tally.seconds = perf_counter() - begun
    survived(tally)


def _woven(stage: Stage, scenario: Scenario, plain: Simulation, weave: Weave) -> str:
    try:
        sim = play(stage, scenario, pairs=weave)
        sim.met = sim.effects[0]
        check(sim, scenario, plain)
    except (Broken, Restless) as problem:
        return f"{type(problem).__name__}: {problem}"
    return ""
