"""Calls, cost, ASR and ACD day by day, and the countries that cost most: from the rows of `calls_daily`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from cli.picture import charts
from cli.picture.charts import Chart, Series, Unit, Value
from cli.picture.facts import Row, Rows, count, grouped, number, total, written
from cli.picture.scope import Scope, spans

CALLS, SHARE, SECONDS = Unit("calls"), Unit("%", 0, 2), Unit("s", 0, 2)
COUNTRIES = 10
NAMELESS = "currency not told"
UNKNOWN = "unknown"
FORKED = "A forked call counts once for each direction and country that its legs have, in the shares below too."
NOT_ADDED = "The vendor does not tell the currency, so exports stand side by side and are not added up."


@dataclass(frozen=True)
class Sum:
    """Rows added up. Ratios are made of sums: the mean of the rows' ratios is another number."""

    rows: Rows

    @cached_property
    def calls(self) -> int:
        return sum(count(row, "calls") for row in self.rows)

    @cached_property
    def answered(self) -> int:
        return sum(count(row, "answered") for row in self.rows)

    @property
    def unpriced(self) -> int:
        return sum(count(row, "unpriced") for row in self.rows)

    @property
    def minutes(self) -> Decimal:
        return Decimal(sum(count(row, "answered_s") for row in self.rows)) / 60

    @property
    def cost(self) -> Decimal | None:
        return total(number(row, "cost") for row in self.rows)

    @cached_property
    def halved(self) -> bool:
        """Whether failures were left out by the request, so that a share of the answered says nothing."""
        return any(row["asr"] is None and count(row, "calls") for row in self.rows)

    @property
    def asr(self) -> Decimal | None:
        """Per cent of the calls that were answered."""
        return None if self.halved or not self.calls else Decimal(100 * self.answered) / self.calls

    @property
    def acd(self) -> Decimal | None:
        """Seconds of an answered call."""
        return Decimal(sum(count(row, "answered_s") for row in self.rows)) / self.answered if self.answered else None


