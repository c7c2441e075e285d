"""What the commands that change windows have in common: who does it, which windows, the moves, and the telling."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli.originals import label
from cli.progress import progress
from cli.raw import Sought
from cli.same import same, warned
from cli.stack import Place, Stack, exports
from cli.tables import clean, iso
from cli.wrong import Wrong, advice
from lambdas.aws.ledger import Ledger, Raced
from lambdas.core.acts import Act, By
from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.rows import REASON, Head, Row
from lambdas.core.veil import veil
from lambdas.vendors import FACTS

LEFT = 1
PUBLISHING = ("import", "release")  # what the CLI's copier writes: by what is deployed, or not at all
RACED = "somebody else moved it in the meantime: run this again"


def clock() -> datetime:
    """The time, in whole seconds of UTC."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Desk:
    """An export on a deployed stack, and who sits there."""

    export: Export
    stack: Stack
    by: By

    @classmethod
    def open(cls, name: str, file: Path, did: str, why: str, *, stage: str, **where: str | None) -> "Desk":
        """Who has these credentials does it. Raises Wrong."""
        place = Place(stage, **where)
        known = exports(file, stage)
        try:
            export = known.get(name)
        except KeyError:
            names = ", ".join(one.name for one in known.exports)
            raise Wrong(f"no export {name}: {file.name} has {names}") from None
        stack = place.stack()
        if did in PUBLISHING:
            same(stack, known)
        else:
            for line in warned(stack, known):
                click.echo(line, err=True)
        who = str(place.client("sts").get_caller_identity()["Arn"])
        # Veiled once, for all places that keep it: the row, the receipt, the proof of coverage.
        return cls(export, stack, By(did, who, veil(clean(why))[:REASON], clock()))

    @property
    def facts(self) -> Facts:
        """What is known of the vendor."""
        return FACTS[self.export.vendor]

    def ledger(self) -> Ledger:
        """Where moves are written."""
        return self.stack.books()

    def read(self) -> tuple[Head, list[Row]]:
        """The head and the rows, oldest first."""
        with progress(f"reading the ledger of {self.export.name}") as tell:
            head, rows = self.stack.ledger(self.export.name, lambda count: tell(f"{count:,} windows"))
        return head, sorted(rows, key=lambda row: (row.window.start, row.window.source))

    def ring(self) -> bool:
        """Have the requester tick now; whether it was told. The next tick does the same."""
        told = json.dumps({"export": self.export.name}).encode()
        try:
            function = self.stack.outputs["Requester"]
            self.stack.place.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=told)
        except (BotoCoreError, ClientError, KeyError):
            return False
        return True


@dataclass(frozen=True)
class Done:
    """What became of a window; `facts` are for programs and for people alike."""

    row: Row
    to: str | None = None  # the state it has now, or would have
    why: str = ""
    wrong: bool = False
    facts: str = ""

    @property
    def alike(self) -> tuple[object, ...]:
        """What neighbours have in common when they are told in one line."""
        window = self.row.window
        return window.source, str(self.row.state), self.to, self.why, self.wrong, self.facts and window

    def flat(self) -> dict[str, Any]:
        """For a program."""
        row = self.row
        told = {"window": label(row.window), "state": str(row.state), "to": self.to, "failed": self.wrong}
        return told | {"why": clean(self.why) or None, "facts": self.facts or None}


def chosen(rows: Sequence[Row], sought: Iterable[Sought]) -> list[Row]:
    """The rows of the windows that were named. Raises Wrong for a name of none."""
    found = dict[int, Row]()
    for one in sought:
        some = {at: row for at, row in enumerate(rows) if one.has(row)}
        if not some:
            edges = f"from {iso(rows[0].window.start)} to {iso(rows[-1].window.end)}" if rows else "none yet"
            raise Wrong(f"no window of {iso(one.start)}: the ledger has {edges}")
        found |= some
    return [found[at] for at in sorted(found)]


def carry(acts: Sequence[Act], ledger: Ledger, *, yes: bool) -> list[Done]:
    """Each act for itself: who loses a race, or is refused by AWS, is told, and the others go on."""
    done = list[Done]()
    with progress("moving windows") as tell:
        for act in acts:
            tell(f"{len(done):,} of {len(acts):,}")
            done.append(_one(act, ledger, yes=yes))
    return done


def _one(act: Act, ledger: Ledger, *, yes: bool) -> Done:
    if act.new is None:
        return Done(act.row, why=act.why, wrong=act.wrong)
    try:
        if yes:
            ledger.apply(act.row, act.new)
    except Raced:
        return Done(act.row, why=RACED, wrong=True)
    except (BotoCoreError, ClientError) as error:
        return Done(act.row, why=advice(error), wrong=True)
    return Done(act.row, to=str(act.new.state))


@dataclass(frozen=True)
class Telling:
    """How the end is told; `verb` says what becomes of a window: `asked again`."""

    desk: Desk
    verb: str
    yes: bool
    as_json: bool

    def end(self, done: Sequence[Done], *, notes: Sequence[str] = (), ring: bool = True, lacks: str = "") -> None:
        """Ring, tell, and leave with the status; `lacks`: what was wanted is not there, and what is instead."""
        changed = any(one.to for one in done)
        rung = self.desk.ring() if changed and self.yes and ring else None
        if self.as_json:
            self._json(done, rung)
        else:
            self._lines(done, rung, changed=changed, lacks=lacks)
        for note in (*notes, *([lacks] if lacks else [])):
            click.echo(note, err=True)
        if lacks or any(one.wrong for one in done):
            sys.exit(LEFT)

    def _json(self, done: Sequence[Done], rung: bool | None) -> None:
        told = {"export": self.desk.export.name, "did": self.desk.by.did, "by": self.desk.by.who, "changed": self.yes}
        click.echo(json.dumps({**told, "rung": rung, "windows": [one.flat() for one in done]}, indent=2))

    def _lines(self, done: Sequence[Done], rung: bool | None, *, changed: bool, lacks: str) -> None:
        for some in _grouped(done):
            click.echo(self._line(some))
        if not done:
            click.echo("nothing was changed" if lacks else "no such window")
        elif not changed:
            click.echo("nothing was changed")
        elif not self.yes:
            click.echo("nothing was changed: --yes does it")
        elif rung is False:
            click.echo("the requester could not be told (lambda:InvokeFunction): its next tick does it", err=True)

    def _line(self, some: Sequence[Done]) -> str:
        one, last = some[0], some[-1]
        window = label(one.row.window)
        name = window if len(some) == 1 else f"{len(some)} windows from {window} to {label(last.row.window)}"
        if one.to:
            told = f"{'' if self.yes else 'would be '}{self.verb}"
        else:
            told = f"not {self.verb}: {clean(one.why)}" if one.wrong else clean(one.why)
        return f"{name} ({one.row.state}): {told}" + (f" ({one.facts})" if one.facts else "")


def _grouped(done: Sequence[Done]) -> list[list[Done]]:
    """Neighbours of one source with the same fate, together."""
    order = sorted(done, key=lambda one: (one.row.window.source, one.row.window.start))
    return [list(some) for _, some in groupby(order, lambda one: one.alike)]


def changing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that changes windows."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="print it as JSON"),
        click.option("--yes", is_flag=True, help="do it; else it is only said what would be done"),
    ):
        command = option(command)
    return command
