"""The harness can fail: without each thing that keeps calls from being lost or doubled, an invariant is broken."""

import pytest

from tests.dying.harness import mutant
from tests.dying.mutants import MUTANTS
from tests.dying.scenarios import ALL
from tests.dying.stage import Deployed, Stage


@pytest.mark.parametrize("lacking", MUTANTS)
def test_a_mutant_does_not_survive(found: Deployed, lacking: str) -> None:
    """At one point at least; the real parts survive the same."""
    parts, event, name, handlers = MUTANTS[lacking]
    scenario = ALL[name]
    with Stage(found, scenario.make, scenario.text, small=scenario.small) as stage:
        said = next(mutant(stage, scenario, event, handlers, parts), "")
    assert said.startswith("Broken: "), said
