"""Windows tile the days, and their names are read back as they were written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.windows import midnight, stamp, tile, unstamp
from tests.core.making import always, window

LENGTHS = st.sampled_from([900, 1200, 3600, 7200, 21_600, 43_200, 86_400])
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 # naive bounds are hypothesis's way


@always
@given(INSTANTS)
def test_a_stamp_is_read_back(when: datetime) -> None:
    """To the second."""
    whole = when.replace(microsecond=0)
    assert unstamp(stamp(whole)) == whole


def test_a_stamp_is_in_utc() -> None:
    """Whatever the zone that the instant came in."""
    east = timezone(timedelta(hours=3))
    assert stamp(datetime(2026, 11, 20, 2, tzinfo=east)) == "20261119T230000Z"
    assert midnight(datetime(2026, 11, 20, 2, tzinfo=east)) == datetime(2026, 11, 19, tzinfo=UTC)
    with pytest.raises(ValueError, match="does not match"):
        unstamp("2026-11-20")


@always
@given(INSTANTS, LENGTHS, st.integers(0, 400_000))
def test_tiles_follow_each_other_and_end_in_time(when: datetime, seconds: int, stretch: int) -> None:
    """From the start on, without a gap, the next one not fitting any more; none crosses midnight."""
    start = midnight(when)
    stop = start + timedelta(seconds=stretch)
    found = tile(start, stop, seconds, "calls")
    edges = [start, *(one.end for one in found)]
    assert [one.start for one in found] == edges[:-1]
    assert edges[-1] <= stop < edges[-1] + timedelta(seconds=seconds)
    assert all(midnight(one.start) == midnight(one.end - timedelta(microseconds=1)) for one in found)


def test_nothing_lies_in_a_stretch_that_runs_backwards() -> None:
    """A stop before the start is no error."""
    assert tile(datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC), 3600, "calls") == []


def test_a_window_has_one_name_for_each_place() -> None:
    """In S3, in the ledger, in the partition."""
    one = window(hour=6, seconds=3600, source="call-control")
    assert (one.name, one.date) == ("20261119T060000Z-3600", "2026-11-19")
    assert one.sk == "w#call-control#20261119T060000Z#3600"
