"""`cdr reconcile`: a month's calls and cost against the vendor's invoice, by day, and what may explain a difference."""

import json
import sys
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console

from cli import asking, tables
from cli.execution import Athena
from cli.invoice import Amount, Day, Invoice, Month, days_of, table
from cli.naming import names
from cli.options import deployed
from cli.price import dollars
from cli.progress import progress
from cli.report import Asker
from cli.stack import Place, Stack
from cli.stack import exports as known
from cli.wrong import Wrong, plain
from infra import questions
from lambdas.core.coverage import Stretch, stretches
from lambdas.core.exports import Export, Exports
from lambdas.core.rows import Row, Work
from lambdas.core.states import State, state
from lambdas.core.wanted import wanted
from lambdas.vendors import FACTS

LEFT = 1
SQL = """SELECT
  day, currency,
  sum(legs) AS legs, sum(billed_s) AS billed_s, sum(cost) AS cost, sum(unpriced) AS unpriced
FROM (
{daily}
) AS told
GROUP BY day, currency"""
EPILOG = """
One query is run, and what it scans is billed. The vendor's own totals come from the ledger, by UTC day.

Exit status: 0 they agree and nothing is missing, 1 else, 2 it could not be told, 130 interrupted.
"""


@click.command(epilog=EPILOG)
@click.option("--month", type=Month(), required=True, metavar="YYYY-MM", help="the month of the invoice")
@click.option("--invoice", "amount", type=Amount(), metavar="AMOUNT", help="what it comes to, such as 1234.56")
@click.option("--days", "daily", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="a CSV of date,amount, where the invoice has days")  # fmt: skip
@click.option("--export", "only", multiple=True, metavar="EXPORT", shell_complete=names,
              help="what the invoice is of; may be repeated; all, by default")  # fmt: skip
@click.option("--currency", metavar="CODE", help="the invoice's, where the calls have several")
@click.option("--timezone", "zone", type=asking.Zone(), default="UTC", show_default=True, metavar="NAME",
              help="whose days and month")  # fmt: skip
@click.option("--tolerance", type=Amount(), default="0.1", show_default=True, metavar="PERCENT",
              help="a difference up to it, or up to 0.01, is none")  # fmt: skip
@click.option("--patience", type=click.IntRange(1), default=600, show_default=True, metavar="SECONDS",
              help="how long to wait for the answer")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@deployed
def reconcile(month: date, amount: Decimal | None, daily: Path | None, exports: Path, **how: Any) -> None:
    """Compare a month's cost with the vendor's invoice, and say what may explain the difference."""
    if amount is None and daily is None:
        raise click.UsageError("--invoice AMOUNT, or --days FILE, or both")
    only, currency, zone = (how.pop(name) for name in ("only", "currency", "zone"))
    tolerance, patience, as_json = (how.pop(name) for name in ("tolerance", "patience", "as_json"))
    with plain():
        place = Place(how.pop("stage"), **how)
        chosen, stack = _chosen(known(exports, place.stage), only), place.stack()
        days = days_of(daily, month) if daily else {}
        invoice = Invoice(
            month, sum(days.values(), Decimal(0)) if amount is None else amount, days, ZoneInfo(zone), tolerance
        )
        asker = Asker(Athena(stack), patience)
        found = _found(asker, chosen, invoice, asker.athena.database, currency)
        doubts = [doubt for export in chosen.exports for doubt in _doubts(stack, export, invoice, found)]
    click.echo(f"{asker.seconds:.1f} s, {dollars(asker.price)}", err=True)
    _tell(Compared(invoice, found, doubts), as_json=as_json)


@dataclass(frozen=True)
class Doubt:
    """What may explain a difference; `missing`: it is not in the sum at all."""

    text: str
    missing: bool = False


@dataclass(frozen=True)
class Compared:
    """The month as it is told."""

    invoice: Invoice
    days: list[Day]
    doubts: list[Doubt]

    @property
    def all(self) -> Day:
        """The sum of the days, beside the whole invoice."""
        vendor = [one.vendor for one in self.days if one.vendor is not None]
        return Day(
            self.invoice.month, sum(one.calls for one in self.days), sum(one.billed_s for one in self.days),
            sum((one.cost for one in self.days), Decimal(0)), sum(one.unpriced for one in self.days),
            sum(vendor, Decimal(0)) if vendor else None, self.invoice.amount,
        )  # fmt: skip

    @property
    def wrong(self) -> bool:
        """Whether somebody has to look."""
        return not self.invoice.agrees(self.all.difference) or any(one.missing for one in self.doubts)


