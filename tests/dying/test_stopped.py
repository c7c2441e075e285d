"""An execution is stopped as it enters a state, the first of them before it did anything: the next run takes over."""

from collections.abc import Callable

import pytest

from tests.dying.harness import Tally, stopped
from tests.dying.scenarios import ALL
from tests.dying.stage import Deployed


@pytest.mark.parametrize("name", ["first", "failed", "unchanged", "early", "lost"])
def test_all_survive(found: Deployed, name: str, survived: Callable[[Tally], None]) -> None:
    """Whatever it was about to do."""
    survived(stopped(found, ALL[name]))
