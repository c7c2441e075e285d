"""`cdr release`: a quarantined window is published in spite of the checks, from the file that was kept."""

import json
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli.acting import RACED, Desk, Done, Telling, changing, chosen
from cli.naming import names
from cli.options import deployed
from cli.originals import GONE, label
from cli.progress import progress
from cli.raw import Sought, Written
from cli.tables import clean
from cli.wrong import Wrong, advice, plain
from lambdas.aws.ledger import Raced
from lambdas.core import acts, keys
from lambdas.core.acts import Act
from lambdas.core.errors import Broken, Disagrees, Problem, TryAgain
from lambdas.core.progress import File, Progress, State, Totals
from lambdas.core.rows import Row, Work

REASONS = 5  # so many different ones are told
EPILOG = """
The file is read from the lake, no vendor is asked, and it goes through the same pass as any other: typed, under the
export's privacy, with a receipt, which tells who released it, why, and what the checks said. A file that is cut, or is
no CSV of calls, is not released. exports.toml must be the deployed one. Without --yes nothing is changed.

Exit status: 0 done, or nothing to do, 1 some cannot be released, or none is quarantined for --reason,
2 it could not be told, 130 interrupted.
"""


@click.command(epilog=EPILOG)
@click.argument("name", metavar="EXPORT", shell_complete=names)
@click.argument("windows", metavar="[WINDOW]...", type=Written(), nargs=-1)
@click.option("--all", "every", is_flag=True, help="all that are quarantined for --reason")
@click.option("--reason", metavar="TEXT", help="only what the checks refused with these words in their reason")
@click.option("--why", required=True, metavar="TEXT", help="the justification, kept in the receipt and with the window")
@changing
@deployed
def release(name: str, windows: tuple[Sought, ...], every: bool, reason: str | None, why: str, exports: Path,
            **how: Any) -> None:  # fmt: skip
    """Publish quarantined WINDOWs of EXPORT in spite of the checks."""
    yes, as_json = how.pop("yes"), how.pop("as_json")
    if bool(windows) == every or (every and not reason):
        raise click.UsageError("which windows? Name some, or all of one reason: --all --reason TEXT")
    if not why.strip():
        raise click.UsageError("--why: a justification is needed, it is kept")
    with plain():
        desk = Desk.open(name, exports, "release", why, **how)
        rows = desk.read()[1]
        found = [row for row in rows if row.state is Work.QUARANTINED] if every else chosen(rows, windows)
        wanted = _with(found, reason or "")
        done = Releasing(desk).run(wanted, yes=yes)
        Telling(desk, "released", yes, as_json).end(done, lacks="" if wanted else _others(found))


def _with(rows: list[Row], reason: str) -> list[Row]:
    """The quarantined ones with these words; what is not quarantined is told to be something else."""
    told = reason.casefold()
    return [row for row in rows if row.state is not Work.QUARANTINED or told in (row.reason or "").casefold()]


def _others(rows: list[Row]) -> str:
    """What is quarantined with other words; "" where nothing is."""
    reasons = sorted({clean(row.reason or "no reason") for row in rows})
    more = [f"and {len(reasons) - REASONS} others"] if len(reasons) > REASONS else []
    return f"none is quarantined with these words; there are: {'; '.join([*reasons[:REASONS], *more])}" if rows else ""


class Releasing:
    """Releases windows, each for itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._lake = desk, desk.stack.place.client("s3")

    def run(self, rows: list[Row], *, yes: bool) -> list[Done]:
        """What became of each."""
        done = list[Done]()
        with progress("releasing") as tell:
            for row in rows:
                tell(label(row.window))
                done.append(self._one(row, yes=yes))
        return done

    def _one(self, row: Row, *, yes: bool) -> Done:
        try:
            note = self._note(row)
            act = acts.release(row, note)
            if act.new is None:
                return Done(row, why=act.why, wrong=act.wrong)
            rows = self._publish(act, note or {}, yes=yes)
        except (Raced, Problem, zlib.error, EOFError, Wrong, BotoCoreError, ClientError) as error:
            return Done(row, why=_told(error), wrong=True)
        return Done(row, to=str(Work.DONE), facts=f"{rows:,} rows; the checks said: {row.reason}")

    def _publish(self, act: Act, note: Mapping[str, Any], *, yes: bool) -> int:
        """Read it; with `yes`, publish it and move the row. Raises Wrong, Raced."""
        # Here, because other commands would wait for the engine.
        from cli.handing import Kept, Released, Room

        source = Kept(self._desk.stack, dict(zip(note["raw"], note["forms"], strict=True)), acts.gone(act.row))
        told = Progress(State.READY, totals=_totals(note))
        hand = Released(self._desk, Room(self._desk), act, source, refused=act.row.reason or "")
        with ExitStack() as stack:
            files = tuple(File(key) for key in note["raw"])
            # Without the vendor's count, so that the text's own end must say that it is whole.
            made = hand.read(Progress(State.READY, files), source, stack, raw=False)
            if made.problem:
                raise Wrong(f"what was kept is no whole report: {made.problem.what}")
            if [made.tally.digest, made.tally.arrived] != [note["digest"], note["arrived"]]:
                raise Wrong("what lies there is not the file that was refused: its SHA-256 is another")
            if yes:
                published = hand.publish(made, told)
                export, by = self._desk.export, self._desk.by
                hand.move(acts.released(hand.row, export, published, by))
            return made.tally.rows

    def _note(self, row: Row) -> dict[str, Any] | None:
        """The note that quarantine left of this very copy."""
        key = keys.quarantine(row.export, row.window, row.revision, row.attempt, row.run, "json")
        try:
            body = self._lake.get_object(Bucket=self._desk.stack.outputs["Bucket"], Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return None
            raise
        note: dict[str, Any] = json.load(body)
        return note


def _told(error: Exception) -> str:
    """Why a window was not released: the others are tried all the same."""
    match error:
        case Raced():
            return RACED
        case Wrong():
            return error.message
        case BotoCoreError() | ClientError():
            return advice(error)
        case TryAgain():
            return f"{error.what}: run this again"
        case Broken() | Disagrees() | EOFError() | zlib.error():
            return f"its file is cut or damaged: {error}"
    return str(error)


def _totals(note: Mapping[str, Any]) -> Totals:
    """What the vendor said of the report; a note of before does not tell."""
    told = note.get("totals") or {}
    sums = {name: Decimal(value) for name, value in (told.get("sums") or {}).items()}
    return Totals(told.get("rows"), None if told.get("cost") is None else Decimal(told["cost"]), sums)
