"""Dying everywhere after exports.toml has changed: an earlier start, an export that is retired, two of one account."""

from collections.abc import Callable

import pytest

from tests.dying.harness import Tally, everywhere
from tests.dying.scenarios import CHANGES, Scenario
from tests.dying.stage import Deployed


@pytest.mark.parametrize("scenario", CHANGES, ids=lambda one: one.name)
def test_all_survive(found: Deployed, scenario: Scenario, survived: Callable[[Tally], None]) -> None:
    """Just before and just after each effect of each handler."""
    survived(everywhere(found, scenario))
