"""The proof in the lake: a flat line of JSON for each window, the same bytes each time, and nothing secret in it."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from lambdas.core.entries import document, entry
from lambdas.core.proofs import WINDOWS
from lambdas.core.rows import Published, Work
from tests.core.making import NOW, row, window

TOTALS = {"rows": "7", "duration_s": "61", "cost": "0.10000001", "vendor_rows": "7"}
ASKED = {"filters": [{"cli": "+12065550100"}]}
COPY = Published(
    2, "abc", "calls/k", "e", "receipts/k", ("raw/k",), 7, NOW, TOTALS, ("connections", "filters"), ASKED, "v1"
)
DONE = row(Work.DONE, due_at=None, published=COPY, revision=2, fingerprint="aa", token="secret-token", fields=ASKED)


def test_a_copied_window_tells_its_figures_digest_and_keys() -> None:
    """Times as Hive writes them, money as text."""
    told = entry(DONE)
    assert {name: value for name, value in told.items() if value is not None} == {
        "source": "calls",
        "window_start": "2026-11-19 00:00:00.000",
        "window_end": "2026-11-20 00:00:00.000",
        "seconds": 86400,
        "dt": "2026-11-19",
        "state": "final",
        "work": "done",
        "revision": 2,
        "attempt": 1,
        "published_revision": 2,
        "published_at": "2026-11-20 12:00:00.000",
        "rows": 7,
        "duration_s": 61,
        "cost": "0.10000001",
        "vendor_rows": 7,
        "complete_for": "this filter: connections, filters",
        "narrowed": "connections,filters",
        "fingerprint": "aa",
        "sha256": "abc",
        "calls_key": "calls/k",
        "receipt_key": "receipts/k",
    }


@pytest.mark.parametrize("work", Work)
def test_every_line_has_every_field_and_no_other(work: Work) -> None:
    """The table's columns are made from them; each value is a text, a whole number or nothing."""
    for made in (row(work, opened=NOW, reason="why"), row(work, published=COPY, stale_since=NOW)):
        told = entry(made)
        assert list(told) == [column.name for column in WINDOWS]
        assert all(value is None or type(value) in (str, int) for value in told.values())


def test_what_is_not_copied_tells_why_and_since_when() -> None:
    """And no figures."""
    told = entry(row(Work.STUCK, reason="the report failed", opened=NOW))
    assert (told["state"], told["reason"], told["waiting_since"]) == (
        "stuck",
        "the report failed",
        "2026-11-20 12:00:00.000",
    )
    assert told["rows"] is None
    assert told["complete_for"] is None


def test_no_number_and_no_token_gets_there() -> None:
    """Filters may hold phone numbers; a token wakes an execution."""
    text = json.dumps(entry(DONE))
    assert "1206" not in text
    assert "token" not in text


def test_the_document_is_the_same_for_the_same_rows() -> None:
    """In the order of source and time, whenever it is written."""
    later = replace(DONE, window=replace(window(), start=window().start + timedelta(days=1)))
    other = replace(DONE, window=window(source="call-control"))
    written = document([later, DONE, other])
    assert written == document(iter([other, DONE, later]))
    lines = [json.loads(line) for line in gzip.decompress(written).decode().splitlines()]
    assert [(one["source"], one["dt"]) for one in lines] == [
        ("call-control", "2026-11-19"), ("calls", "2026-11-19"), ("calls", "2026-11-20"),
    ]  # fmt: skip
    assert gzip.decompress(document([])) == b""
