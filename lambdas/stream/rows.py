"""A vendor's CSV in blocks of texts; a row with too many or too few fields is handed over, never dropped."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.csv as pcsv

from lambdas.core.errors import Disagrees
from lambdas.stream.content import LINE, Content

BLOCK = 1 << 20  # bytes
KEPT = 1000  # rejected rows that are kept apart
NO_CSV = {
    "zip": "the file is a ZIP archive, which is not yet read",
    "page": "the file is a page of HTML or XML, not a CSV",
}


class Rows:
    """The rows of one file; `rejects` are those that do not parse, as they came."""

    def __init__(self, content: Content) -> None:
        self._content = content
        head = content.peek()
        if content.form in NO_CSV:
            raise Disagrees(NO_CSV[content.form])
        if b"\n" not in head and len(head) >= LINE:
            raise Disagrees("the first line has no end")
        self.headings = _headings(head)
        self._bare = b"\n" not in head  # headings alone, without even the end of their line
        self.rejects: list[str] = []
        self.rejected = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Blocks of texts. Raises Disagrees for what is no CSV in UTF-8."""
        if not self.headings or self._bare:
            self._nothing()
            return
        try:
            yield from self._reader()
        except pa.ArrowInvalid as error:
            raise Disagrees(f"not a CSV that can be read: {str(error).split(chr(10))[0].split(':')[0][:80]}") from None

    def _reader(self) -> Any:
        names = self.headings
        return pcsv.open_csv(
            pa.PythonFile(self._content, mode="r"),
            read_options=pcsv.ReadOptions(block_size=BLOCK, column_names=names, skip_rows=1, use_threads=False),
            parse_options=pcsv.ParseOptions(newlines_in_values=True, invalid_row_handler=self._reject),
            convert_options=pcsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[], strings_can_be_null=False
            ),
        )

    def _nothing(self) -> None:
        """Only a file without rows may have no headings."""
        while not self._bare and (text := self._content.read(1 << 16)):
            if text.strip():
                raise Disagrees("the first line is blank, where the headings should be")

    def _reject(self, row: Any) -> str:
        self.rejected += 1
        if len(self.rejects) < KEPT:  # raw has them all
            self.rejects.append(row.text)
        return "skip"


def _headings(head: bytes) -> list[str]:
    """The first line's fields; a heading met again gets its ordinal, so that no value is lost."""
    text = head.split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    found: list[str] = []
    try:
        headings = next(csv.reader(io.StringIO(text)), [])
    except csv.Error:
        raise Disagrees("the first line is not one of a CSV") from None
    for heading in headings:
        name = heading.strip()
        found.append(name if name not in found else f"{name} ({found.count(name) + len(found)})")
    return found
