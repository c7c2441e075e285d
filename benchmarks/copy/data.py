"""The reports that are copied: one day of Telnyx-shaped calls in any size, kept with the truth about them.

The rows are the simulator's own (local/calls.py), up to a block of 50 MB; a larger file repeats the block with other
identities in every row, so that memory stays bounded and no identity comes twice.
"""

import csv
import hashlib
import io
import json
import subprocess
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import accumulate, count
from pathlib import Path

from benchmarks.copy.sizes import BAD, DAY, name, parse
from local.calls import Call, Calls
from local.vendors.telnyx_file import COLUMNS

HEADINGS = tuple(
    heading for heading in COLUMNS
    if heading not in ("Billing group Id", "Terminating country")
    and not heading.endswith(("state", "LATA"))
)  # fmt: skip
BLOCK = 150_000  # rows: 50 MB
MARK = "\0"  # stands where a block's number goes: four hex digits of each identity
SPOILT = {"Call duration": "a while", "Cost": "n/a", "Answer Timestamp": "yesterday"}
EVERY, RAGGED = 1000, 10_000  # so many rows have one bad value, one field too few


@dataclass(frozen=True)
class Truth:
    """What there is to find in a file."""

    rows: int
    duration_s: int
    billed_s: int
    cost: Decimal
    bytes: int
    sha256: str  # of the text
    bad: int = 0
    ragged: int = 0


@dataclass(frozen=True)
class Block:
    """Rows as text with marks, and the running sums over them."""

    rows: list[bytes]
    ends: list[int]
    sums: list[tuple[int, int, Decimal]]


def make(folder: Path, size: str, form: str, say: Callable[[str], None]) -> Truth:
    """The file of that size and form, made unless it is there; the truth about it."""
    folder.mkdir(parents=True, exist_ok=True)
    path, told = folder / name(size, form), folder / f"{name(size, 'bad' if form == BAD else 'plain')}.json"
    if not path.exists() or not told.exists():
        say(f"making {path.name}")
        _made(folder, size, form, path, told)
    known = json.loads(told.read_text("utf-8"))
    return Truth(**{**known, "cost": Decimal(known["cost"])})


def _made(folder: Path, size: str, form: str, path: Path, told: Path) -> None:
    plain = folder / name(size, "plain")
    if form != "plain":
        truth = make(folder, size, "plain", lambda _: None)
    making = path.with_suffix(".making")
    if form == "gzip":
        with plain.open("rb") as text, making.open("wb") as out:
            subprocess.run(["gzip", "-6", "-n", "-c"], stdin=text, stdout=out, check=True)  # noqa: S607 - any gzip
    else:
        truth = spoil(plain, making, truth) if form == BAD else write(making, parse(size))
        told.write_text(json.dumps(asdict(truth), default=str), encoding="utf-8")
    making.rename(path)


def write(path: Path, size: int) -> Truth:
    """A file just short of so many bytes."""
    head = _line(HEADINGS)
    block = _block(min(BLOCK, size // 300 + 20))
    whole, left = b"".join(block.rows).split(MARK.encode()), size - len(head)
    rows, sums, digest = 0, (0, 0, Decimal("0E-8")), hashlib.sha256(head)
    with path.open("wb") as out:
        out.write(head)
        for number in count():
            taken = bisect_right(block.ends, left)
            if not taken:
                break
            pieces = whole if taken == len(block.rows) else b"".join(block.rows[:taken]).split(MARK.encode())
            text = f"{number:04x}".encode().join(pieces)
            out.write(text)
            digest.update(text)
            rows, left, more = rows + taken, left - len(text), block.sums[taken - 1]
            sums = (sums[0] + more[0], sums[1] + more[1], sums[2] + more[2])
    return Truth(rows, *sums, path.stat().st_size, digest.hexdigest())


def _block(rows: int) -> Block:
    calls = Calls(5, "bench", rows + rows // 5 + 5).day(DAY)[:rows]
    lines = [_line(_cells(call)) for call in calls]
    ends = accumulate(len(line) + 3 * line.count(MARK.encode()) for line in lines)
    talk, billed = accumulate(call.duration_s for call in calls), accumulate(call.billed_s for call in calls)
    cost = accumulate(call.cost or Decimal("0E-8") for call in calls)
    return Block(lines, list(ends), list(zip(talk, billed, cost, strict=True)))


def _cells(call: Call) -> Iterator[str]:
    for heading in HEADINGS:
        value = COLUMNS[heading](call)
        if isinstance(value, datetime):
            value = value.astimezone(UTC).isoformat(" ")[:19]
        text = "" if value is None else str(value)
        yield MARK + text[4:] if heading in ("Call UUID", "Unique CDR ID", "Sip call-id") else text


def _line(cells: Iterator[str] | tuple[str, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()


def spoil(plain: Path, path: Path, truth: Truth) -> Truth:
    """The same rows with a bad value in one of a thousand and a field too few in one of ten thousand."""
    lost, bad, ragged = [Decimal()] * 3, 0, 0
    size, digest = 0, hashlib.sha256()
    with plain.open("rb") as text, path.open("wb") as out:
        for number, line in enumerate(text):
            told = line
            if number and number % RAGGED == 0:
                told, ragged = _line(tuple(_row(line).values())[:-1]), ragged + 1
                _less(lost, _row(line), ("Call duration", "Billable time", "Cost"))
            elif number and number % EVERY == 0:
                heading = list(SPOILT)[bad % len(SPOILT)]
                _less(lost, _row(line), (heading,))
                told, bad = _line(tuple({**_row(line), heading: SPOILT[heading]}.values())), bad + 1
            out.write(told)
            digest.update(told)
            size += len(told)
    return Truth(
        truth.rows - ragged, truth.duration_s - int(lost[0]), truth.billed_s - int(lost[1]), truth.cost - lost[2],
        size, digest.hexdigest(), bad, ragged,
    )  # fmt: skip


def _row(line: bytes) -> dict[str, str]:
    return dict(zip(HEADINGS, next(csv.reader([line.decode()])), strict=True))


def _less(lost: list[Decimal], row: dict[str, str], headings: tuple[str, ...]) -> None:
    for place, heading in enumerate(("Call duration", "Billable time", "Cost")):
        if heading in headings:
            lost[place] += Decimal(row[heading] or 0)
