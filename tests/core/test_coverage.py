"""The coverage tells of each day whether it is all there, and for what: from what is published alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from lambdas.core import coverage as covers
from lambdas.core.rows import Published, Row, Work
from tests.core.making import NOW, row, window

SOURCES = {"main": ("calls",)}
COPY = Published(0, "d", "k", "e", "r", (), 7, NOW)


def coverage(rows: list[Row], sources: Mapping[str, Sequence[str]] = SOURCES) -> list[covers.Day]:
    return covers.coverage(rows, sources)


def hours(*states: Work) -> list[Row]:
    """A day of hours: all copied but the first, which are in these states."""
    rows = [done(window=window(hour=n, seconds=3600)) for n in range(24)]
    rows[: len(states)] = [row(state, window=window(hour=n, seconds=3600)) for n, state in enumerate(states)]
    return rows


def done(**fields: object) -> Row:
    return replace(row(Work.DONE, published=COPY, due_at=None), **fields)  # type: ignore[arg-type] # fields of a row


def test_a_day_is_complete_when_every_window_of_every_source_is_copied() -> None:
    """Rows and windows are counted; without a re-export to come it is final."""
    (day,) = coverage([done(), done(window=window(source="call-control"))])
    assert (day.export, day.date, day.state, day.windows, day.copied, day.rows) == (
        "main", "2026-11-19", "complete", 2, 2, 14,
    )  # fmt: skip
    assert day.final
    assert day.told == "complete for all calls"
    assert day.standing == "final"
    (day,) = coverage([done(due_at=NOW)])
    assert (day.final, day.standing) == (False, "provisional")


def test_nobody_takes_a_filtered_day_for_a_full_one() -> None:
    """The narrowing fields of every copy are told, by their names."""
    narrow = replace(COPY, narrowed=("connections", "filters"))
    (day,) = coverage([done(published=narrow), done(window=window(source="call-control"))])
    assert day.narrowed == ("connections", "filters")
    assert day.told == "complete for this filter: connections, filters"


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([Work.PLANNED], "open"),
        ([Work.ASKING, Work.COPYING], "open"),
        ([Work.STUCK, Work.PLANNED], "stuck"),
        ([Work.STUCK, Work.QUARANTINED], "quarantined"),
        ([Work.LOST, Work.QUARANTINED], "lost"),
        ([Work.UNREACHABLE], "unreachable"),
    ],
)
def test_a_day_that_lacks_a_window_tells_the_worst_of_it(states: list[Work], told: str) -> None:
    """However many are copied beside it."""
    (day,) = coverage(hours(*states))
    assert (day.state, day.told, day.copied) == (told, told, 24 - len(states))


def test_what_was_published_stays_covered_whatever_is_done_about_it() -> None:
    """A re-export under way, stuck or put aside takes nothing away."""
    for state in (Work.PLANNED, Work.ASKED, Work.QUARANTINED):
        (day,) = coverage([row(state, published=COPY)])
        assert (day.state, day.final) == ("complete", False)


def test_days_and_exports_are_told_apart() -> None:
    """In their order."""
    other = done(export="other")
    days = coverage([other, done(window=window(20)), done()])
    assert [(day.export, day.date) for day in days] == [
        ("main", "2026-11-19"), ("main", "2026-11-20"), ("other", "2026-11-19"),
    ]  # fmt: skip


def test_a_day_that_is_not_planned_whole_is_open() -> None:
    """An hour that has no row yet, or a source of the export that has none."""
    assert coverage(hours())[0].state == "complete"
    assert coverage(hours()[:-1])[0].state == "open"
    (day,) = coverage(hours(), {"main": ("calls", "call-control")})
    assert (day.state, day.final) == ("open", False)


def test_a_day_whose_re_export_failed_is_complete_and_not_final() -> None:
    """What came later is not there."""
    (day,) = coverage([done(stale_since=NOW)])
    assert (day.state, day.final) == ("complete", False)


def test_a_source_that_is_not_wanted_any_more_keeps_no_day_open() -> None:
    """What of it was copied counts its rows; what was not is nobody's hole."""
    left = [row(Work.PLANNED, window=window(source="call-control")), *hours()]
    (day,) = coverage(left)
    assert (day.state, day.windows) == ("complete", 24)
    half = [done(window=window(source="call-control", hour=n, seconds=3600)) for n in range(13)]
    (day,) = coverage([*half, *hours()])
    assert (day.state, day.copied, day.final) == ("complete", 37, True)
    (day,) = coverage([row(Work.PLANNED, export="gone")])
    assert day.state == "open"
