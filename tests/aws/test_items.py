"""Rows and heads come back from the ledger as they went there, every field of them."""

from dataclasses import fields, replace
from datetime import UTC, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.aws import items
from lambdas.core.rows import Head, Published, Row, Span, Work
from lambdas.core.windows import DAY
from tests.core.making import NOW, always, row, window

PUBLISHED = Published(
    3, "digest", "calls/k", '"etag"', "receipts/k", ("raw/a", "raw/b"), 7, NOW, {"cost": "1.50000000"},
    ("connections",), {"filters": [{"cli": "+1206"}]}, "v2",
)  # fmt: skip
FULL = Row(
    "main", window(source="call-control", seconds=3600, hour=5), Work.COPYING, version=9, revision=1, attempt=2, run=3,
    due_at=NOW, fingerprint="0a1b2c3d", tag="cdr1.x", asked_at=NOW, report_id="38647", give_up_at=NOW + DAY, looks=4,
    fields={"call_types": [1, 2], "filters": [{"cli": "+1206", "deep": {"a": None}}], "flag": True, "cost": 0.015},
    searched=1, page=2, crashes=1, failures=3, declined=1, leftover="38646",
    reason="why", stale_since=NOW - DAY, aged=1, published=PUBLISHED, heard_at=NOW, looked_at=NOW,
    token="token", wakes=2, heeded=1, opened=NOW, news=True, later=NOW + DAY, steps=9, anew=True,
    said=({"at": "2026-11-20T12:00:00+00:00", "by": "arn", "did": "retry", "why": "it is mended"},),
    spares=({"tag": "cdr1.y", "fields": {"a": [1]}, "asked_at": "2026-11-20T12:00:00+00:00"},),
)  # fmt: skip
HEAD = Head(
    "main", born=NOW, ticked=NOW, spans={"calls": Span(NOW - DAY, NOW, 3600), "call-control": Span(NOW, NOW, 86_400)},
    lease_until=NOW, lease="mine", rung="theirs", blocked="why", keyed=True, refused=True, next_try=NOW,
    slow_until=NOW, took=(61, 75), flying=2, waiting=3,
)  # fmt: skip
SIMPLE = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=9)
DECIMALS = st.decimals(-1000, 1000, places=4, allow_nan=False).map(float)
REQUESTS = st.dictionaries(st.text("abc_", min_size=1), SIMPLE | DECIMALS | st.lists(SIMPLE, max_size=3), max_size=4)


def stored(one: Row | Head) -> dict[str, Any]:
    """The item as DynamoDB gives it back."""
    sk = one.window.sk if isinstance(one, Row) else items.HEAD
    filled = {name: items.wire(value) for name, value in items.flat(one).items() if value is not None}
    return {**items.key(one.export, sk), **filled}


def test_every_field_of_a_row_comes_back() -> None:
    """None of them at its default here, so that a new field cannot be forgotten."""
    plain = Row("main", FULL.window)
    assert not [
        one.name
        for one in fields(Row)
        if one.name not in items.KEYS and getattr(FULL, one.name) == getattr(plain, one.name)
    ]
    assert items.row(stored(FULL)) == FULL


def test_every_field_of_a_head_comes_back() -> None:
    """Spans and times as well."""
    assert not [
        one.name
        for one in fields(Head)
        if one.name != "export" and getattr(HEAD, one.name) == getattr(Head("main"), one.name)
    ]
    assert items.head(stored(HEAD)) == HEAD


def test_an_empty_row_and_an_empty_head_come_back() -> None:
    """What is None is not stored."""
    assert items.row(stored(row(due_at=None))) == row(due_at=None)
    assert items.head(stored(Head("main"))) == Head("main")
    assert "due_at" not in stored(row(due_at=None))


@always
@given(REQUESTS)
def test_any_request_comes_back(request: dict[str, Any]) -> None:
    """Numbers with a fraction too, which DynamoDB has no floats for."""
    assert items.row(stored(row(fields=request))).fields == request


def test_a_time_of_another_zone_is_the_same_instant() -> None:
    """The index sorts by epoch seconds."""
    east = replace(FULL, due_at=NOW.astimezone(timezone(timedelta(hours=3))))
    assert stored(east)["due_at"] == {"N": str(int(NOW.timestamp()))}
    found = items.row(stored(east)).due_at
    assert found == NOW and found.tzinfo is UTC


def test_what_a_newer_version_wrote_is_passed_over() -> None:
    """After a roll-back the older code reads on."""
    assert items.row({**stored(FULL), "newer": {"S": "x"}}) == FULL
    assert items.head({**stored(HEAD), "newer": {"S": "x"}}) == HEAD
    item = stored(FULL)
    item["published"]["M"]["newer"] = {"S": "x"}
    assert items.row(item) == FULL
