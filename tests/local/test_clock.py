"""The clock of a rehearsal."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from lambdas.settings import Settings
from local.clock import Rehearsal, real

THEN = datetime(2026, 11, 10, 6, tzinfo=UTC)
SOON = timedelta(seconds=5)


def test_without_a_rehearsal_it_is_the_real_clock(tmp_path: Path) -> None:
    """And the Lambdas are told nothing."""
    clock = Rehearsal(tmp_path / "clock.json")
    assert abs(clock() - real()) < SOON
    assert (clock.until(), clock.setting()) == (None, None)


def test_it_shows_what_it_was_set_to_and_goes_on(tmp_path: Path) -> None:
    """Another process that knows the file sees the same; setting it again goes back."""
    file = tmp_path / "clock.json"
    Rehearsal(file).set(THEN + timedelta(days=1))
    Rehearsal(file).set(THEN)
    other = Rehearsal(file)
    assert other.until() == THEN
    assert timedelta(0) <= other() - THEN < SOON


def test_the_lambdas_see_the_same_time(tmp_path: Path) -> None:
    """By the variable that they are told it with."""
    clock = Rehearsal(tmp_path / "clock.json")
    clock.set(THEN)
    told = Settings({"CDR_REHEARSAL": clock.setting() or ""})
    assert told.until == THEN
    assert abs(told.clock() - clock()) < SOON
