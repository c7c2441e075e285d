"""`cdr status`: each export in a line, and what needs somebody; a few reads for each, however long its history."""

import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli import tables
from cli.naming import names as completed
from cli.options import Instant, deployed
from cli.stack import Place, Stack
from cli.stack import exports as known
from cli.standing import Standing, standing
from cli.wrong import Wrong, plain
from lambdas.aws import items
from lambdas.core.exports import Export
from lambdas.vendors import FACTS

NEEDED = 1
EPILOG = """
Exit status: 0 nobody is needed, 1 somebody is (what to do is said), 2 it could not be told.
"""


@click.command(epilog=EPILOG)
@click.argument("names", metavar="[EXPORT]...", nargs=-1, shell_complete=completed)
@click.option("--until", type=Instant(), metavar="TIME", help="as of this time: that of `python -m local up --until`")
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@deployed
def status(names: tuple[str, ...], until: datetime | None, as_json: bool, exports: Path, **place: Any) -> None:
    """Show how each EXPORT stands, and whether somebody is needed; all exports, by default."""
    with plain():
        at, now = Place(place.pop("stage"), **place), until or datetime.now(UTC)
        chosen = choose(known(exports, at.stage).exports, names, exports)
        stack = at.stack()
        found, rings = stand(stack, chosen, now), ringing(stack)
    if as_json:
        click.echo(json.dumps(_plain(found, rings), indent=2))
    else:
        _print(found, rings, now)
    sys.exit(NEEDED if _needed(found, rings) else 0)


@dataclass(frozen=True)
class Rings:
    """The alarms of the stack that ring; or why that cannot be told."""

    names: tuple[str, ...] = ()
    untold: str | None = None


def choose(exports: Sequence[Export], names: Sequence[str], file: Path) -> list[Export]:
    """The exports that were named, or all. Raises Wrong for one that the file does not know."""
    by_name = {one.name: one for one in exports}
    for name in names:
        if name not in by_name:
            raise Wrong(f"no export {name}: {file.name} has {', '.join(by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)] if names else list(exports)


def stand(stack: Stack, exports: Sequence[Export], now: datetime) -> list[Standing]:
    """All heads at once; and what waits for a copy, and what is put aside, of all exports, in one scan each."""
    with ThreadPoolExecutor(3) as pool:
        heads = pool.submit(stack.books().heads, [one.name for one in exports])
        waiting, aside = pool.submit(stack.index, "open"), pool.submit(stack.index, "aside")
        return [
            standing(
                one, FACTS[one.vendor], head,
                [items.opened(item) for item in waiting.result().get(one.name, ())],
                [items.aside(item) for item in aside.result().get(one.name, ())],
                now,
            )
            for one, head in zip(exports, heads.result(), strict=True)
        ]  # fmt: skip


def ringing(stack: Stack) -> Rings:
    """The alarms of this stack that ring now; another stack's name may begin like ours, its topic is another."""
    topic = stack.outputs.get("Alarms")
    if topic is None:
        return Rings(untold="the stack has no alarms: deploy it again")
    try:
        pages = stack.place.client("cloudwatch").get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=f"{stack.name}-", StateValue="ALARM", AlarmTypes=["MetricAlarm"]
        )  # fmt: skip
        found = [one for page in pages for one in page["MetricAlarms"]]
    except (BotoCoreError, ClientError) as error:
        return Rings(untold=f"the alarms cannot be read: {type(error).__name__}: cdr doctor tells more")
    ours = [one for one in found if topic in one.get("AlarmActions", ()) and one["StateValue"] == "ALARM"]
    return Rings(tuple(sorted(one["AlarmName"].removeprefix(f"{stack.name}-") for one in ours)))


def _needed(found: Sequence[Standing], rings: Rings) -> bool:
    return bool(rings.names) or any(one.needs for one in found)


def _plain(found: Sequence[Standing], rings: Rings) -> dict[str, Any]:
    alarms = None if rings.untold else list(rings.names)
    return {"needed": _needed(found, rings), "alarms": alarms, "exports": [one.plain() for one in found]}


def _print(found: Sequence[Standing], rings: Rings, now: datetime) -> None:
    console = Console(width=None if sys.stdout.isatty() else tables.WIDTH)
    console.print(table(found, now))
    for one in found:
        for need in one.needs:
            console.print(f"{one.export.name}: {need}", style="bold red", markup=False, soft_wrap=True, highlight=False)
        if one.blocked and one.keyed and not one.refused:
            told = f"{one.export.name}: the vendor is not asked now: {tables.clean(one.blocked)}"
            console.print(told, markup=False, soft_wrap=True, highlight=False)
    if rings.names:
        console.print(f"ringing: {', '.join(rings.names)} (docs/runbook.md)", style="bold red", soft_wrap=True)
    elif rings.untold:
        console.print(rings.untold, markup=False, soft_wrap=True, highlight=False)
    if not _needed(found, rings):
        console.print("nobody is needed", style="green")


def table(found: Sequence[Standing], now: datetime) -> Table:
    """Each export in a line."""
    made = Table()
    for heading in ("export", "state", "all in up to"):
        made.add_column(heading, no_wrap=True)
    for heading in ("open", "quarantined", "stuck", "lost", "h to loss"):
        made.add_column(heading, justify="right", no_wrap=True)
    for heading in ("key", "last tick"):
        made.add_column(heading, no_wrap=True)
    for one in found:
        counts = (one.aside.get(state, 0) for state in ("quarantined", "stuck", "lost"))
        figures = (str(count) if count else "-" for count in (one.open, *counts))
        left = "-" if one.to_loss is None else f"{one.to_loss:.0f}"
        ago = tables.ago(now - one.ticked) if one.ticked else "never"
        cells = (one.export.name, one.export.state, tables.when(one.complete), *figures, left,
                 "yes" if one.keyed else "NO", ago)  # fmt: skip
        made.add_row(*map(Text, cells), style=one.tone)
    return made
