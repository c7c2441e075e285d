"""`cdr backfill`: windows that were asked for before are asked for again, with the options of now."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from cli import asking
from cli.acting import Desk, Telling, carry, changing
from cli.naming import names
from cli.options import deployed
from cli.wrong import Wrong, plain
from lambdas.core import acts
from lambdas.core.acts import Act
from lambdas.core.rows import Head, Row

EPILOG = """
What is published stays until the new copy has passed its checks. Without --yes nothing is changed. Days are of UTC.

Exit status: 0 done, or nothing to do, 1 some windows cannot be asked for, 2 it could not be told, 130 interrupted.
"""

MOST = 1000
COMING = "what of these days has no window yet comes by itself: at the next ticks, or when it is due"


@click.command(epilog=EPILOG)
@click.argument("name", metavar="EXPORT", shell_complete=names)
@click.option("--from", "first", type=asking.Day(), metavar="DAY", required=True, help="the first day")
@click.option(
    "--to", "last", type=asking.Day(), metavar="DAY", required=True, help="the day after the last one: not included"
)
@click.option("--why", default="", metavar="TEXT", help="kept with each window")
@changing
@deployed
def backfill(name: str, first: date, last: date, why: str, exports: Path, **how: Any) -> None:
    """Ask again for the windows of EXPORT from one day up to another, with the options of now."""
    yes, as_json = how.pop("yes"), how.pop("as_json")
    if first >= last:
        raise click.UsageError(f"--from {first} --to {last}: no day lies between them")
    with plain():
        desk = Desk.open(name, exports, "backfill", why, **how)
        head, rows = desk.read()
        since, until = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last))
        _started(desk, head, rows, since)
        wanted = [row for row in rows if since <= row.window.start < until]
        found = [acts.backfill(row, desk.export, desk.facts, desk.by) for row in wanted]
        some, more = _some(found)
        done = carry(some, desk.ledger(), yes=yes)
        Telling(desk, "asked for again", yes, as_json).end(done, notes=[*more, *_unplanned(desk, rows, until)])


def _some(found: list[Act]) -> tuple[list[Act], list[str]]:
    """As many as the requester reads within its time: each tick looks at all that is due. And how to go on."""
    asked = [act for act in found if act.new]
    if len(asked) <= MOST:
        return found, []
    first = asked[MOST].row.window.start
    more = f"{MOST:,} windows at a time: once these are in, go on with --from {first:%Y-%m-%d}"
    return found[: found.index(asked[MOST])], [more]


def _started(desk: Desk, head: Head, rows: list[Row], since: datetime) -> None:
    """Days before the export's start have no window, and no partition in Athena. Raises Wrong."""
    first = desk.export.first(head.born or desk.by.at)
    if line := acts.unstarted(desk.export, rows, since, first):
        raise Wrong(
            f"{desk.export.name} begins with {first:%Y-%m-%d}. For earlier days write `{line}` into its [[export]] of "
            "exports.toml and deploy: the next ticks ask for them, and Athena's tables begin there as well"
        )


def _unplanned(desk: Desk, rows: list[Row], until: datetime) -> list[str]:
    """What has no window yet comes by itself."""
    of = {source: [row.window.end for row in rows if row.window.source == source] for source in desk.export.sources}
    return [COMING] if any(max(ends, default=datetime.min.replace(tzinfo=UTC)) < until for ends in of.values()) else []
