"""A vendor's file through the copier's reading: every line is accounted for, every value has a home, or a Problem."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache
from typing import Any, cast

import pyarrow.parquet as pq

from lambdas.core.errors import Problem
from lambdas.core.exports import Export
from lambdas.core.mapping import Columns, plain
from lambdas.core.progress import File, Progress, State, Totals
from lambdas.core.receipt import disagreements, receipt
from lambdas.core.rows import Row, Work
from lambdas.stream.report import Copy, Report
from lambdas.vendors import FACTS, VENDORS
from lambdas.web import Web
from local.memory.bucket import Bucket, lake
from tests.core.making import NOW, export, row

VENDOR = tuple(VENDORS)
WORDS = ("start time", "cdr id", "Start Timestamp(UTC)", "Date/Time Start (UTC)", "Unique CDR ID", "duration",
         "2026-11-19 10:00:00", "2026-11-19T10:00:00Z", "+12065550100", '"', '""', '"\n"', "\r\n", ",,", "\ufeff", ";",
         "total cost", "rate", "1e99", "1e9999999999999999999", "-0.1", "NaN", "callerid",
         "result", "completed", "call fail sip code")  # fmt: skip


class Handed:
    """The body of a download, in pieces of one length."""

    sized = True

    def __init__(self, data: bytes, size: int) -> None:
        self.expected, self._data, self._size = len(data), data, size

    def __iter__(self) -> Iterator[bytes]:
        return (self._data[at : at + self._size] for at in range(0, len(self._data), self._size))


class Downloads:
    """Stands for the HTTP room."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size = data, size

    @contextmanager
    def download(self, *_: Any, **__: Any) -> Iterator[Handed]:
        yield Handed(self._data, self._size)


@cache
def _asked(vendor: str, numbers: str) -> tuple[Export, Row]:
    made = replace(export(vendor=f'"{vendor}"', numbers=f'"{numbers}"'), raw=True)
    return made, row(Work.COPYING, tag="cdr1.x", report_id="7", attempt=1, run=1, asked_at=NOW)


def run(data: bytes) -> None:
    """Two bytes choose the vendor, what becomes of numbers, and the length of the pieces; then the file."""
    if len(data) < 2:
        return
    vendor, masked, size = VENDOR[data[0] % len(VENDOR)], data[0] >= 0xC0, 1 + data[1] % 97
    one = read(vendor, data[2:], len(data), masked=masked)
    other = read(vendor, data[2:], size, masked=masked)
    assert one.told == other.told, "other pieces, another table"
    if one.copy is None:
        return
    tally = one.copy.tally
    told = receipt(row(Work.COPYING), _asked(vendor, "keep")[0], tally, Totals(), NOW, narrowed=())
    json.dumps(told, default=str)
    disagreements(tally, Totals(rows=1))
    if not one.copy.problem and data[2:].isascii() and b'"' not in data and b"\r" not in data:
        _accounted(one, data[2:])
        if not (masked or tally.repeated or tally.headers or tally.rejected):
            _homed(one, data[2:].decode(), VENDORS[vendor].columns)


class Read:
    """What became of a file: a copy and its rows, or a Problem."""

    def __init__(self, copy: Copy | None, rows: list[dict[str, Any]], problem: Problem | None = None) -> None:
        self.copy, self.rows = copy, rows
        kept = vars(copy.tally) if copy else {}
        why = problem or (copy.problem if copy else None)
        self.told = (repr(rows), repr(kept), repr(copy.apart) if copy else "", type(why), why.what if why else "")


def read(vendor: str, data: bytes, size: int, *, masked: bool = False) -> Read:
    """Copy it, in pieces of a length, and read back what was written."""
    made, leased = _asked(vendor, "mask" if masked else "keep")
    bucket = Bucket()
    web = cast(Web, Downloads(data, size))
    report = Report(leased, made, FACTS[vendor], VENDORS[vendor].columns, lake(bucket), web)
    try:
        with ExitStack() as stack:
            copy = report.copy(Progress(State.READY, (File("https://portal.telnyx.com/x"),)), stack)
            if copy.problem:
                assert len(copy.problem.what) < 500
                return Read(copy, [])
            copy.calls.finish()
    except Problem as problem:
        return Read(None, [], problem)
    (body,) = (one.body for one in bucket.objects.values())
    return Read(copy, pq.read_table(io.BytesIO(body)).to_pylist())


def _accounted(one: Read, data: bytes) -> None:
    assert one.copy is not None
    tally = one.copy.tally
    lines = [line for line in data.decode().split("\n")[1:] if line]
    counted = tally.rows + tally.rejected + tally.repeated + tally.headers
    assert counted == len(lines), f"{len(lines)} lines, {counted} are accounted for"
    assert tally.rows == len(one.rows)


def _homed(one: Read, text: str, columns: Columns) -> None:
    """Where a row has as many fields as there are headings, every field that is not empty is in some column."""
    head, *lines = [next(csv.reader([line]), []) for line in text.split("\n") if line] or [[]]
    headings = [heading.strip() for heading in head]
    if len(set(headings)) < len(headings):
        return
    homes = _homes(columns)
    for line, got in zip(lines, one.rows, strict=True):
        extra: Mapping[str, str] = dict(got["extra"] or ())
        for heading, value in zip(headings, line, strict=True):
            if value and heading in extra:
                assert extra[heading] == value, f"{heading}: {value!r} became {extra[heading]!r}"
            elif value:
                there = [name for name in homes.get(plain(heading), ()) if got[name] is not None]
                assert there, f"{heading}: {value!r} is nowhere"


def _homes(columns: Columns) -> dict[str, list[str]]:
    """The columns that a heading may fill."""
    found: dict[str, list[str]] = {}
    parties = {"from_raw": columns.caller.headings, "to_raw": columns.callee.headings}
    for name, headings in (*((name, one.headings) for name, one in columns.fields.items()), *parties.items()):
        for heading in headings:
            found.setdefault(heading, []).append(name)
    if columns.cause_code:
        found[columns.cause_code] = ["q850_cause", "sip_code"]
    if columns.zoned:
        found.setdefault(columns.zoned[-1], []).append("started_at")
    return found
