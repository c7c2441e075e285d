"""`cdr raw`: the vendor's own file of a window, as it came, checked against the digest that was taken when it came."""

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cli.fetching import Fetch
from cli.naming import names
from cli.options import Instant, deployed
from cli.originals import Original, Originals, label
from cli.stack import Place, Stack
from cli.stack import exports as known
from cli.tables import iso
from cli.wrong import Wrong, plain
from lambdas.core.rows import Row
from lambdas.core.windows import DAY, unstamp

NAME = re.compile(r"(?P<start>[0-9]{8}T[0-9]{6}Z)-(?P<seconds>[0-9]+)(\.(?P<source>.+))?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EPILOG = """
WINDOW is a window's name as keys have it (20261120T000000Z-86400, also with .SOURCE), a day of UTC (2026-11-20: all its
windows), or a time that lies in it (2026-11-20T06:00Z). The path of each file is printed, once it is whole and checked.

Exit status: 0 all files are there, 2 some could not be had, 130 interrupted.
"""


@dataclass(frozen=True)
class Sought:
    """Which windows: those that share an instant with [start, end), or the one of that name."""

    start: datetime
    end: datetime | None = None  # None: the window that `start` lies in
    seconds: int | None = None  # the window's own: its start is `start` then
    source: str | None = None

    def of(self, source: str) -> "Sought":
        """The same of one source."""
        if self.source not in (None, source):
            raise click.UsageError(f"either .{self.source} or --source {source}")
        return replace(self, source=source)

    def has(self, row: Row) -> bool:
        """Whether a row is of such a window."""
        window = row.window
        if self.source not in (None, window.source):
            return False
        if self.seconds is not None:
            return (window.start, window.seconds) == (self.start, self.seconds)
        return window.start <= self.start < window.end if self.end is None else self.start <= window.start < self.end


class Written(click.ParamType[Sought]):
    """A window, as somebody writes it."""

    name = "window"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Sought:
        try:
            if found := NAME.fullmatch(value):
                return Sought(unstamp(found["start"]), seconds=int(found["seconds"]), source=found["source"])
        except ValueError:
            self.fail(f"{value!r} names no time", param, ctx)
        start = Instant().convert(value, param, ctx)
        return Sought(start, start + DAY if DATE.fullmatch(value) else None)


@click.command(epilog=EPILOG)
@click.argument("name", metavar="EXPORT", shell_complete=names)
@click.argument("window", type=Written())
@click.option("--source", metavar="NAME", help="of this source alone; of all, by default")
@click.option("--out", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR", default=Path(),
              help="where to; the current folder by default")  # fmt: skip
@click.option("--plain", "as_text", is_flag=True, help="the text itself, unpacked, not the file as it lies there")
@click.option("--quarantined", is_flag=True, help="the file that did not pass the checks, instead of the published one")
@click.option("--force", is_flag=True, help="also over a file that is there already")
@click.option("--json", "as_json", is_flag=True, help="print it as JSON, once all are fetched")
@deployed
def raw(name: str, window: Sought, out: Path, source: str | None, as_json: bool, exports: Path, **how: Any) -> None:
    """Fetch the vendor's file of a WINDOW of EXPORT, as it came."""
    fetch = {"folder": out, "as_text": how.pop("as_text"), "force": how.pop("force")}
    quarantined, place = how.pop("quarantined"), Place(how.pop("stage"), **how)
    if source:
        window = window.of(source)
    told = Fetched(as_json)
    with plain():
        stack = opened(name, exports, place)
        for row in windows(stack, name, window):
            try:
                _one(Originals(stack), Fetch(stack, **fetch), row, told, quarantined=quarantined)
            except Wrong as no:  # the other windows are fetched all the same
                told.refused[label(row.window)] = no.message
    told.end(name)


@dataclass
class Fetched:
    """What was fetched, said as it comes, or at the end for a program; and what could not be had, by window."""

    as_json: bool
    files: list[dict[str, Any]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def add(self, row: Row, original: Original, path: Path) -> None:
        """A file that is whole and checked."""
        told = {"path": str(path), "bytes": path.stat().st_size, "key": original.key, "sha256": original.sha256}
        self.files.append({"window": label(row.window), **told})
        if not self.as_json:
            click.echo(path)

    def end(self, name: str) -> None:
        """Raises Wrong where something could not be had."""
        if self.as_json:
            refused = [{"window": window, "why": why} for window, why in self.refused.items()]
            click.echo(json.dumps({"export": name, "files": self.files, "refused": refused}, indent=2))
        if self.refused:
            raise Wrong("\n".join(self.refused.values()))


def _one(originals: Originals, fetch: Fetch, row: Row, told: Fetched, *, quarantined: bool) -> None:
    """All files of one window. Raises Wrong."""
    for original in originals.quarantined(row) if quarantined else originals.published(row):
        told.add(row, original, fetch.one(original))


def opened(name: str, file: Path, place: Place) -> Stack:
    """The stack, if the file knows the export. Raises Wrong."""
    names = [one.name for one in known(file, place.stage).exports]
    if name not in names:
        raise Wrong(f"no export {name}: {file.name} has {', '.join(names)}")
    return place.stack()


def windows(stack: Stack, name: str, sought: Sought) -> list[Row]:
    """The ledger's rows of these windows. Raises Wrong where there is none, and says what there is."""
    rows = stack.ledger(name)[1]
    if found := [row for row in rows if sought.has(row)]:
        return found
    if not rows:
        raise Wrong(f"{name}: the ledger has no window of it yet")
    sources = ", ".join(sorted({row.window.source for row in rows}))
    first, last = min(row.window.start for row in rows), max(row.window.end for row in rows)
    raise Wrong(f"{name}: no such window: the ledger has those from {iso(first)} to {iso(last)}, of {sources}")
