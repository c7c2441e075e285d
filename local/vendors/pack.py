"""The text of a report's file, written and read alike whether it is compressed or not."""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

MAGIC = b"\x1f\x8b"


def packed(file: Path) -> bool:
    """Whether it is gzip, by its first two bytes."""
    with file.open("rb") as raw:
        return raw.read(2) == MAGIC


@contextmanager
def writing(file: Path, *, plain: bool) -> Iterator[TextIO]:
    """Gzip without a name and a time, so that the same calls make the same bytes."""
    with file.open("wb") as raw:
        body = raw if plain else gzip.GzipFile("", "wb", 6, raw, mtime=0)
        with io.TextIOWrapper(body, "utf-8", newline="") as out:
            yield out


@contextmanager
def reading(file: Path) -> Iterator[TextIO]:
    with (
        gzip.open(file, "rb") if packed(file) else file.open("rb") as raw,
        io.TextIOWrapper(raw, "utf-8", newline="") as text,
    ):
        yield text
