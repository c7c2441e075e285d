"""An execution knows which run it is, and sees when the row has gone on without it."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.core.place import Place
from tests.core.making import row, window

TOLD = {"export": "main", "source": "calls", "start": "2026-11-19T00:00:00+00:00", "seconds": 86_400}
RUN: dict[str, Any] = {"revision": 1, "attempt": 2, "run": 3}


def test_an_execution_s_input_is_read() -> None:
    """Fields of a newer version are passed over."""
    assert Place.read({**TOLD, **RUN, "looks": 4, "news": True}) == Place("main", window(), 1, 2, 3)


@pytest.mark.parametrize("field", RUN)
def test_an_old_run_is_not_the_row_s(field: str) -> None:
    """Another revision, attempt or run: the execution is over."""
    now = row(**RUN)
    place = Place.read({**TOLD, **RUN})
    assert place.is_of(now)
    assert not place.is_of(replace(now, **{field: RUN[field] + 1}))
