"""The proof in S3 says what the ledger says, and a row is not forgotten before it does."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas import proof
from lambdas.aws.lake import Fenced
from lambdas.core import keys
from lambdas.core.entries import document
from lambdas.core.rows import EPOCH, Work
from local.vendors.telnyx import Telnyx
from tests.world import Clock, World, world

TEXT = """
[[export]]
name = "t"
vendor = "telnyx"
start = {1}
base_url = "{0.base_url}"
download_from = ["{0.files_url}/"]
options = {{ source = "calls" }}
"""
DAY = datetime(2026, 11, 19, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """It stands at noon of the 20th."""
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Iterator[Telnyx]:
    """A Telnyx of few calls."""
    with Telnyx(3, "proof", clock=clock, per_day=5) as one:
        yield one


@pytest.fixture
def at(vendor: Telnyx, clock: Clock) -> Iterator[World]:
    """One window, planned and asked by a first tick."""
    with world(TEXT.format(vendor, '"-1d"'), clock) as one:
        one.tick("t")
        yield one


def told(at: World, month: str = "2026-11") -> list[dict[str, Any]]:
    """The lines of a month."""
    data = at.objects(keys.coverage("t", month))[keys.coverage("t", month)]
    return [json.loads(line) for line in gzip.decompress(data).splitlines()]


def test_a_window_is_told_from_its_planning_on(at: World) -> None:
    """Open, until it is copied; the tick after the copy says so, and only then the row waits for its next age."""
    assert [(one["dt"], one["state"]) for one in told(at)] == [("2026-11-19", "open")]
    at.run()
    row = at.row("t", DAY)
    assert [(one["state"], one["rows"]) for one in told(at)] == [("provisional", row.published and row.published.rows)]
    assert (row.news, row.later, row.due_at) == (False, None, datetime(2026, 11, 21, tzinfo=UTC))
    assert at.objects("ledger/") == {keys.coverage("t", "2026-11"): document(at.rows("t"))}


def test_a_tick_that_dies_before_it_told_leaves_the_row_due(at: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, before all else; the next one tells."""

    def dies(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(at.lake, "replace", dies)
        with pytest.raises(SystemExit):
            at.run()
    row = at.row("t", DAY)
    assert (row.state, row.news, row.due_at) == (Work.DONE, True, EPOCH)
    assert told(at)[0]["state"] == "open"
    at.tick("t")
    assert told(at)[0]["state"] == "provisional"
    assert at.row("t", DAY).later is None


def test_each_month_has_its_object(vendor: Telnyx, clock: Clock) -> None:
    """A backfill over a month's end writes both; a month in which nothing changed is not written."""
    clock.now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    with world(TEXT.format(vendor, '"-3d"'), clock) as at:
        at.quiet()
        assert {one["state"] for one in told(at, "2026-10") + told(at)} == {"provisional"}
        assert [len(told(at, month)) for month in ("2026-10", "2026-11")] == [2, 1]
        before = at.lake.etag(keys.coverage("t", "2026-10"))
        clock.turn(hours=14)
        at.tick("t")
        assert len(told(at)) == 2
        assert at.lake.etag(keys.coverage("t", "2026-10")) == before


def test_an_older_tick_does_not_overwrite_a_newer_one(at: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds another's object in place of the one that it saw reads the rows again."""
    between, reads = at.ledger.between, list[int]()

    def slow(*where: Any) -> Any:
        rows = between(*where)
        reads.append(len(rows))
        if len(reads) == 1:
            at.lake.write(keys.coverage("t", "2026-11"), "by another")
        return rows

    monkeypatch.setattr(at.ledger, "between", slow)
    proof.enter(at, "t", ["calls"], at.rows("t"))
    assert reads == [1, 1]
    assert told(at)[0]["state"] == "open"


def test_a_month_that_cannot_be_written_holds_back_no_other(vendor: Telnyx, clock: Clock) -> None:
    """Its rows stay due, and the next tick writes it; what planning finds to be gone is news as well."""
    clock.now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    with world(TEXT.format(vendor, '"-40d"'), clock) as at:
        replace, october = at.lake.replace, keys.coverage("t", "2026-10")

        def fenced(key: str, *args: Any, **how: Any) -> None:
            if key == october:
                raise Fenced(key)
            replace(key, *args, **how)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(at.lake, "replace", fenced)
            at.tick("t")
        assert [one["state"] for one in told(at, "2026-09")] == ["unreachable"] * 8
        assert not at.objects(october)
        late = [row for row in at.rows("t") if row.news]
        assert {(row.state, row.window.month, row.due_at) for row in late} == {(Work.UNREACHABLE, "2026-10", EPOCH)}
        at.tick("t")
        assert len(told(at, "2026-10")) == 31
        assert not [row for row in at.rows("t") if row.news]


def test_what_ends_without_a_copy_is_told_too(vendor: Telnyx, clock: Clock) -> None:
    """Lost, after weeks of a refused key; with its reason."""
    with world(TEXT.format(vendor, '"-1d"'), clock) as at:
        vendor.faults.add("unauthorized", times=9999)
        at.tick("t")
        clock.turn(days=40)
        at.tick("t")
        at.tick("t")
        row = at.row("t", DAY)
        assert (row.state, row.news, row.due_at, row.opened) == (Work.LOST, False, None, None)
        lost = told(at)[0]
        assert (lost["state"], lost["reason"]) == ("lost", "the vendor can no longer give it")
        assert clock() - timedelta(days=40) == datetime(2026, 11, 20, 12, tzinfo=UTC)
