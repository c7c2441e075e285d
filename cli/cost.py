"""`cdr cost`: what a month of the stack cost at list prices, by what was counted, and the same per million calls."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli import charges, tables
from cli.bill import Bill, money, much
from cli.options import deployed
from cli.progress import progress
from cli.stack import Place
from cli.usage import Usage, month
from cli.wrong import plain
from lambdas.core.windows import DAY

EPILOG = """
List prices of us-east-1 without free tiers, from docs/costs.md. What nobody can tell is unknown, never 0. The bill
itself is in AWS's console under Billing.

Exit status: 0 told, 2 it could not be told.
"""


class Month(click.ParamType[datetime]):
    """A month: `2026-10`."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.strptime(value, "%Y-%m").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value!r} is not a month such as 2026-10", param, ctx)


@click.command(epilog=EPILOG)
@click.option("--month", "first", type=Month(), metavar="YYYY-MM", help="of UTC; the last one that is over, by default")
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@deployed
def cost(first: datetime | None, as_json: bool, exports: Path, **place: Any) -> None:  # noqa: ARG001 # as all commands
    """Show what a month cost, by what was used."""
    now = datetime.now(UTC)
    with plain():
        stack = Place(place.pop("stage"), **place).stack()
        with progress("counting") as tell:
            usage = Usage(stack, *month(first or last(now)), now, tell)
            items = list(usage.items())
        copies = usage.copies
        bill = Bill(f"{usage.start:%Y-%m}", items, copies.calls if copies else None)
    if as_json:
        click.echo(json.dumps({**bill.plain(), "untold": usage.untold}, indent=2))
        return
    _print(bill, usage)


def last(now: datetime) -> datetime:
    """The first instant of the last month that is over."""
    begun = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (begun - DAY).replace(day=1)


def _print(bill: Bill, usage: Usage) -> None:
    console = Console(width=None if sys.stdout.isatty() else tables.WIDTH)
    made = Table(title=f"{bill.month}, list prices of us-east-1, {charges.AS_OF}", title_justify="left")
    for heading, right in (("what", False), ("how much", True), ("unit", False), ("price", True),
                           ("per million calls", True), ("", False)):  # fmt: skip
        made.add_column(heading, justify="right" if right else "left", no_wrap=heading != "")
    for one in bill.items:
        cells = (one.what, much(one.amount), one.unit, money(one.dollars), _per(bill, one.dollars), one.note)
        made.add_row(*map(Text, cells), style="dim" if one.amount is None else "")
    console.print(made)
    least = "at least " if bill.unknown else ""
    calls = "an unknown number of" if bill.calls is None else f"{bill.calls:,}"
    each = f", {least}{_per(bill, bill.total)} per million" if bill.calls else ""
    console.print(f"{least}{money(bill.total)} for {calls} calls{each}", highlight=False)
    for what, why in usage.untold.items():
        console.print(f"unknown: {what}: {why}", markup=False, highlight=False, soft_wrap=True)
    if usage.end > usage.now:
        console.print("the month is not over: this is what it cost so far", highlight=False)


def _per(bill: Bill, dollars: float | None) -> str:
    each = bill.per(dollars)
    return "-" if each is None else money(each)
