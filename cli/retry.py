"""`cdr retry`: windows without a copy are asked for now, without waiting for the next try."""

from pathlib import Path
from typing import Any

import click

from cli.acting import Desk, Telling, carry, changing, chosen
from cli.naming import names
from cli.options import deployed
from cli.raw import Sought, Written
from cli.wrong import plain
from lambdas.core import acts
from lambdas.core.planning import beyond
from lambdas.core.rows import Row, Work

EPILOG = """
WINDOW is a window's name, a day of UTC (all its windows) or a time that lies in it. --all takes what is stuck,
quarantined, and lost or unreachable where the vendor can give it after all. Without --yes nothing is changed.

Exit status: 0 done, or nothing to do, 1 some cannot be asked for, 2 it could not be told, 130 interrupted.
"""


@click.command(epilog=EPILOG)
@click.argument("name", metavar="EXPORT", shell_complete=names)
@click.argument("windows", metavar="[WINDOW]...", type=Written(), nargs=-1)
@click.option("--stuck", is_flag=True, help="all whose attempts are used up")
@click.option("--quarantined", is_flag=True, help="all whose file did not pass the checks")
@click.option("--all", "every", is_flag=True, help="all that could be had")
@click.option("--why", default="", metavar="TEXT", help="kept with each window")
@changing
@deployed
def retry(name: str, windows: tuple[Sought, ...], stuck: bool, quarantined: bool, every: bool, why: str, yes: bool,
          as_json: bool, exports: Path, **where: Any) -> None:  # fmt: skip
    """Ask the vendor now for windows of EXPORT that are stuck, quarantined or lost."""
    if not (windows or stuck or quarantined or every):
        raise click.UsageError("which windows? Name some, or --stuck, --quarantined, --all")
    with plain():
        desk = Desk.open(name, exports, "retry", why, **where)
        rows = desk.read()[1]
        wanted = chosen(rows, windows)
        kinds = {Work.STUCK: stuck or every, Work.QUARANTINED: quarantined or every}
        wanted += [row for row in rows if row not in wanted and (kinds.get(row.state) or (every and _can(desk, row)))]
        found = [acts.retry(row, desk.export, desk.facts, desk.by) for row in wanted]
        Telling(desk, "asked for again", yes, as_json).end(carry(found, desk.ledger(), yes=yes))


def _can(desk: Desk, row: Row) -> bool:
    """Whether the vendor can give a window after all."""
    return row.state in (Work.LOST, Work.UNREACHABLE) and not beyond(desk.facts, row.window, desk.by.at)
