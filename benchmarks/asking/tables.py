"""The figures as tables: of the lakes, of one day's question, of every question for a month, and of whole bills."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table

from benchmarks.asking import bill
from benchmarks.asking.bench import LAYOUTS, Answer, Lake, Measured

MB = bill.MB


@dataclass(frozen=True)
class Sheet:
    """One table."""

    title: str
    heads: Sequence[str]
    lines: list[list[str]]

    def markdown(self) -> str:
        """For docs/asking.md."""
        marks = ["---", *["--:"] * (len(self.heads) - 1)]
        rows = [list(self.heads), marks, *self.lines]
        return f"### {self.title}\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"

    def rich(self) -> Table:
        """For the terminal."""
        table = Table(title=self.title)
        for place, head in enumerate(self.heads):
            table.add_column(head, justify="right" if place else "left")
        for line in self.lines:
            table.add_row(*line)
        return table


@dataclass(frozen=True)
class Book:
    """What was measured, by account and layout."""

    measured: Measured

    def lake(self, account: int, seconds: int) -> Lake:
        """That one."""
        return next(one for one in self.measured.lakes if (one.account, one.seconds) == (account, seconds))

    def answers(self, account: int, seconds: int) -> dict[str, Answer]:
        """By the question's name."""
        return {one.name: one for one in self.measured.answers if (one.account, one.seconds) == (account, seconds)}

    @property
    def accounts(self) -> list[int]:
        """Calls a day."""
        return sorted({one.account for one in self.measured.lakes})

    def sheets(self) -> list[Sheet]:
        """All tables."""
        middle = self.accounts[len(self.accounts) // 2]
        return [self._lakes(), self._day(), self._questions(middle), self._bills()]

    def _lakes(self) -> Sheet:
        heads = [
            "account, windows", "files a day", "CSV, B a call", "packed, as kept", "Parquet", "Parquet / packed",
            "scanned by a count and a cost, B a call",
        ]  # fmt: skip
        return Sheet("What lies there", heads, [_lake(one, self._count(one)) for one in self.measured.lakes])

    def _count(self, lake: Lake) -> float:
        answer = self.answers(lake.account, lake.seconds)["`calls_all`, `dt`"]
        return answer.read / lake.calls * lake.days

    def _day(self) -> Sheet:
        lines = []
        for account in self.accounts:
            columns = [self.answers(account, seconds) for seconds in LAYOUTS]
            lakes = [self.lake(account, seconds) for seconds in LAYOUTS]
            lines.append([f"{account:,}: the raw files", *(_mb(one.raw / one.days) for one in lakes), ""])
            for name in [name for name, one in columns[0].items() if one.month == 1]:
                figures = [_mb(one[name].read) for one in columns]
                lines.append([f"{account:,}: {name}", *figures, f"{lakes[0].days}"])
        return Sheet("A day's count and cost, MB scanned", ["account: how", *LAYOUTS.values(), "days there"], lines)

    def _questions(self, account: int) -> Sheet:
        heads = ["question", *(f"{told}, {what}" for told in LAYOUTS.values() for what in ("MB", "$")), "/ packed CSV"]
        raw = self.lake(account, next(iter(LAYOUTS)))
        lines = []
        for name, first in self.answers(account, raw.seconds).items():
            if first.month > 1:
                reads = [bill.read(self.answers(account, seconds)[name], bill.MONTH) for seconds in LAYOUTS]
                figures = [cell for one in reads for cell in (_mb(one), f"{bill.price(one):.4f}")]
                packed = raw.raw / raw.days * bill.days(first, bill.MONTH)
                lines.append([f"`{name}`", *figures, f"{reads[0] / packed:.2f}"])
        return Sheet(f"Every question for a month, {account:,} calls a day", heads, lines)

    def _bills(self) -> Sheet:
        heads = [
            "account, windows", "month: scans, $", "requests, $", "dearest, $", "whole files, $", "year: scans, $",
            "requests, $", "dearest, $", "whole files, $",
        ]  # fmt: skip
        return Sheet("Every question once", heads, [self._bill(one) for one in self.measured.lakes])

    def _bill(self, lake: Lake) -> list[str]:
        asked = [one for one in self.answers(lake.account, lake.seconds).values() if one.month > 1]
        cells = [cell for span in (bill.MONTH, bill.YEAR) for cell in _costs(asked, lake, span)]
        return [f"{lake.account:,}, {LAYOUTS[lake.seconds]}", *cells]


def _lake(lake: Lake, count: float) -> list[str]:
    sizes = [one / lake.calls for one in (lake.plain, lake.raw, lake.parquet)]
    ratio = f"{lake.parquet / lake.raw:.2f}"
    files = f"{lake.files / lake.days:,.0f}"
    name = f"{lake.account:,}, {LAYOUTS[lake.seconds]}"
    return [name, files, *(f"{one:,.0f}" for one in sizes), ratio, f"{count:,.1f}"]


def _costs(asked: Iterable[Answer], lake: Lake, span: int) -> list[str]:
    scans = [bill.price(bill.read(one, span)) for one in asked]
    files = sum(bill.requests(one, span) for one in asked)
    most = sum(bill.price(bill.whole(one, lake, span)) for one in asked)
    return [f"{figure:.4f}" if figure < 1 else f"{figure:,.2f}" for figure in (sum(scans), files, max(scans), most)]


def _mb(size: float) -> str:
    return f"{size / MB:,.2f}" if size < 10 * MB else f"{size / MB:,.0f}"
