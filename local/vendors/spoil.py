"""A report's file spoiled as a fault says: emptied, its columns changed, or cut; plain CSV and gzip alike."""

import csv
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice
from pathlib import Path

from local.vendors.pack import packed, reading, writing

ADDED = "Simulated column"
Rows = Iterable[list[str]]


def spoil(file: Path, struck: Container[str], renamed: str) -> None:
    """Plays the faults of a file; `renamed` is the heading that `columns` calls otherwise."""
    if "empty" in struck:
        _rewrite(file, lambda rows: islice(rows, 1))
    if "columns" in struck:
        _rewrite(file, lambda rows: _other(rows, renamed))
    if "cut" in struck:
        _cut(file)


def _rewrite(file: Path, change: Callable[[Rows], Rows]) -> None:
    fresh = file.with_name(f"{file.name}.new")
    with reading(file) as old, writing(fresh, plain=not packed(file)) as new:
        csv.writer(new, lineterminator="\n").writerows(change(csv.reader(old)))
    fresh.replace(file)


def _other(rows: Rows, renamed: str) -> Iterator[list[str]]:
    """A file without that heading has its middle one renamed instead."""
    lines = iter(rows)
    head = next(lines)
    place = head.index(renamed) if renamed in head else len(head) // 2
    head[place] += " (renamed)"
    yield [ADDED, *reversed(head)]
    for line in lines:
        yield ["x", *reversed(line)]


def _cut(file: Path) -> None:
    """Gzip in the middle of its stream; plain CSV inside the row in the middle, so that its last line has no end."""
    body = file.read_bytes()
    middle = len(body) // 2
    if not packed(file):
        start, end = body.rfind(b"\n", 0, middle) + 1, body.find(b"\n", middle)
        middle = (start + end) // 2
    file.write_bytes(body[:middle])
