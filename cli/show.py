"""`cdr show`: a window's whole history, from its row, the logs, the lake and Step Functions."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from cli import tables
from cli.history import Histories
from cli.naming import names
from cli.options import Instant, deployed
from cli.progress import progress
from cli.raw import Sought, Written, opened, windows
from cli.stack import Place
from cli.wrong import plain

EPILOG = """
WINDOW is written as for `cdr raw`: a window's name (20261120T000000Z-86400, also with .SOURCE), a day of UTC, or a time
that lies in it. Moves are read from the functions' logs, so they go back `log_days` at most.

Exit status: 0 told, 2 it could not be told.
"""


@click.command(epilog=EPILOG)
@click.argument("name", metavar="EXPORT", shell_complete=names)
@click.argument("window", type=Written())
@click.option("--source", metavar="NAME", help="of this source alone; of all, by default")
@click.option("--until", type=Instant(), metavar="TIME", help="as of this time: that of `python -m local up --until`")
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@deployed
def show(
    name: str, window: Sought, source: str | None, until: datetime | None, as_json: bool, exports: Path, **place: Any
) -> None:  # fmt: skip
    """Show the whole history of a WINDOW of EXPORT."""
    window = window.of(source) if source else window
    with plain():
        stack = opened(name, exports, Place(place.pop("stage"), **place))
        with progress(f"reading what there is of {name}"):
            histories = Histories(stack, until or datetime.now(UTC))
            found = [histories.of(row) for row in windows(stack, name, window)]
    if as_json:
        click.echo(json.dumps(found, indent=2, default=str))
        return
    console = Console(width=None if sys.stdout.isatty() else tables.WIDTH)
    for one in found:
        for line in told(one):
            console.print(line, soft_wrap=True, highlight=False)


def told(one: Mapping[str, Any]) -> Iterator[Text]:
    """All of it for people, a line each."""
    yield Text(f"{one['export']} {one['window']}", "bold")
    yield _line("now", one["now"], ("state", "turn", "reason", "due_at", "stale_since", "asked_at", "report_id",
                                    "looks", "failures", "declined", "crashes", "wakes", "options"))  # fmt: skip
    if one["published"]:
        yield _line("published", one["published"], ("revision", "at", "rows", "totals", "key", "receipt", "raw"))
    else:
        yield Text("published: nothing")
    yield from _part("what operators did", map(_said, one["operators"]), "nothing")
    since = f"since {one['moves_since']}" if one["moves_since"] else f"{one['moves_untold']}"
    yield from _part(f"moves (in the logs {since})", map(_move, one["moves"]), "none")
    yield from _part("receipts", (_line("", each) for each in one["receipts"]), "none")
    yield from _part("in quarantine", (_line("", each) for each in one["quarantine"]), "nothing")
    yield from _part("versions of its calls", (_line("", each) for each in one["versions"]), "none")
    yield from _part("executions", (_line("", each) for each in one["executions"]), "none")


def _part(title: str, lines: Iterable[Text], none: str) -> Iterator[Text]:
    found = list(lines)
    yield Text(f"{title}:{'' if found else f' {none}'}", "bold" if found else "")
    yield from (Text("  ").append_text(line) for line in found)


def _move(one: Mapping[str, Any]) -> Text:
    because = f": {one['because']}" if one["because"] else ""
    return Text(tables.clean(f"{one['at']} {one['source']:<9} {one['from']} -> {one['to']} {one['turn']}{because}"))


def _said(one: Mapping[str, str]) -> Text:
    return Text(tables.clean(f"{one.get('at')} {one.get('did')} by {one.get('by')}: {one.get('why')}"))


def _line(title: str, facts: Mapping[str, Any], wanted: Iterable[str] | None = None) -> Text:
    """`title: name value, name value`, of what there is."""
    shown = [(name, facts.get(name)) for name in (wanted or facts)]
    words = [f"{name} {_value(value)}" for name, value in shown if value not in (None, [], {}, "", 0, False)]
    return Text(tables.clean(f"{title}: " if title else "") + tables.clean(", ".join(words)))


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return " ".join(f"{name}={each}" for name, each in value.items()) if isinstance(value, dict) else str(value)
