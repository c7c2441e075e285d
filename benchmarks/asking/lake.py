"""A lake of an account's days, once for each length of window: the simulator's calls through the real copier.

The calls are the generator's (local/calls.py) as Telnyx-shaped CSV; each window's file goes through the copier's
handler, so that Parquet, raw files, receipts and the proof of coverage are what a deployment would have.
"""

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from lambdas import copier
from lambdas.core import entries, keys
from lambdas.core.exports import Export, Exports, parse
from lambdas.core.progress import File, Progress, State
from lambdas.core.rows import Row, Work
from lambdas.core.windows import Window, tile
from lambdas.rooms import Rooms
from lambdas.settings import Settings
from lambdas.vendors import FACTS, VENDORS, Vendor
from lambdas.web import Body, Web
from local.calls import Call, Calls
from local.memory.bucket import Bucket, lake
from local.memory.ledger import Memory
from local.vendors import telnyx_file

EXPORT, SOURCE = "bench", "calls"
FIRST = date(2025, 10, 6)  # a Monday
CHUNK = 1 << 20
EXPORTS = f"""
[[export]]
name = "{EXPORT}"
vendor = "telnyx"
start = 2025-01-01
currency = "USD"
options = {{ source = ["{SOURCE}"] }}
"""


def exports() -> Exports:
    """The one export."""
    return parse(EXPORTS, "dev", FACTS)


class Given:
    """A file as a download would hand it out."""

    sized = True

    def __init__(self, content: bytes) -> None:
        self._content, self.expected, self.received = content, len(content), 0

    def __iter__(self) -> Iterator[bytes]:
        for place in range(0, len(self._content), CHUNK):
            chunk = self._content[place : place + CHUNK]
            self.received += len(chunk)
            yield chunk


class Desk(Rooms, Web):
    """The outside of a copier: the report on the desk, the lake and the ledger in memory."""

    def __init__(self) -> None:
        Rooms.__init__(self, Settings({"CDR_STACK": "0a1b2c3d", "CDR_BUCKET": "lake"}))
        self.bucket, self.memory, self.report = Bucket(), Memory(), b""
        self.__dict__ |= {"ledger": self.memory, "lake": lake(self.bucket), "exports": exports(), "web": self}

    @cached_property
    def facts(self) -> Any:
        """Of the vendor that the desk stands for."""
        return VENDORS["telnyx"].facts

    @cached_property
    def columns(self) -> Any:
        """The same."""
        return VENDORS["telnyx"].columns

    def now(self) -> datetime:
        """Weeks after the calls."""
        return datetime(FIRST.year, FIRST.month, FIRST.day, 3, tzinfo=UTC) + timedelta(days=20)

    def vendor(self, export: Export) -> Vendor | None:  # noqa: ARG002 - the rooms' own signature
        """Without an account."""
        return cast(Vendor, self)

    def look(self, _report_id: str) -> Progress:
        """It is always ready."""
        return Progress(State.READY, (File("https://on.the.desk/"),))

    @contextmanager
    def download(self, *_how: Any, **_bounds: Any) -> Iterator[Body]:
        """The report."""
        yield cast(Body, Given(self.report))

    def copy(self, window: Window, report: bytes) -> Row:
        """A window's report through the copier's handler."""
        self.report = report
        row = replace(
            Row(EXPORT, window), state=Work.ASKED, report_id="1", asked_at=self.now() - timedelta(minutes=5),
            due_at=self.now(), tag="cdr-0a1b2c3d-1", run=1, fingerprint="0" * 8, fields={"source": SOURCE},
        )  # fmt: skip
        self.memory.fill([row])
        told = {
            "export": EXPORT, "start": window.start.isoformat(), "seconds": window.seconds, "source": SOURCE,
            "revision": 0, "attempt": row.attempt, "run": 1, "steps": 1,
        }  # fmt: skip
        with contextlib.redirect_stdout(io.StringIO()):  # the log is nobody's
            state = copier.copy(told, self)["state"]
        done = self.memory.get(EXPORT, window)
        if state != "done" or done is None:
            raise ValueError(f"{window.name} was not published: {state}")
        return done


@dataclass(frozen=True)
class Day:
    """One day of an account in every layout, and where it goes: made in a process of its own."""

    folder: Path
    date: date
    calls: int
    layouts: tuple[int, ...]

    def make(self) -> tuple[dict[int, list[Row]], int, int]:
        """Writes the objects; the windows' rows by layout, the calls, and the bytes of the CSV in plain."""
        os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "cdr-exporter")
        os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "benchmark")
        calls = Calls(5, EXPORT, self.calls).day(self.date)
        head, *told = _lines(calls)
        rows = {seconds: self._layout(seconds, calls, head, told) for seconds in self.layouts}
        return rows, len(calls), len(head) + sum(map(len, told))

    def _layout(self, seconds: int, calls: list[Call], head: bytes, told: list[bytes]) -> list[Row]:
        start = datetime(self.date.year, self.date.month, self.date.day, tzinfo=UTC)
        parts: dict[int, list[bytes]] = {}
        for call, line in zip(calls, told, strict=True):
            parts.setdefault(int((call.started_at - start).total_seconds()) // seconds, []).append(line)
        desk, done = Desk(), []
        for number, window in enumerate(tile(start, start + timedelta(days=1), seconds, SOURCE)):
            done.append(desk.copy(window, head + b"".join(parts.get(number, []))))
        for key, thing in desk.bucket.objects.items():
            put(self.folder / str(seconds), key, thing.body)
        return done


def _lines(calls: list[Call]) -> list[bytes]:
    with tempfile.TemporaryDirectory(prefix="cdr-asking-") as folder:
        return telnyx_file.write(Path(folder) / "report.csv", calls).file.read_bytes().splitlines(keepends=True)


def put(folder: Path, key: str, body: bytes) -> None:
    """An object as a file."""
    path = folder / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def prove(folder: Path, rows: list[Row]) -> None:
    """The proof of coverage of a layout, as the tick writes it."""
    months = {row.window.month for row in rows}
    for month in months:
        alike = [row for row in rows if row.window.month == month]
        put(folder, keys.coverage(EXPORT, month), entries.document(alike))


def size(folder: Path, prefix: str) -> tuple[int, int]:
    """Files and bytes below a prefix of the lake."""
    sizes = [path.stat().st_size for path in (folder / prefix).rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)
