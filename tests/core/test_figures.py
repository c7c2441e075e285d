"""The figures of an export: how late it is, what nobody moves, and when the vendor forgets what is not copied."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.core.figures import Figures, counts, deadline, figures
from lambdas.core.rows import EPOCH, Work
from lambdas.vendors import FACTS
from tests.core.making import NOW, row, window

FACT = replace(FACTS["telnyx"], retention=timedelta(days=10))
AGO = NOW - timedelta(minutes=5)


def test_nothing_open_is_nothing_late() -> None:
    """And nothing to lose."""
    assert figures([], [], None, FACT, NOW) == Figures(0, 0, None, 0)


def test_the_window_that_waits_longest_is_the_lag() -> None:
    """Since when it waits, not how old its calls are."""
    waiting = [(window(12), AGO), (window(19), NOW - timedelta(hours=1)), (window(18), NOW + timedelta(hours=1))]
    assert figures(waiting, [], None, FACT, NOW).lag == 3600


def test_what_is_put_aside_hides_nothing_else() -> None:
    """It has its own figure. What is quarantined is downloaded, so nothing of it is lost; what is stuck may be."""
    waiting = [(window(12), NOW - timedelta(days=2)), (window(13), NOW - timedelta(days=1)), (window(19), AGO)]
    aside = [(window(12), "quarantined"), (window(13), "stuck")]
    found = figures(waiting, [], None, FACT, NOW, aside=aside)
    assert (found.lag, found.aside, found.to_loss) == (300, 2, 60)


def test_a_backlog_may_wait_a_day_longer() -> None:
    """It waits for those before it; a window that has just ended waits for nobody."""
    long = NOW - timedelta(hours=30)
    assert figures([(window(1), long)], [], None, FACT, NOW).lag == 6 * 3600
    assert figures([(window(18), long)], [], None, FACT, NOW).lag == 30 * 3600


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


def test_the_log_tells_the_oldest_deadline_and_how_late_it_is() -> None:
    """As text and numbers that a query can compare."""
    rows = [row(Work.ASKED, due_at=AGO), row(Work.COPYING, due_at=NOW)]
    told = figures([(window(12), AGO)], rows, None, FACT, NOW).told
    assert told == {"lag": 0, "overdue": 300, "hours_to_loss": 36}  # a backlog's, just opened
    assert deadline(rows) == AGO.isoformat()
    assert figures([], [], None, FACT, NOW).told == {"lag": 0, "overdue": 0, "hours_to_loss": ""}
    assert deadline([row(Work.PLANNED, due_at=AGO)]) == ""


def test_windows_are_counted_by_their_state() -> None:
    """Those on their way from the rows, those put aside from their index: a row of these is not due."""
    rows = [row(Work.PLANNED), row(Work.PLANNED), row(Work.ASKED), row(Work.STUCK), row(Work.DONE)]
    aside = [(window(12), "stuck"), (window(13), "lost"), (window(14), "lost")]
    assert counts(rows, aside) == {
        "planned": 2,
        "asking": 0,
        "asked": 1,
        "copying": 0,
        "quarantined": 0,
        "stuck": 1,
        "lost": 2,
    }