class Traffic:
    """The rows of `calls_daily`, and what is drawn of them."""

    def __init__(self, scope: Scope, rows: Rows) -> None:
        self._scope, self._rows = scope, rows
        self.exports = scope.order(row["export"] or "" for row in rows)
        self.currencies = sorted({row["currency"] for row in rows}, key=lambda one: (one is None, one or ""))

    def figures(self) -> list[tuple[str, str]]:
        """The whole range in a few figures."""
        whole, known = Sum(self._rows), Sum([row for row in self._rows if row["asr"] is not None])
        name = "ASR, where failures are exported" if whole.halved else "ASR"
        told = [("calls", grouped(whole.calls)), ("answered minutes", grouped(whole.minutes, 0, 1))]
        told += [(name, f"{written(known.asr, 1, 1)} %" if known.asr is not None else "not known")]
        told += [("ACD", f"{written(whole.acd, 0, 1)} s" if whole.acd is not None else "no answered call")]
        for currency in self.currencies:
            told += [(f"cost, {label}", grouped(cost, 2, 2)) for label, cost in self._purses(currency)]
        return [*told, ("records without a price", grouped(whole.unpriced))]

    def _purses(self, currency: str | None) -> Iterator[tuple[str, Decimal]]:
        """What may be added: one currency, or, where it is not told, one export."""
        rows = [row for row in self._rows if row["currency"] == currency]
        names = [None] if currency else self.exports
        for name in names:
            cost = Sum([row for row in rows if name in (None, row["export"])]).cost
            if cost is not None:
                yield currency or f"{name} ({NAMELESS})", cost

    def daily(self) -> list[Chart]:
        """Calls, then cost in each currency, then how calls went."""
        calls = self._series(self._rows, lambda one: one.calls)
        made = [charts.bars("calls", "Calls per day", self._scope.days, calls, CALLS, stacked=True, notes=(FORKED,))]
        return [*made, *self._money(), self._asr(), self._acd()] if self._rows else []

    def _money(self) -> Iterator[Chart]:
        for at, currency in enumerate(self.currencies):
            rows = [row for row in self._rows if row["currency"] == currency]
            found = self._series([row for row in rows if row["cost"] is not None], lambda one: one.cost)
            if found:
                title, unit = f"Cost per day, {currency or NAMELESS}", Unit(currency or "cost", 2, 8)
                yield charts.bars(
                    f"cost-{at}", title, self._scope.days, found, unit,
                    stacked=bool(currency), notes=self._money_notes(currency, rows, len(found)),
                )  # fmt: skip

    def _money_notes(self, currency: str | None, rows: Rows, exports: int) -> tuple[str, ...]:
        free = Sum(rows).unpriced
        days = {_day(row) for row in rows if count(row, "unpriced")}
        notes = [f"In no sum: {free:,} records of calls without a price ({spans(days)})."] if free else []
        return (*notes, *([NOT_ADDED] if currency is None and exports > 1 else []))

    def _asr(self) -> Chart:
        found = self._series(self._rows, lambda one: one.asr)
        notes = ("Answered calls of all calls; a gap is a day without calls.", *self._halved())
        title = "Answered calls (ASR), per cent"
        return charts.lines("asr", title, self._scope.days, found, SHARE, notes)

    def _halved(self) -> Iterator[str]:
        """The days of which the failures were never asked for."""
        for name, rows in self._by_export(self._rows):
            days = {_day(row) for row in rows if Sum([row]).halved}
            if days:
                yield f"{name}: no ASR, for its filters or record types leave failures out ({spans(days)})."

    def _acd(self) -> Chart:
        found = self._series(self._rows, lambda one: one.acd)
        notes = ("Answered seconds of an answered call; a gap is a day without one.",)
        title = "Length of an answered call (ACD), seconds"
        return charts.lines("acd", title, self._scope.days, found, SECONDS, notes)

    def countries(self) -> Iterator[Chart]:
        """The countries at the other end that cost most, in each currency."""
        for at, currency in enumerate(self.currencies):
            rows = [row for row in self._rows if row["currency"] == currency and row["cost"] is not None]
            if rows:
                yield self._ranked(f"countries-{at}", currency, rows)

    def _ranked(self, name: str, currency: str | None, rows: Rows) -> Chart:
        by_country: dict[str, list[Row]] = {}
        for row in rows:
            by_country.setdefault(row["country"] or UNKNOWN, []).append(row)
        order = sorted(by_country, key=lambda one: (-(Sum(by_country[one]).cost or 0), one))
        found = [
            self._named(export, [Sum(_of(export, by_country[one])).cost for one in order])
            for export, _ in self._by_export(rows)
        ]
        first = f"The first {COUNTRIES} of {len(order)}; the table has all." if len(order) > COUNTRIES else ""
        notes = [first, NOT_ADDED if currency is None and len(found) > 1 else ""]
        return charts.ranked(
            name, f"Countries by cost, {currency or NAMELESS}", "country", order, found, Unit(currency or "cost", 2, 8),
            stacked=bool(currency), most=COUNTRIES, notes=tuple(note for note in notes if note),
        )  # fmt: skip

    def _series(self, rows: Rows, figure: Callable[[Sum], Decimal | int | None]) -> list[Series]:
        """A figure of each export, day by day; null on a day without rows."""
        made = []
        for name, own in self._by_export(rows):
            by_day: dict[date, list[Row]] = {}
            for row in own:
                by_day.setdefault(_day(row), []).append(row)
            sums = {day: figure(Sum(found)) for day, found in by_day.items()}
            made.append(self._named(name, [sums.get(day) for day in self._scope.days]))
        return made

    def _named(self, export: str, values: Sequence[Value]) -> Series:
        return Series(self._scope.title(export), values, self._scope.place(export))

    def _by_export(self, rows: Rows) -> Iterator[tuple[str, Rows]]:
        for name in self.exports:
            own = _of(name, rows)
            if own:
                yield name, own


def _day(row: Row) -> date:
    return date.fromisoformat((row["day"] or "")[:10])


def _of(export: str, rows: Iterable[Row]) -> Rows:
    return [row for row in rows if row["export"] == export]
