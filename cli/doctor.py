"""`cdr doctor`: whether a deployed stack can do its work, check by check, each with what to do."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli import tables
from cli.health import accounts, alerts, deployment, names, ticking
from cli.health.check import Check, Level, Look, looked
from cli.health.rights import rights
from cli.options import Instant, deployed
from cli.progress import progress
from cli.stack import Place, Stack
from cli.stack import exports as known
from cli.wrong import plain
from lambdas.core.exports import Exports
from lambdas.core.rows import Head

FAILED = 1
STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}
EPILOG = """
It changes nothing. --probe does: it writes an empty object and deletes it (lifecycle takes the version that is left),
asks six queries about yesterday and today (each tells its price, $0.00005 at least), and sends the stack a forged
callback, which it must refuse.

Exit status: 0 no check fails, 1 one does, 2 it could not be told.
"""


@click.command(epilog=EPILOG)
@click.option("--probe", is_flag=True, help="also do what only doing shows: a PUT, the views, a callback")
@click.option("--until", type=Instant(), metavar="TIME", help="as of this time: that of `python -m local up --until`")
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@deployed
def doctor(probe: bool, until: datetime | None, as_json: bool, exports: Path, **place: Any) -> None:
    """Look whether everything that the stack needs is there and works."""
    with plain():
        at = Place(place.pop("stage"), **place)
        file, stack = known(exports, at.stage), at.stack()
        with progress("looking") as tell:
            found = list(checks(stack, file, until or datetime.now(UTC)))
            found += list(probed(stack, tell)) if probe else []
    fails = any(one.level is Level.FAIL for one in found)
    if as_json:
        click.echo(json.dumps({"fails": fails, "checks": [one.plain() for one in found]}, indent=2))
    else:
        _print(found)
    sys.exit(FAILED if fails else 0)


def checks(stack: Stack, exports: Exports, now: datetime) -> Iterator[Check]:
    """Every check that changes nothing, many at a time, in the order in which one would look."""
    heads: dict[str, Head] = {}
    yield from looked("ledger", partial(_heads, stack, exports, heads))
    looks: list[tuple[str, Look]] = [
        ("stack", lambda: deployment.formation(stack)),
        ("functions", lambda: deployment.functions(stack, exports)),
        ("rights", lambda: rights(stack)),
        ("clock", lambda: ticking.clock(stack)),
        ("schedules", lambda: ticking.schedules(stack, exports)),
        *([("ticks", lambda: ticking.ticks(exports, heads, now))] if heads else []),
        ("keys", lambda: accounts.accounts(stack, exports)),
        ("topic", lambda: alerts.topic(stack)),
        ("alarms", lambda: alerts.alarms(stack)),
        ("failure queue", lambda: alerts.failures(stack)),
        *([("names", lambda: names.names(stack, exports, heads))] if heads else []),
    ]
    with ThreadPoolExecutor(len(looks)) as pool:
        for found in pool.map(lambda one: list(looked(*one)), looks):
            yield from found


def probed(stack: Stack, tell: Any) -> Iterator[Check]:
    """What only doing shows, one after the other."""
    from cli.health.probes import PROBES  # Athena's part of the CLI, which a plain look does without

    for name, probe in PROBES.items():
        tell(name)
        yield from looked(name, partial(probe, stack))


def _heads(stack: Stack, exports: Exports, heads: dict[str, Head]) -> Iterator[Check]:
    """The heads of all exports, for those that look at them; silent where it works."""
    heads |= {one.export: one for one in stack.books().heads([one.name for one in exports.exports])}
    yield from ()


def _print(found: Sequence[Check]) -> None:
    console = Console(width=None if sys.stdout.isatty() else tables.WIDTH)
    made = Table()
    for heading in ("check", "", "what was found", "what to do"):
        made.add_column(heading, no_wrap=heading == "", overflow="fold")
    for one in found:
        made.add_row(
            Text(tables.clean(one.what)), Text(str(one.level), STYLES[one.level]), Text(tables.clean(one.said)),
            Text(tables.clean(one.do)),
        )  # fmt: skip
    console.print(made)
    console.print(_summary(found), highlight=False)


def _summary(found: Iterable[Check]) -> str:
    counts = {level: sum(one.level is level for one in found) for level in Level}
    return f"{counts[Level.FAIL]} fail, {counts[Level.WARN]} to be looked at, {counts[Level.OK]} ok"
