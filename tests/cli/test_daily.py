"""The calendar in the terminal: each day the worst of its stretches, within 80 columns."""

from datetime import UTC, date, datetime, timedelta

from cli.daily import calendar, days
from lambdas.core.coverage import Stretch
from lambdas.core.states import State
from lambdas.core.windows import DAY

START = datetime(2026, 10, 30, tzinfo=UTC)
NOW = START + 6 * DAY + timedelta(hours=5)


def stretch(first: float, last: float, state: State, windows: int = 1, source: str = "a") -> Stretch:
    return Stretch("main", source, START + first * DAY, START + last * DAY, state, windows=windows)


FOUND = [
    stretch(0, 2, State.FINAL), stretch(2, 3, State.LOST), stretch(3, 4.5, State.PROVISIONAL),
    stretch(4.5, 5, State.OPEN), stretch(5, 6, State.OPEN, windows=0),
    stretch(0, 1, State.FINAL, source="b"), stretch(1, 2, State.QUARANTINED, source="b"),
]  # fmt: skip


def test_a_day_is_the_worst_of_what_lies_in_it() -> None:
    """Of every source; what is not due yet is no trouble."""
    told = days(FOUND, START, NOW)
    assert list(told.values()) == ["final", "quarantined", "lost", "provisional", "open", "not planned", "to come"]
    assert next(iter(told)) == date(2026, 10, 30)


def test_months_are_rows_and_letters_are_explained() -> None:
    """Only those that are used; on a terminal that has no other letters too."""
    lines = [line.plain.rstrip() for line in calendar(days(FOUND, START, NOW))]
    assert lines[1] == f"2026-10 {' ' * 58}✓✓Q"
    assert lines[2] == "2026-11 L ✓ O N ·"
    assert [line.strip()[0] for line in lines[3:]] == ["L", "Q", "O", "N", "✓", "✓", "·"]
    assert "".join(line.plain for line in calendar(days(FOUND, START, NOW), plain=True)).isascii()


def test_it_is_narrow_and_old_months_are_shown_for_what_is_missing() -> None:
    """Two years, and before these the months alone that lack something."""
    begun = START - 1500 * DAY
    found = [
        Stretch("main", "a", begun, begun + 40 * DAY, State.FINAL),
        Stretch("main", "a", begun + 40 * DAY, begun + 41 * DAY, State.STUCK),
        Stretch("main", "a", begun + 41 * DAY, START, State.FINAL),
    ]
    lines = [line.plain for line in calendar(days(found, begun, START))]
    assert max(map(len, lines)) <= 80
    stuck = (begun + 40 * DAY).strftime("%Y-%m")
    assert lines[1].startswith(stuck)
    assert [line for line in lines if "older months" in line]
    assert len([line for line in lines if line.startswith("20")]) == 25


def test_a_defect_of_the_ledger_is_told_before_all_else() -> None:
    """A gap is worse than a loss."""
    found = [stretch(0, 1, State.LOST), stretch(0, 1, State.GAP, source="b")]
    assert days(found, START, START)[date(2026, 10, 30)] == "gap"
