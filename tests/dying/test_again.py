"""Dying everywhere in a re-export: of the same calls, of others, one that fails for good, one that disagrees."""

from collections.abc import Callable

import pytest

from tests.dying.harness import Tally, everywhere
from tests.dying.scenarios import AGAIN, Scenario
from tests.dying.stage import Deployed


@pytest.mark.parametrize("scenario", AGAIN, ids=lambda one: one.name)
def test_all_survive(found: Deployed, scenario: Scenario, survived: Callable[[Tally], None]) -> None:
    """Just before and just after each effect of each handler."""
    survived(everywhere(found, scenario))
