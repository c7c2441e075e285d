"""The figures of an export: how late it is, what nobody moves, and when the vendor forgets what is not copied."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.core.figures import Figures, figures
from lambdas.core.rows import EPOCH, Work
from lambdas.vendors import FACTS
from tests.core.making import NOW, row, window

FACT = replace(FACTS["telnyx"], retention=timedelta(days=10))
AGO = NOW - timedelta(minutes=5)


def test_nothing_open_is_nothing_late() -> None:
    """And nothing to lose."""
    assert figures([], [], None, FACT, NOW) == Figures(0, 0, None)


def test_the_window_that_waits_longest_is_the_lag() -> None:
    """Since when it waits, not how old its calls are."""
    waiting = [(window(12), AGO), (window(19), NOW - timedelta(hours=1)), (window(18), NOW + timedelta(hours=1))]
    assert figures(waiting, [], None, FACT, NOW).lag == 3600


@pytest.mark.parametrize("work", Work)
def test_a_deadline_that_passed_counts_where_somebody_should_have_moved(work: Work) -> None:
    """A planned row waits for a place, and news for the next tick."""
    late = figures([], [row(work, due_at=AGO), row(work, due_at=NOW)], None, FACT, NOW).overdue
    assert late == (300 if work in (Work.ASKING, Work.ASKED, Work.COPYING, Work.STUCK) else 0)
    assert not figures([], [row(work, due_at=EPOCH, news=True)], None, FACT, NOW).overdue
    assert not figures([], [row(work, due_at=NOW + timedelta(1))], None, FACT, NOW).overdue


def test_hours_are_counted_until_the_vendor_forgets_the_oldest() -> None:
    """Of what waits or has no row yet; never below nothing, and of no vendor that keeps for ever."""
    waiting = [(window(19), AGO), (window(12), AGO)]
    assert figures(waiting, [], None, FACT, NOW).to_loss == 36
    assert figures(waiting, [], window(11).start, FACT, NOW).to_loss == 12
    assert figures([], [], window(1).start, FACT, NOW).to_loss == 0
    assert figures(waiting, [], None, replace(FACT, retention=None), NOW).to_loss is None
