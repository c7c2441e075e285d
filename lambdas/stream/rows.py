"""A vendor's CSV in blocks of texts; a row with too many or too few fields is handed over, never dropped."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from lambdas.core.errors import Disagrees, TooLarge
from lambdas.stream.content import Content
from lambdas.stream.gate import Gate

KEPT = 4 << 20  # characters of rejected rows that are kept apart
REJECTED = 40_000  # such rows: a thousandth of the most that a report may have, so it is quarantined whatever follows
WIDEST = 500  # columns
LONGEST = 200  # characters of a heading, which stands in each row's `extra`
MANY, ROOM = 32_768, 16 << 20  # rows that are typed at a time; bytes that they may take beside their own texts
CELL = 64  # of these, bytes of a field
MARKS = " \t\r\ufeff"  # what may stand before the first heading of a file put together
LARGE = 16 << 20  # bytes of the longest row, and of a block where there is one so long


class Long(Exception):
    """A row is longer than a block: it takes larger ones."""


class Rows:
    """The rows of one file; `rejects` are those that do not parse, as they came, empty fields are null."""

    def __init__(self, content: Content) -> None:
        self._content = content
        head = content.peek()
        if content.form == "page":
            raise Disagrees("the file is a page of HTML or XML, not a CSV")
        if b"\n" not in head and len(head) >= content.block:
            raise Disagrees("the first line has no end")
        self._named = _fields(head)
        self.headings = _apart(self._named)
        self._bare = b"\n" not in head  # headings alone, without even the end of their line
        self.rejects: list[str] = []
        self._kept, self._passed, self._gate = 0, 0, Gate(content)
        self.rejected = self.headers = 0  # rows that do not parse; header lines met again
        self.swallowed = 0  # line ends within rows that do not parse: each may be the end of a row

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Blocks of texts. Raises Disagrees for what is no CSV, Long."""
        if not self.headings or self._bare:
            self._nothing()
            return
        # The engine reads 32 blocks ahead, and cannot be told to read fewer (arrow/cpp/src/arrow/csv/reader.cc).
        self._content.gate = self._gate
        try:
            yield from self._blocks()
        except pa.ArrowInvalid as error:
            if self._enough:
                raise Disagrees(f"over {REJECTED} rows or {KEPT} characters do not parse") from None
            if "straddl" in str(error):
                raise self._long() from None
            raise Disagrees(f"not a CSV that can be read: {str(error).split(chr(10))[0].split(':')[0][:80]}") from None

    def _blocks(self) -> Iterator[pa.RecordBatch]:
        """Of few rows each, however short they are: a row of one letter becomes one of all our columns."""
        few = max(1, min(MANY, ROOM // sum(CELL + len(one) for one in self.headings)))
        self._gate.wait()
        for block in self._reader():
            self._gate.back()
            rows = self._less(block)
            yield from (rows.slice(at, few) for at in range(0, rows.num_rows, few))
            self._gate.wait()
        if self._gate.problem:
            raise self._gate.problem

    def _reader(self) -> Any:
        names = self.headings
        return pcsv.open_csv(
            pa.PythonFile(self._gate, mode="r"),
            read_options=pcsv.ReadOptions(
                block_size=self._content.block, column_names=names, skip_rows=1, use_threads=False
            ),
            parse_options=pcsv.ParseOptions(newlines_in_values=True, invalid_row_handler=self._reject),
            convert_options=pcsv.ConvertOptions(
                check_utf8=False,  # lambdas/stream/letters.py saw to it
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],  # and nothing else: `NA` is a text
                strings_can_be_null=True,
            ),
        )

    def _less(self, block: pa.RecordBatch) -> pa.RecordBatch:
        """Without header lines in between: files that somebody put together have some."""
        first = pc.utf8_trim(block.column(0), MARKS)
        same = pc.equal(first, self._named[0])
        if not pc.any(same).as_py():
            return block
        for at, heading in enumerate(self._named[1:], 1):
            own = pc.equal(pc.utf8_trim_whitespace(block.column(at)), heading)
            same = pc.and_(same, pc.fill_null(own, False) if heading else pc.is_null(block.column(at)))
        self.headers += pc.sum(same).as_py() or 0
        return block.filter(pc.invert(pc.fill_null(same, False)))

    def _nothing(self) -> None:
        """Only a file without rows may have no headings."""
        while not self._bare and (text := self._content.read()):
            if text.strip():
                raise Disagrees("the first line is blank, where the headings should be")

    def _long(self) -> Exception:
        if self._content.block < LARGE:
            return Long()
        return TooLarge(f"too-large: a row has over {LARGE} bytes")

    def _reject(self, row: Any) -> str:
        self.rejected += 1
        self.swallowed += row.text.count("\n")
        self._passed += len(row.text)
        if self._passed >= self._content.block:  # a block of nothing else comes back without rows, and so not at all
            self._passed = 0
            self._gate.free()
        self._kept += len(row.text)
        if self._kept < KEPT:
            self.rejects.append(row.text)
        return "error" if self._enough else "skip"

    @property
    def _enough(self) -> bool:
        return self.rejected > REJECTED or self._kept >= KEPT


def _fields(head: bytes) -> list[str]:
    """The first line's fields."""
    text = head.split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    try:
        headings = next(csv.reader(io.StringIO(text), strict=True), [])
    except csv.Error:
        raise Disagrees("the first line is not one of a CSV") from None
    if len(headings) > WIDEST:
        raise TooLarge(f"too-large: {len(headings)} columns, where {WIDEST} are expected at most")
    if (long := max(map(len, headings), default=0)) > LONGEST:
        raise TooLarge(f"too-large: a heading of {long} characters, where {LONGEST} are expected at most")
    return [heading.strip() for heading in headings]


def _apart(named: list[str]) -> list[str]:
    """A heading met again gets an ordinal that no other has, so that no value is lost."""
    found: list[str] = []
    for name in named:
        others, ordinal, own = {*named, *found}, 2, name
        while own in found or (own != name and own in others):
            own, ordinal = f"{name} ({ordinal})", ordinal + 1
        found.append(own)
    return found
