"""A saved CSV's rows sorted into windows, each as it came, by the time at which its call began."""

import csv
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cli.handing import Disk
from cli.wrong import Wrong
from lambdas.core.errors import Problem
from lambdas.core.facts import Facts
from lambdas.core.mapping import TIME, Columns, plain
from lambdas.core.windows import Window
from lambdas.stream.content import Content
from lambdas.stream.identity import Identity
from lambdas.stream.privacy import KEEP, Privacy
from lambdas.stream.rows import LARGE
from lambdas.stream.table import Typer

MANY, HEAVY = 8_192, 4 << 20  # rows that are sorted at a time, and about the most characters of them
MICRO = 10**6
Record = tuple[str, list[str]]  # a row as it came, and its fields


@dataclass
class Counts:
    """What became of the rows of all files."""

    rows: int = 0
    windows: Counter[Window] = field(default_factory=Counter)  # by the window in which a call began
    edges: Counter[Window] = field(default_factory=Counter)  # of a neighbour, that may be in a window's report as well
    outside: int = 0  # before or after what the files are complete for, or where there is no window
    unplaced: int = 0  # without a start that can be read
    headers: int = 0


class Sorter:
    """Writes the rows of each window that is `filled` to a file of its own; `windows` are all that the files cover.

    A vendor that selects by a call's start has it in the window in which it begins. Of another one nobody knows by
    which time it selects, so a neighbour's report, which is copied already, may lack a call that reaches into the
    window: such a row is given to it as well, marked as on its boundary, and `calls` counts it once by its identity.
    """

    def __init__(
        self, facts: Facts, columns: Columns, windows: Sequence[Window], filled: set[Window], folder: Path
    ) -> None:  # fmt: skip
        self._facts, self._columns, self._folder = facts, columns, folder
        self._windows, self._filled = sorted(windows), filled
        self._edges = [(_micro(one.start), _micro(one.end)) for one in self._windows]
        self._starts = [start for start, _ in self._edges]
        self._wide = facts.selects_by != "start"
        self._spans = [(*span, one) for span, one in zip(self._edges, self._windows, strict=True) if one in filled]
        self.files: dict[Window, list[Path]] = {one: [] for one in filled}
        self.counts = Counts()
        self.digests = list[str]()

    def file(self, path: Path, tell: Callable[[str], None]) -> None:
        """Sort one file. Raises Wrong for what is no whole CSV of calls."""
        try:
            with (
                Disk().download("", str(path)) as body,
                Content(iter(body), None, sized=True, block=HEAVY) as text,
            ):
                self._rows(path, _records(text), tell)
                text.drain()
                _whole(path, text)
                self.digests.append(text.arrived.hexdigest())
        except Problem as problem:
            raise Wrong(f"{path}: {problem.what}") from None
        except csv.Error as error:
            raise Wrong(f"{path}: no CSV that can be read: {error}") from None
        except OSError as error:
            raise Wrong(f"{path}: {error.strerror}") from None

    def _rows(self, path: Path, records: Iterator[Record], tell: Callable[[str], None]) -> None:
        header, named = next(records, ("", []))
        headings = [one.strip() for one in named]
        timer = Times(self._facts, self._columns, self._windows[0], headings)
        if not timer.whole:
            raise Wrong(f"{path}: no column says when a call began: no CDRs of {self._facts.name}?")
        number = len(self.digests)
        for window in self._filled:  # also one without calls is an answer, once
            if not self.files[window]:
                self._write(window, number, header, [])
        for some in _batches(records):
            rows = [one for one in some if not _is(headings, one[1])]
            self.counts.headers += len(some) - len(rows)
            self._sort(number, header, rows, timer)
            tell(f"{self.counts.rows:,} rows")

    def _sort(self, number: int, header: str, rows: list[Record], timer: "Times") -> None:
        found: dict[Window, list[str]] = {}
        for (text, _), start, late in zip(rows, *timer.of([fields for _, fields in rows]), strict=True):
            for window in self._place(start, late):
                found.setdefault(window, []).append(text)
        self.counts.rows += len(rows)
        for window, texts in found.items():
            self._write(window, number, header, texts)

    def _place(self, start: int | None, late: int | None) -> list[Window]:
        """The windows that get a row, of those that are filled."""
        if start is None or late is None:  # with the first window, whatever becomes of that: so it counts once
            self.counts.unplaced += 1
            return [one for one in self._windows[:1] if one in self._filled]
        at = bisect_right(self._starts, start) - 1
        home = self._windows[at] if at >= 0 and start < self._edges[at][1] else None
        if home is None:
            self.counts.outside += 1
        else:
            self.counts.windows[home] += 1
            if home in self._filled:
                return [home]
        reached = [one for first, end, one in self._spans if start < first <= late] if self._wide else []
        self.counts.edges.update(reached)
        return reached

    def _write(self, window: Window, number: int, header: str, texts: list[str]) -> None:
        path = self._folder / f"{number}.{window.name}.csv"
        with path.open("ab") as file:
            if path not in self.files[window]:
                self.files[window].append(path)
                file.write(_ended(header).encode())
            file.write("".join(map(_ended, texts)).encode())


