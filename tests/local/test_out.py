"""What `--out` leaves, beyond what test_commands.py shows of a whole run."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from lambdas.core.exports import Exports
from lambdas.core.rows import Published, Row, Work
from lambdas.core.windows import Window
from local.demo import covered
from local.out import write
from local.stack import Stack
from local.watch import Outcome

WINDOW = Window(datetime(2026, 11, 18, tzinfo=UTC), 86400, "calls")


@dataclass
class Bucket:
    """A stack with these objects and an empty ledger."""

    held: dict[str, bytes] = field(default_factory=dict)

    def objects(self) -> Iterator[tuple[str, str]]:
        return ((key, "") for key in self.held)

    def read(self, key: str) -> bytes:
        return self.held[key]

    def items(self) -> list[dict[str, Any]]:
        return [{"export": {"S": "one"}, "version": {"N": "3"}, "rate": {"N": "0.5"}}]


COPY = Published(0, "d", "calls/k", "e", "receipts/k", ("raw/k",), 7, WINDOW.end, narrowed=("direction",))


def test_the_summary_says_what_each_day_is_complete_for(tmp_path: Path) -> None:
    """A filtered export is not taken for a full one; what is missing is called by its name."""
    rows = [
        Row("full", WINDOW, Work.DONE, published=replace(COPY, narrowed=())),
        Row("narrow", WINDOW, Work.DONE, published=COPY),
        Row("open", WINDOW, Work.STUCK),
    ]
    write(tmp_path, cast(Stack, Bucket()), iter(rows), [], {"full": ["calls"]})
    told = json.loads((tmp_path / "summary.json").read_text())
    assert {day["export"]: day["told"] for day in told["coverage"]} == {
        "full": "complete for all calls",
        "narrow": "complete for this filter: direction",
        "open": "stuck",
    }
    assert [one["narrowed"] for one in told["windows"]] == [[], ["direction"], None]
    assert [one["coverage"] for one in told["windows"]] == ["final", "final", "stuck"]
    assert [day["standing"] for day in told["coverage"]] == ["final", "final", ""]


def test_the_run_says_it_in_a_line_for_each_export(capsys: pytest.CaptureFixture[str]) -> None:
    """With the days that it is said of."""
    later = replace(WINDOW, start=WINDOW.end)
    rows = [Row("narrow", window, Work.DONE, published=COPY) for window in (WINDOW, later)]
    covered(Outcome([*rows, Row("open", WINDOW)]), Exports(()), Console(width=200))
    assert capsys.readouterr().out.splitlines() == [
        "coverage of narrow: complete for this filter: direction, final (2026-11-18 to 2026-11-19, 2 days)",
        "coverage of open: open (2026-11-18)",
    ]


def test_the_objects_of_an_earlier_run_do_not_stay(tmp_path: Path) -> None:
    """A folder that has a summary is one of ours."""
    write(tmp_path, cast(Stack, Bucket({"calls/old": b"old"})), [], [], {})
    write(tmp_path, cast(Stack, Bucket({"calls/new": b"new"})), [], [], {})
    assert [path.name for path in (tmp_path / "s3").rglob("*") if path.is_file()] == ["new"]


def test_a_folder_that_is_not_ours_loses_nothing(tmp_path: Path) -> None:
    """Even if it has an `s3` of its own."""
    (tmp_path / "s3").mkdir()
    (tmp_path / "s3" / "theirs").write_text("theirs")
    write(tmp_path, cast(Stack, Bucket({"calls/new": b"new"})), [], [], {})
    assert (tmp_path / "s3" / "theirs").exists()


def test_a_window_without_anything_published_is_told(tmp_path: Path) -> None:
    """With its state and reason, and nothing in place of figures; the facts of the run beside it."""
    rows = [Row("one", WINDOW, state=Work.LOST, reason="why")]
    write(tmp_path, cast(Stack, Bucket()), rows, [], {}, right=False)
    told = json.loads((tmp_path / "summary.json").read_text())
    (window,) = told["windows"]
    assert (window["state"], window["reason"], window["rows"], window["keys"]) == ("lost", "why", None, None)
    assert told["right"] is False


def test_the_ledger_is_written_as_it_is(tmp_path: Path) -> None:
    """A number that is whole stays one; another keeps its digits as text."""
    write(tmp_path, cast(Stack, Bucket()), [], [], {})
    assert json.loads((tmp_path / "ledger.jsonl").read_text()) == {"export": "one", "version": 3, "rate": "0.5"}
