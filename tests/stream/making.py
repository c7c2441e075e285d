"""Files in the forms that vendors send, and what becomes of them."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any, cast

import pyarrow as pa

from lambdas.core.windows import Window
from lambdas.stream.content import Content
from lambdas.stream.identity import Identity
from lambdas.stream.privacy import Privacy
from lambdas.stream.rows import Rows
from lambdas.stream.table import Typer
from lambdas.vendors.flowroute import Flowroute
from lambdas.vendors.telnyx import Telnyx
from tests.core.making import window

CLASSES: dict[str, type[Telnyx] | type[Flowroute]] = {"telnyx": Telnyx, "flowroute": Flowroute}


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """A download's chunks."""
    return (data[at : at + size] for at in range(0, len(data), size))


def content(data: bytes, size: int = 1 << 20, *, sized: bool = True, **how: Any) -> tuple[Content, io.BytesIO]:
    """The content of a file and where its raw copy goes."""
    raw = io.BytesIO()
    return Content(pieces(data, size), raw, sized=sized, **how), raw


def rows(data: bytes, size: int = 1 << 20) -> tuple[list[dict[str, str | None]], list[str]]:
    """The rows of a file, and those that do not parse."""
    with content(data, size)[0] as text:
        found = Rows(text)
        return [row for block in found for row in block.to_pylist()], found.rejects


def texts(headings: list[str], *lines: list[str]) -> pa.RecordBatch:
    """A block of texts, as the rows of a file give it: an empty field is null."""
    arrays = [pa.array([one or None for one in column], pa.string()) for column in zip(*lines, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=headings)


def typer(
    vendor: str, headings: list[str], at: Window | None = None, currency: str | None = None, numbers: str = "keep"
) -> Typer:
    """The typer of a vendor's report."""
    made = CLASSES[vendor]
    privacy = Privacy(numbers, b"key", made.columns)
    return Typer(made.columns, made.facts, at or window(), headings, currency, Identity(), privacy)


def typed(vendor: str, row: dict[str, str], at: Window | None = None) -> dict[str, Any]:
    """One row, typed; columns without a value are left out, and `extra` is a dict."""
    headings = list(row)
    (found,) = typer(vendor, headings, at).block(texts(headings, list(row.values()))).to_pylist()
    return {name: dict(v) if name == "extra" else v for name, v in found.items() if v is not None}


def archive(*members: bytes, flags: int = 0, method: int = zipfile.ZIP_DEFLATED, streamed: bool = False) -> bytes:
    """A ZIP of files; `streamed`: written without seeking, so that the sums follow each file."""
    out: Any = io.BytesIO()
    with zipfile.ZipFile(cast(Any, _Pipe(out)) if streamed else out, "w", method) as made:
        for at, data in enumerate(members):
            made.writestr(f"cdr-{at}.csv", data)
    whole = bytearray(out.getvalue())
    if flags:
        whole[6] |= flags
    return bytes(whole)


class _Pipe:
    """A file that only goes forward."""

    def __init__(self, out: io.BytesIO) -> None:
        self.write, self.flush = out.write, out.flush
