"""`cdr coverage`: what of each export is in the lake, what is not and why; status 1 when anything is missing."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from cli import daily, tables
from cli.naming import names as completed
from cli.options import Instant, deployed
from cli.progress import progress
from cli.stack import Place, Stack, exports
from cli.wrong import Wrong, plain
from lambdas.core.coverage import Stretch, stretches
from lambdas.core.exports import Export, Exports
from lambdas.core.wanted import wanted
from lambdas.vendors import FACTS

MISSING = 1
EPILOG = """
States: provisional (copied, and to be asked for again), final, open (planned or on its way, or not planned yet),
quarantined, stuck, lost, unreachable (older than the vendor's memory when first planned: told, not missing), and two
defects of the ledger: gap (no row where there must be one), overlap (two rows for the same time).

Exit status: 0 all there, 1 something is missing, 2 it could not be told.
"""


@click.command(epilog=EPILOG)
@click.argument("names", metavar="[EXPORT]...", nargs=-1, shell_complete=completed)
@click.option(
    "--until",
    type=Instant(),
    metavar="TIME",
    help="whether all is there up to this time, due or not; by default, up to the last window that is due",
)
@click.option("--calendar/--no-calendar", default=None, help="a letter for each day; on a terminal, by default")
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@deployed
def coverage(
    names: tuple[str, ...], until: datetime | None, calendar: bool | None, as_json: bool, exports: Path, **place: Any
) -> None:
    """Show what of each EXPORT is in the lake, by source and time; all exports, by default."""
    with plain():
        known, stack = _known(exports, **place)
        shown = [covered(stack, one, until) for one in _chosen(known, names, exports, stack)]
        unknown = [] if names else sorted(set(stack.proven()) - {one.name for one in known.exports})
    if as_json:
        click.echo(json.dumps({"missing": any(one.missing for one in shown), "exports": [one.plain() for one in shown]},
                              indent=2))  # fmt: skip
    else:
        now = daily.ended(datetime.now(UTC), until)
        _print(shown, now if (sys.stdout.isatty() if calendar is None else calendar) else None)
    if unknown:
        raise Wrong("\n".join(_strange(name, exports) for name in unknown))
    sys.exit(MISSING if any(one.missing for one in shown) else 0)


@dataclass(frozen=True)
class Covered:
    """One export and its stretches."""

    export: Export
    start: datetime
    stretches: list[Stretch]
    blocked: str | None  # why the vendor is not asked now

    @property
    def missing(self) -> bool:
        """Whether anything of it should be in the lake and is not."""
        return any(one.missing for one in self.stretches)

    def plain(self) -> dict[str, Any]:
        """For a program: texts, numbers, lists."""
        return {
            "export": self.export.name,
            "vendor": self.export.vendor,
            "state": self.export.state,
            "start": tables.iso(self.start),
            "missing": self.missing,
            "blocked": self.blocked,
            "stretches": [tables.flat(one) for one in self.stretches],
        }


def covered(stack: Stack, export: Export, until: datetime | None) -> Covered:
    """Read an export's ledger and compute its coverage."""
    now = datetime.now(UTC).replace(microsecond=0)
    with progress(f"reading the ledger of {export.name}") as tell:
        head, rows = stack.ledger(export.name, lambda count: tell(f"{count:,} windows"))
    of = wanted(export, FACTS[export.vendor], head, now, until)
    if until:
        rows = [row for row in rows if row.window.start < until]
    return Covered(export, of.start, stretches(rows, of), head.blocked)


def _known(file: Path, stage: str | None, **where: str | None) -> tuple[Exports, Stack]:
    place = Place(stage or "", **where)
    return exports(file, place.stage), place.stack()


def _chosen(known: Exports, names: tuple[str, ...], file: Path, stack: Stack) -> list[Export]:
    """The exports that were named, or all. Raises Wrong for one that the file does not know."""
    by_name = {one.name: one for one in known.exports}
    for name in names:
        if name not in by_name:
            head, rows = stack.ledger(name)
            there = bool(rows or head.born)
            raise Wrong(_strange(name, file) if there else f"no export {name}: {file.name} has {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)] if names else list(by_name.values())


def _strange(name: str, file: Path) -> str:
    return f'{name}: in the ledger, and not in {file.name}: put it back there, with state = "retired" if it is over'


def _print(shown: list[Covered], now: datetime | None) -> None:
    console = Console(width=None if sys.stdout.isatty() else tables.WIDTH)
    for one in shown:
        console.print(tables.summary(one.export, one.stretches), markup=False, highlight=False, soft_wrap=True)
        if one.blocked:
            line = f"  the vendor is not asked now: {tables.clean(one.blocked)}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    for one in shown if now else ():
        console.print(one.export.name, style="bold", markup=False, highlight=False)
        told = daily.days(one.stretches, one.start, now or one.start)
        for month in daily.calendar(told, plain=not console.encoding.startswith("utf")):
            console.print(month, soft_wrap=True)
    for one in shown:
        if one.stretches:
            console.print(tables.table(one.export.name, one.stretches))
