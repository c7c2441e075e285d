"""An invoice of a month, as somebody types it, and the days of it beside ours."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from cli.wrong import Wrong

CENT = Decimal("0.01")
SUCH = "2026-10-31,12.50"


class Month(click.ParamType[date]):
    """A month, as ISO 8601 has it; its first day."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", str(value)):
            self.fail(f"{value!r} is not a month such as 2026-10", param, ctx)
        return date.fromisoformat(f"{value}-01")


class Amount(click.ParamType[Decimal]):
    """An amount, exactly."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        found = _amount(str(value))
        if found is None:
            self.fail(f"{value!r} is not an amount such as 1234.56", param, ctx)
        return found


@dataclass(frozen=True)
class Day:
    """A day of ours, and what the vendor says of it."""

    day: date
    calls: int = 0
    billed_s: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    vendor: Decimal | None = None  # the reports' own totals
    invoice: Decimal | None = None

    @property
    def difference(self) -> Decimal | None:
        """The invoice's amount less ours."""
        return None if self.invoice is None else self.invoice - self.cost

    def more(self, row: Mapping[str, str | None]) -> "Day":
        """With the figures of a row of the answer."""
        return replace(
            self,
            calls=self.calls + int(row["legs"] or 0),
            billed_s=self.billed_s + int(row["billed_s"] or 0),
            cost=self.cost + Decimal(row["cost"] or 0),
            unpriced=self.unpriced + int(row["unpriced"] or 0),
        )

    def flat(self) -> dict[str, Any]:
        """For a program: amounts are text, exactly."""
        amounts = {
            "cost": self.cost,
            "vendor_cost": self.vendor,
            "invoice": self.invoice,
            "difference": self.difference,
        }
        return {
            "day": self.day.isoformat(), "calls": self.calls, "billed_s": self.billed_s, "unpriced": self.unpriced,
            **{name: None if one is None else str(one) for name, one in amounts.items()},
        }  # fmt: skip


@dataclass(frozen=True)
class Invoice:
    """What is to be paid for a month, whole or by day; `tolerance` is a percentage."""

    month: date  # its first day
    amount: Decimal
    days: Mapping[date, Decimal] = field(default_factory=dict)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    tolerance: Decimal = Decimal("0.1")

    @property
    def first(self) -> date:
        """The first day."""
        return self.month

    @property
    def last(self) -> date:
        """The last day."""
        return (self.month + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    @property
    def dates(self) -> list[date]:
        """All days."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first instant, and the first one after it."""
        ends = (self.first, self.last + timedelta(days=1))
        since, until = (datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC) for day in ends)
        return since, until

    def agrees(self, difference: Decimal | None) -> bool:
        """Whether a difference is none."""
        return abs(difference or Decimal(0)) <= max(CENT, abs(self.amount) * self.tolerance / 100)

    def words(self, whole: Day) -> str:
        """The difference in a sentence."""
        less = whole.difference or Decimal(0)
        share = f", {abs(less) / self.amount:.3%} of it" if self.amount else ""
        by = sum(self.days.values(), Decimal(0)) - self.amount if self.days else Decimal(0)
        apart = f"; its days differ from it by {by}" if by else ""
        if self.agrees(less):
            return f"the invoice of {self.amount} agrees: it differs by {less.normalize():f}{share}{apart}"
        more = "more" if less > 0 else "less"
        return f"the invoice of {self.amount} is {abs(less).normalize():f} {more} than the calls' cost{share}{apart}"


def days_of(path: Path, month: date) -> dict[date, Decimal]:
    """The days of a CSV of date,amount; a header is passed over. Raises Wrong."""
    found = dict[date, Decimal]()
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise Wrong(f"{path}: cannot be read as a CSV in UTF-8") from None
    for number, row in enumerate(rows, 1):
        day, amount = _day(row), _amount(row[1].strip()) if len(row) == 2 else None
        if number == 1 and day is None:
            continue
        if row and (day is None or amount is None or day in found or day.replace(day=1) != month):
            raise Wrong(
                f"{path}, line {number}: a day of {month:%Y-%m}, each once, and its amount, as 2026-10-31,12.50"
            )
        if day is not None and amount is not None:
            found[day] = amount
    if not found:
        raise Wrong(f"{path}: no line of it is a day and an amount: {SUCH}")
    return found


def table(days: Sequence[Day], whole: Day) -> Table:
    """Each day in a line, and the sum."""
    made = Table("day", show_footer=True)
    made.columns[0].footer = "sum"
    cells = [_cells(one) for one in days]
    headings = ("calls", "billed minutes", "our cost", "vendor's totals", "invoice", "difference")
    for heading, footer in zip(headings, _cells(whole)[1:], strict=True):
        made.add_column(heading, footer, justify="right", no_wrap=True)
    for row in cells:
        made.add_row(*row)
    return made


def _cells(one: Day) -> list[str]:
    amounts = (one.cost, one.vendor, one.invoice, one.difference)
    told = ["-" if amount is None else f"{amount:,.4f}" for amount in amounts]
    return [one.day.isoformat(), f"{one.calls:,}", f"{Decimal(one.billed_s) / 60:,.1f}", *told]


def _day(row: Sequence[str]) -> date | None:
    try:
        return date.fromisoformat(row[0].strip())
    except (ValueError, IndexError):
        return None


def _amount(text: str) -> Decimal | None:
    try:
        number = Decimal(text) if re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,8})?", text) else None
    except InvalidOperation:
        return None
    return number