class Times:
    """When the calls of rows began, and until when they may have been recorded, as the copier reads it."""

    def __init__(self, facts: Facts, columns: Columns, window: Window, headings: list[str]) -> None:
        wanted = {one for field_ in columns.fields.values() if field_.kind == TIME for one in field_.headings}
        self._at = [at for at, one in enumerate(headings) if plain(one) in wanted | set(columns.zoned)]
        self._named = [f"{headings[at]}" for at in self._at]
        self._named = [one if one not in self._named[:at] else f"{one} ({at})" for at, one in enumerate(self._named)]
        self._lag = int(facts.record_lag.total_seconds() * MICRO)
        self.whole = any(plain(one) in columns.fields["started_at"].headings for one in headings)
        self._typer = Typer(columns, facts, window, self._named, None, Identity(), Privacy(KEEP, None, columns))

    def of(self, rows: list[list[str]]) -> tuple[list[int | None], list[int | None]]:
        """Microseconds of each row; None where it does not say."""
        texts = ([row[at] or None if at < len(row) else None for row in rows] for at in self._at)
        columns = [pa.array(one, pa.string()) for one in texts]
        start, *others = self._typer.times(pa.RecordBatch.from_arrays(columns, names=self._named))
        last = pc.coalesce(*reversed(others), start)
        late = pc.add(last.cast(pa.int64()), self._lag)
        return start.cast(pa.int64()).to_pylist(), late.to_pylist()


def _is(headings: list[str], fields: list[str]) -> bool:
    """Whether a row is the header line once more."""
    return fields[0].strip() == headings[0] and [one.strip() for one in fields] == headings


def _records(text: Content) -> Iterator[Record]:
    """Each row as it came, with its fields; an empty line is none."""
    csv.field_size_limit(LARGE)
    taken = list[str]()

    def tapped() -> Iterator[str]:
        for line in _lines(text):
            taken.append(line)
            yield line

    for fields in csv.reader(tapped()):
        if fields:
            yield "".join(taken), fields
        taken.clear()


def _lines(text: Content) -> Iterator[str]:
    held = b""
    while block := text.read():
        whole, end, held = (held + block).rpartition(b"\n")
        yield from (f"{line}\n" for line in (whole + end).decode().split("\n")[:-1])
    if held:
        yield held.decode()


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    some, size = list[Record](), 0
    for one in records:
        some.append(one)
        size += len(one[0])
        if len(some) >= MANY or size >= HEAVY:
            yield some
            some, size = [], 0
    if some:
        yield some


def _whole(path: Path, text: Content) -> None:
    """Whether a file may have been cut when it was saved. Raises Wrong."""
    if not text.ended:
        raise Wrong(f"{path}: the last line has no end: is the file cut? If it is whole, end it with a line break")
    if text.quoting:
        raise Wrong(f"{path}: a quote is left open: is the file cut?")


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n"


def _micro(when: datetime) -> int:
    return round(when.timestamp() * MICRO)
