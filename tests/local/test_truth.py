"""The comparison: whatever differs, differs."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from rich.console import Console

from local.calls import Tally
from local.cast import Role
from local.truth import compare, show

DAY = date(2026, 11, 18)
ROLES = {"one": Role("flowroute", 7, "one", 100, 0.0, "start", False)}
TALLY = Tally(3, 60, 66, Decimal("0.01230000"))


@pytest.mark.parametrize(
    "other",
    [
        replace(TALLY, rows=4),
        replace(TALLY, seconds=61),
        replace(TALLY, billed=67),
        replace(TALLY, cost=Decimal("0.01230001")),
    ],
)
def test_a_single_figure_that_differs_is_a_difference(other: Tally) -> None:
    """Rows, seconds, billed seconds, and the cost to its eighth decimal."""
    (line,) = compare({("one", DAY): other}, {("one", DAY): TALLY}, ROLES)
    assert not line.right


def test_the_same_figures_are_right() -> None:
    """However many zeros the cost is written with."""
    (line,) = compare({("one", DAY): replace(TALLY, cost=Decimal("0.0123"))}, {("one", DAY): TALLY}, ROLES)
    assert line.right


def test_a_day_that_one_side_lacks_is_a_difference() -> None:
    """What Athena has too much, and what it has not."""
    assert [line.right for line in compare({("one", DAY): TALLY}, {}, ROLES)] == [False]
    assert [line.right for line in compare({}, {("one", DAY): TALLY}, ROLES)] == [False]


def test_what_nobody_can_tell_is_not_wrong() -> None:
    """An export that somebody else plays is shown without a truth."""
    lines = compare({("theirs", DAY): TALLY}, {}, ROLES)
    assert [(line.true, line.right) for line in lines] == [(None, True)]


def test_the_table_shows_both_and_names_the_difference() -> None:
    """Each figure with the truth beside it."""
    out = io.StringIO()
    show(compare({("one", DAY): TALLY}, {("one", DAY): replace(TALLY, rows=4)}, ROLES), Console(file=out, width=120))
    (line,) = [line for line in out.getvalue().splitlines() if "one" in line]
    cells = [cell.strip() for cell in line.strip("│").split("│")]
    assert cells == ["one", "2026-11-18", "3", "4", "1.00", "1.00", "0.01230000", "0.01230000", "DIFFERS"]
