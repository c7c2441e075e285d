"""The rooms in memory behave as those of AWS where a handler can tell (the ledger: tests/aws/test_ledger.py)."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from moto import mock_aws

from lambdas.aws.lake import PART, Fenced, Lake
from lambdas.core.rows import Work
from local.memory.bucket import Bucket, lake
from local.memory.stage import Stage
from tests import world
from tests.world import NOW, Clock

KEY = "calls/a.parquet"
TEXT = '[[export]]\nname = "main"\nvendor = "flowroute"\nstart = 2026-11-19\nreexport = []\n'


@pytest.fixture(params=["s3", "memory"])
def room(request: pytest.FixtureRequest) -> Iterator[Lake]:
    """An empty lake, on moto and in memory."""
    if request.param == "memory":
        yield lake(Bucket())
        return
    with mock_aws():
        yield world.lake()


def put(room: Lake, data: bytes, fence: str | None = None, *, fenced: bool = True) -> str:
    with room.upload(KEY, "text/plain", {"turn": "r0"}) as upload:
        upload.write(data)
        return upload.finish(fence=fence, fenced=fenced)


@pytest.mark.parametrize(("room", "size"), [("s3", 3), ("memory", 3), ("memory", 2 * PART + 1)], indirect=["room"])
def test_an_object_replaces_only_what_it_was_meant_to_replace(room: Lake, size: int) -> None:
    """In one PUT and in parts (to which moto has no fence): nothing, or the object whose ETag is named."""
    data = os.urandom(size)
    first = put(room, data)
    assert room.etag(KEY) == (first, {"turn": "r0"})
    for fence in (None, '"another"'):
        with pytest.raises(Fenced):
            put(room, data + b"x", fence)
    assert room.etag(KEY) == (first, {"turn": "r0"})
    second = put(room, data + b"x", first)
    assert second != first and room.etag(KEY) == (second, {"turn": "r0"})
    assert put(room, data, fenced=False) != second


def test_nothing_is_not_replaced() -> None:
    """S3 answers 404 to If-Match where no object is; moto makes one."""
    with pytest.raises(Fenced):
        put(lake(Bucket()), b"data", '"of nothing"')


def test_what_is_not_finished_leaves_nothing(room: Lake) -> None:
    """Whoever gave up in the middle."""
    with room.upload(KEY, "text/plain") as upload:
        upload.write(os.urandom(2 * PART + 1))
    assert room.etag(KEY) is None


def test_small_objects_are_written_and_replaced(room: Lake) -> None:
    """A receipt, and the proof of a month under its fence."""
    room.write("receipts/a.json", {"rows": 1})
    there = room.etag("receipts/a.json")
    assert there is not None
    room.replace("receipts/a.json", b"new", "text/plain", fence=there[0])
    with pytest.raises(Fenced):
        room.replace("receipts/a.json", b"newer", "text/plain", fence=there[0])


def test_a_stage_exports_a_day_by_itself() -> None:
    """Tick, listen, callback, look, copy, tick: each a state of the machine, counted as the row counts them."""
    clock = Clock()
    stage = Stage(TEXT, clock)
    stage.tick("main")
    (run,) = stage.machine.runs
    for _ in range(2):  # Route, Listen
        stage.step(run)
    assert stage.machine.ready == []
    clock.turn(seconds=stage.theirs.takes)
    stage.call_back(str(stage.theirs.reports[0].callback))
    while stage.machine.runs:
        stage.step(run)
    (row,) = stage.memory.rows("main")
    assert (row.state, row.due_at, row.steps) == (Work.DONE, None, run.steps)
    assert row.published and row.published.key in stage.bucket.objects


@pytest.mark.parametrize("touches", range(12))
def test_who_died_does_nothing_more(touches: int) -> None:
    """Not even give its lease back, as a `finally` would; the next tick goes on when the lease is over."""
    clock = Clock()
    stage = Stage(TEXT, clock)
    stage.tick("main", touches)
    held = stage.memory.head("main").lease is not None
    assert held == (touches > 0)
    clock.turn(minutes=5)
    for _ in range(4):
        stage.tick("main")
        clock.turn(minutes=20)
    (row,) = stage.memory.rows("main")
    assert row.state is Work.ASKED and stage.theirs.asked["ask"] >= 1
    assert max(stage.theirs.tags.values()) == 1


def test_who_stands_still_goes_on_after_the_others() -> None:
    """And finds that they have moved on."""
    clock = Clock()
    stage = Stage(TEXT, clock)
    stage.tick("main", 4, lambda: clock.turn(minutes=10))
    assert clock.now == NOW + timedelta(minutes=10)
    assert len(stage.memory.rows("main")) == 1
