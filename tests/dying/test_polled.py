"""Dying everywhere while reports are polled: a first export, a backlog, a deletion, reports that come to nothing."""

from collections.abc import Callable

import pytest

from tests.dying.harness import Tally, everywhere
from tests.dying.scenarios import PARTS, POLLED, Scenario
from tests.dying.stage import Deployed


@pytest.mark.parametrize("scenario", [*POLLED, PARTS], ids=lambda one: one.name)
def test_all_survive(found: Deployed, scenario: Scenario, survived: Callable[[Tally], None]) -> None:
    """Just before and just after each effect of each handler."""
    survived(everywhere(found, scenario))
