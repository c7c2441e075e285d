"""Two copies of a handler: a second one at every effect of the first; one that comes back late, or after a newer."""

from collections.abc import Callable

import pytest

from tests.dying.harness import Tally, everywhere
from tests.dying.scenarios import ALL
from tests.dying.stage import Deployed


@pytest.mark.parametrize(
    ("name", "handlers"),
    [
        ("first", ()),
        ("dropped", ("requester",)),
        ("called", ("poller", "callback")),
        ("changed", ("copier",)),
        ("parts", ("copier",)),
    ],
)
def test_a_second_copy_runs_at_every_effect(
    found: Deployed, name: str, handlers: tuple[str, ...], survived: Callable[[Tally], None]
) -> None:
    """From its begin to its end, while the first stands still; then the first goes on."""
    survived(everywhere(found, ALL[name], "repeat", handlers))


@pytest.mark.parametrize(
    ("name", "handlers"),
    [
        ("first", ("requester", "copier")),
        ("slow", ("poller",)),
        ("called", ("poller", "callback")),
        ("changed", ("copier",)),
    ],
)
def test_one_that_comes_back_late_is_held_off(
    found: Deployed, name: str, handlers: tuple[str, ...], survived: Callable[[Tally], None]
) -> None:
    """Beyond its lease, after its successor has done everything."""
    survived(everywhere(found, ALL[name], "sleep", handlers))


def test_an_old_copier_comes_back_after_a_newer_revision(found: Deployed, survived: Callable[[Tally], None]) -> None:
    """What was published since is neither replaced nor followed by a receipt of the old."""
    survived(everywhere(found, ALL["old"], "oversleep", ("copier",)))
