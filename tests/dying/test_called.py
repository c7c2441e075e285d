"""Dying everywhere while the vendor calls back: once, early, twice, late, never; and a callback at every moment."""

from collections.abc import Callable

import pytest

from tests.dying.harness import Tally, everywhere
from tests.dying.scenarios import ALL, CALLED, Scenario
from tests.dying.stage import Deployed


@pytest.mark.parametrize("scenario", CALLED, ids=lambda one: one.name)
def test_all_survive(found: Deployed, scenario: Scenario, survived: Callable[[Tally], None]) -> None:
    """The callback Lambda dies too: the vendor then calls again."""
    survived(everywhere(found, scenario))


def test_a_callback_at_any_moment_changes_nothing(found: Deployed, survived: Callable[[Tally], None]) -> None:
    """Before the id is recorded, before the token is stored, during a look and a copy, after the end."""
    survived(everywhere(found, ALL["lost"], "ring"))
