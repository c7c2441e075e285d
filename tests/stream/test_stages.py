"""Stages: what took how long; and a report that the time will not do for ends early, with the numbers."""

from collections.abc import Callable, Iterator

import pytest

from lambdas.core.errors import TooLarge
from lambdas.stream.stages import PROBE, RESERVE, Pace, Stages

MB = 1 << 20


def clock(*seconds: float) -> Callable[[], float]:
    return iter(seconds).__next__


def test_seconds_are_counted_by_stage() -> None:
    """Also those of waiting for the next of several."""
    stages = Stages(clock(0, 2, 10, 11, 20, 23, 30, 30.5))
    with stages.on("write"):
        pass

    def items() -> Iterator[str]:
        yield from "ab"

    assert list(stages.each("read", items())) == ["a", "b"]
    assert stages.seconds == {"write": 2, "read": 4.5}


def test_a_stage_that_fails_is_counted() -> None:
    """It took its time."""
    stages = Stages(clock(0, 3))
    with pytest.raises(KeyError), stages.on("type"):
        raise KeyError
    assert stages.seconds == {"type": 3}


def test_a_download_that_will_end_in_time_goes_on() -> None:
    """64 MB in 10 s, 640 MB in all, 190 s left."""
    pace = Pace(clock(200, 199, 195, 190), 640 * MB)
    for received in (MB, PROBE - 1, 64 * MB):
        pace(received)


def test_a_download_that_cannot_end_in_time_ends_early() -> None:
    """Long before the time is over, with what it would take and what to do."""
    pace = Pace(clock(200, 190), 6400 * MB)
    with pytest.raises(TooLarge, match=r"too-large: 6710886400 bytes take 990 s more, 190 s are left; take a smaller"):
        pace(64 * MB)


def test_without_a_length_it_ends_just_before_the_time_does() -> None:
    """Nobody knows how much is to come."""
    pace = Pace(clock(200, 100, RESERVE - 1), None)
    pace(64 * MB)
    with pytest.raises(TooLarge, match="19 s are left"):
        pace(128 * MB)


def test_without_a_clock_nothing_is_watched() -> None:
    """On a laptop."""
    Pace(clock(float("inf")), 1)(1 << 40)
