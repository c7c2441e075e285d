"""`cdr accept`: somebody does without a window, and says why; the alarm ends, and the coverage tells it."""

from pathlib import Path
from typing import Any

import click

from cli.acting import Desk, Telling, carry, changing, chosen
from cli.naming import names
from cli.options import deployed
from cli.raw import Sought, Written
from cli.wrong import plain
from lambdas.core import acts

EPILOG = """
The window becomes unreachable, with your words as its reason. `cdr retry` and `cdr import` take it up again, should it
turn up after all. An earlier copy of a quarantined one stays. Without --yes nothing is changed.

Exit status: 0 done, or nothing to do, 1 some cannot be accepted, 2 it could not be told, 130 interrupted.
"""


@click.command(epilog=EPILOG)
@click.argument("name", metavar="EXPORT", shell_complete=names)
@click.argument("windows", metavar="WINDOW...", type=Written(), nargs=-1, required=True)
@click.option("--why", required=True, metavar="TEXT", help="kept with each window, and told by the coverage")
@changing
@deployed
def accept(name: str, windows: tuple[Sought, ...], why: str, exports: Path, **how: Any) -> None:
    """Do without WINDOWs of EXPORT that are lost, stuck or quarantined."""
    yes, as_json = how.pop("yes"), how.pop("as_json")
    with plain():
        desk = Desk.open(name, exports, "accept", why, **how)
        wanted = chosen(desk.read()[1], windows)
        done = carry([acts.accept(row, desk.by) for row in wanted], desk.ledger(), yes=yes)
        Telling(desk, "accepted", yes, as_json).end(done)