def _chosen(exports: Exports, only: tuple[str, ...]) -> Exports:
    there = {one.name: one for one in exports.exports}
    for name in only:
        if name not in there:
            raise Wrong(f"no export {name}: the file has {', '.join(there)}")
    return replace(exports, exports=tuple(one for one in exports.exports if not only or one.name in only))


def _found(asker: Asker, exports: Exports, invoice: Invoice, database: str, currency: str | None) -> list[Day]:
    """Our figures by day, of the invoice's currency. Raises Wrong where it is not clear which that is."""
    first, last = invoice.first, invoice.last
    asked = questions.Asked(
        database, exports, questions.date(first), questions.date(last), zone=invoice.zone.key,
        only=tuple(one.name for one in exports.exports),
    )  # fmt: skip
    rows = asker(SQL.format(daily=questions.text("calls_daily", asked)))
    met = sorted({row["currency"] or "" for row in rows} - {""})
    if len(met) > 1 and currency is None:
        raise Wrong(f"the calls are in {', '.join(met)}: say by --currency which the invoice is in")
    days = {one: Day(one, invoice=invoice.days.get(one)) for one in invoice.dates}
    for row in rows:
        if row["currency"] in (None, "", currency or row["currency"]):
            day = date.fromisoformat(str(row["day"])[:10])
            days[day] = days[day].more(row)
    return list(days.values())


def _doubts(stack: Stack, export: Export, invoice: Invoice, found: list[Day]) -> list[Doubt]:
    """What of an export's month is missing, or not what it will be; the vendor's totals are added to the days."""
    with progress(f"reading the ledger of {export.name}") as tell:
        head, rows = stack.ledger(export.name, lambda count: tell(f"{count:,} windows"))
    since, until = invoice.span
    inside = [row for row in rows if row.window.start < until and row.window.end > since]
    for row in inside:
        _add(found, row)
    of = wanted(export, FACTS[export.vendor], head, datetime.now(UTC))
    pieces = [one for one in stretches(inside, of) if one.start < until and one.end > since]
    doubts = [_doubt(one, since, until) for one in pieces if one.missing or one.state is State.UNREACHABLE]
    if of.start > since:
        doubts.append(Doubt(f"begins with {tables.when(of.start)}, and has nothing before", missing=True))
    late = sum(state(row) is State.PROVISIONAL for row in inside)
    aside = sum(row.state is Work.QUARANTINED and row.published is not None for row in inside)
    act = sum(row.published is not None and row.published.act is not None for row in inside)
    counted = (
        (late, "windows are provisional: copied before their last re-export"),
        (aside, "windows have a newer file in quarantine: `cdr release` or `cdr retry`"),
        (act, "windows were released or imported by an operator"),
    )
    doubts += [Doubt(f"{count} {what}") for count, what in counted if count]
    return [replace(one, text=f"{export.name}: {one.text}") for one in doubts]


def _doubt(one: Stretch, since: datetime, until: datetime) -> Doubt:
    """A stretch without its calls."""
    span = f"{tables.when(max(one.start, since))} to {tables.when(min(one.end, until))}"
    why = f": {tables.clean(one.reasons[0])}" if one.reasons else ""
    return Doubt(f"{one.source} {one.state} from {span}{why}", one.missing)


def _add(found: list[Day], row: Row) -> None:
    """The vendor's own total of a window, to its UTC day."""
    told = row.published.totals.get("vendor_cost") if row.published else None
    for at, day in enumerate(found):
        if told is not None and day.day == row.window.start.date():
            found[at] = replace(day, vendor=(day.vendor or Decimal(0)) + Decimal(told))


def _tell(told: Compared, *, as_json: bool) -> None:
    whole = told.all
    notes = [one.text for one in told.doubts]
    notes += [f"{whole.unpriced:,} calls are not priced yet"] if whole.unpriced else []
    if as_json:
        days = [one.flat() for one in told.days]
        agrees = told.invoice.agrees(whole.difference)
        said = {"month": f"{told.invoice.month:%Y-%m}", "days": days, "sum": whole.flat(), "agrees": agrees}
        click.echo(json.dumps({**said, "explain": notes}, indent=2))
    else:
        console = Console(width=None if sys.stdout.isatty() else tables.WIDTH)
        console.print(table(told.days, whole))
        click.echo(told.invoice.words(whole))
        for note in notes:
            click.echo(f"may explain it: {note}")
    sys.exit(LEFT if told.wrong else 0)
