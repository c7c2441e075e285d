"""What the property test found, each at its smallest; every one was mended where it says."""

from datetime import UTC, datetime, timedelta

import pytest

from lambdas.core.windows import DAY
from local.memory.stage import Stage
from tests.claims import Claims, read
from tests.world import Clock

TEXT = """
[[export]]
name = "main"
vendor = "telnyx"
start = {}
window = "{}"
reexport = ["1d"]
options = {{ source = "calls" }}
"""


def go(stage: Stage, clock: Clock, hours: float) -> None:
    """Time passes as it should."""
    until, tick = clock.now + timedelta(hours=hours), clock.now
    while clock.now < until:
        if clock.now >= tick:
            stage.tick("main")
            tick = clock.now + timedelta(hours=1)
        while ready := stage.machine.ready:
            stage.step(ready[0])
        clock.now = min([tick, *(run.until for run in stage.machine.runs if run.until)])


@pytest.mark.parametrize("touches", range(16))
def test_a_tick_that_died_before_the_head_knew_its_rows_is_no_overlap(touches: int) -> None:
    """And then the window's length is changed."""
    clock = Clock()
    stage = Stage(TEXT.format("2026-11-18", "1d"), clock)
    stage.tick("main", touches)
    clock.turn(minutes=5)
    stage.deploy(TEXT.format("2026-11-18", "6h"))
    stage.tick("main")
    Claims(stage).hold()


def test_a_late_re_export_does_not_replace_a_copy_by_what_the_vendor_still_has() -> None:
    """The exporter stood still for a month: of the window the vendor has the afternoon alone."""
    clock = Clock()
    stage = Stage(TEXT.format("2026-11-19", "1d"), clock)
    stage.theirs.retention = 30 * DAY
    go(stage, clock, 3)
    (row,) = stage.memory.rows("main")
    assert row.published
    before = read(stage.bucket.objects[row.published.key].body)
    clock.now = datetime(2026, 12, 19, 12, tzinfo=UTC)
    go(stage, clock, 4)
    assert read(stage.bucket.objects[row.published.key].body) == before


@pytest.mark.parametrize("touches", range(24))
def test_what_was_never_reachable_is_in_the_proof_whoever_dies(touches: int) -> None:
    """September is beyond what the vendor keeps, and nothing else ever happens in it."""
    clock = Clock()
    stage = Stage(TEXT.format("2026-09-20", "1d"), clock)
    stage.tick("main", touches)
    clock.turn(minutes=5)
    go(stage, clock, 48)
    claims = Claims(stage)
    for row in claims.rows:
        if row.due_at is None:
            claims.proven(row)


def test_a_spare_of_a_re_export_that_came_too_late_is_cleared() -> None:
    """Asked, no answer, hidden from the list, withdrawn; and then the vendor has forgotten the window."""
    clock = Clock()
    stage = Stage(TEXT.format("2026-11-19", "1d"), clock)
    go(stage, clock, 7)
    clock.now = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    stage.theirs.mood, stage.theirs.hides = "mute", 9000
    stage.tick("main")
    clock.turn(minutes=1)
    stage.tick("main")
    stage.theirs.mood = "well"
    for _ in range(9):
        clock.turn(minutes=6)
        stage.tick("main")
        if stage.memory.rows("main")[0].spares:
            break
    clock.turn(days=33)
    go(stage, clock, 48)
    Claims(stage).hold()
