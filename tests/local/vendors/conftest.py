"""A clock that one moves, and both vendors on it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.vendors.flowroute import Flowroute, flowroute
from local.vendors.telnyx import Telnyx, telnyx

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


class World:
    """The time that a vendor sees."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def after(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def telnyx_vendor(world: World) -> Iterator[Telnyx]:
    with telnyx(7, "main", clock=world, per_day=60) as vendor:
        yield vendor


@pytest.fixture
def flowroute_vendor(world: World) -> Iterator[Flowroute]:
    with flowroute(7, "main", clock=world, per_day=60) as vendor:
        yield vendor
