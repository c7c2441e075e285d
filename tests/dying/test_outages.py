"""Dying everywhere while the vendor is down, slow, refuses, or loses an answer."""

from collections.abc import Callable

import pytest

from tests.dying.harness import Tally, everywhere
from tests.dying.scenarios import OUTAGES, Scenario
from tests.dying.stage import Deployed


@pytest.mark.parametrize("scenario", OUTAGES, ids=lambda one: one.name)
def test_all_survive(found: Deployed, scenario: Scenario, survived: Callable[[Tally], None]) -> None:
    """Just before and just after each effect of each handler."""
    survived(everywhere(found, scenario))
