"""`cdr import`: files that somebody saved from the vendor's portal fill windows that the vendor can no longer give."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli.acting import RACED, Desk, Done, Telling, changing
from cli.naming import names
from cli.options import Instant, deployed
from cli.originals import label
from cli.progress import progress
from cli.tables import iso
from cli.wrong import Wrong, advice, plain
from lambdas.aws.ledger import Raced
from lambdas.core import acts
from lambdas.core.acts import Act
from lambdas.core.errors import Problem
from lambdas.core.progress import File, Progress, State
from lambdas.core.receipt import SHARE, disagreements
from lambdas.core.rows import Row, Work
from lambdas.vendors import VENDORS

if TYPE_CHECKING:
    from cli.sorting import Counts, Sorter

EPILOG = """
FILEs are CSVs as the vendor's portal gives them, plain, gzip or zip, which together hold every call that began in
[--from, --to), both UTC unless an offset is given. Windows that lie in it whole, and are lost, unreachable, stuck or
quarantined, are filled; what has a copy already stays. exports.toml must be the deployed one. Without --yes nothing is
changed.

Exit status: 0 done, or nothing to do, 1 some cannot be filled, 2 it could not be told, 130 interrupted.
"""


@click.command("import", epilog=EPILOG)
@click.argument("name", metavar="EXPORT", shell_complete=names)
@click.argument("files", metavar="FILE...", nargs=-1, required=True,
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option(
    "--from", "since", type=Instant(), metavar="TIME", required=True, help="the files are complete from here, included"
)
@click.option("--to", "until", type=Instant(), metavar="TIME", required=True, help="and up to here, not included")
@click.option("--source", metavar="NAME", help="which of the vendor's sources, where the export asks for several")
@click.option("--why", default="", metavar="TEXT", help="where the files come from; kept in the receipt")
@changing
@deployed
def import_(name: str, files: tuple[Path, ...], since: datetime, until: datetime, source: str | None, why: str,
            exports: Path, **how: Any) -> None:  # fmt: skip
    """Fill windows of EXPORT from FILEs that were saved earlier."""
    yes, as_json = how.pop("yes"), how.pop("as_json")
    if since >= until:
        raise click.UsageError(f"--from {iso(since)} --to {iso(until)}: no time lies between them")
    with plain():
        desk = Desk.open(name, exports, "import", why, **how)
        found = _acts(desk, since, until, _source(desk, source))
        with TemporaryDirectory(prefix="cdr-import-") as folder, ExitStack() as stack:
            tell = stack.enter_context(progress("importing"))
            done, counts = Importing(desk, found, Path(folder), tell).run(files, yes=yes)
        Telling(desk, "filled", yes, as_json).end(done, notes=_notes(counts))


class Importing:
    """Sorts files into windows, and fills each for itself."""

    def __init__(self, desk: Desk, found: Sequence[Act], folder: Path, tell: Callable[[str], None]) -> None:
        self._desk, self._acts, self._folder, self._tell = desk, found, folder, tell

    def run(self, files: Sequence[Path], *, yes: bool) -> tuple[list[Done], "Counts"]:
        """What became of each window, and of the rows. Raises Wrong."""
        sorter = self._sorted(files)
        done = list[Done]()
        for act in self._acts:
            self._tell(label(act.row.window))
            done.append(self._one(act, sorter, yes=yes))
        return done, sorter.counts

    def _sorted(self, files: Sequence[Path]) -> "Sorter":
        # Here, because other commands would wait for the engine.
        from cli.sorting import Sorter

        windows = [act.row.window for act in self._acts]
        wanted = {act.row.window for act in self._acts if act.new}
        vendor = VENDORS[self._desk.export.vendor]
        sorter = Sorter(vendor.facts, vendor.columns, windows, wanted, self._folder)
        for file in files:
            sorter.file(file, self._tell)
        _sane(sorter.counts)
        return sorter

    def _one(self, act: Act, sorter: "Sorter", *, yes: bool) -> Done:
        window = act.row.window
        own, beside = sorter.counts.windows[window], sorter.counts.edges[window]
        if act.new is None:
            return Done(act.row, why=act.why, wrong=act.wrong, facts=f"{own:,} rows of it are left" if own else "")
        facts = f"{own:,} rows" + (f", {beside:,} of its neighbours" if beside else "")
        try:
            why = self._fill(act, sorter) if yes else ""
        except Raced:
            why = RACED
        except Problem as problem:
            why = problem.what
        except Wrong as no:
            why = no.message
        except (BotoCoreError, ClientError) as error:  # the others are tried, and what was done is told
            why = advice(error)
        return Done(act.row, why=why, wrong=True) if why else Done(act.row, to=str(Work.DONE), facts=facts)

    def _fill(self, act: Act, sorter: "Sorter") -> str:
        """Read, check, publish, move; why not, if not. Raises Raced, Wrong, Problem."""
        from cli.handing import Disk, Imported, Room

        hand = Imported(self._desk, Room(self._desk), act, files=", ".join(sorter.digests))
        told = Progress(State.READY, tuple(File(str(path)) for path in sorter.files[act.row.window]))
        with ExitStack() as stack:
            made = hand.read(told, Disk(), stack, raw=True)
            if wrong := [made.problem.what] if made.problem else disagreements(made.tally, told.totals):
                return "; ".join(wrong)
            published = hand.publish(made, told)
            hand.move(acts.imported(hand.row, self._desk.export, published, self._desk.by))
        return ""


def _source(desk: Desk, source: str | None) -> str:
    """Which source the files are of. Raises Wrong."""
    known = desk.export.sources
    if source is None and len(known) == 1:
        return known[0]
    if source not in known:
        said = "say" if source is None else f"there is no {source}: say"
        raise Wrong(f"{desk.export.name} has several sources, {said} by --source which: {', '.join(known)}")
    return source


def _acts(desk: Desk, since: datetime, until: datetime, source: str) -> list[Act]:
    """The windows that lie in the span whole, and what may become of each. Raises Wrong where there is none."""
    head, rows = desk.read()
    of = [row for row in rows if row.window.source == source]
    inside = [row for row in of if since <= row.window.start and row.window.end <= until]
    if not inside:
        raise Wrong(_none(desk, rows, since, desk.export.first(head.born or desk.by.at)))
    return [acts.importing(row, desk.export) for row in inside]


def _none(desk: Desk, rows: list[Row], since: datetime, first: datetime) -> str:
    line = acts.unstarted(desk.export, rows, since, first)
    begin = f"; the export begins with {first:%Y-%m-%d}: write `{line}` into exports.toml and deploy" if line else ""
    return f"{desk.export.name}: no window lies whole in [--from, --to){begin}"


def _sane(counts: "Counts") -> None:
    """Whether these are the right files. Raises Wrong before anything is changed."""
    if counts.rows and not counts.windows and not counts.unplaced:
        raise Wrong(f"none of {counts.rows:,} rows began in [--from, --to): are these the right files and days?")
    if counts.unplaced > counts.rows * SHARE:
        raise Wrong(f"{counts.unplaced:,} of {counts.rows:,} rows have no start that can be read: nothing is imported")


def _notes(counts: "Counts") -> list[str]:
    told = (
        (counts.outside, "rows began outside of [--from, --to), or where there is no window: not imported"),
        (counts.unplaced, "rows have no start that can be read: they go with the first window"),
        (counts.headers, "header lines stand between the rows"),
    )
    return [f"{count:,} {what}" for count, what in told if count]
