"""The truth beside the answer: what the simulated accounts really had, against what Athena says of `calls`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from lambdas.core.exports import Export, Exports
from lambdas.core.rows import Row, Work
from lambdas.vendors import VENDORS
from lambdas.web import Web
from local.calls import Call, Tally, truth
from local.cast import Role
from local.stack import Stack
from local.vendors import SIMULATORS

SQL = """
SELECT export, CAST(CAST(started_at AS date) AS varchar) AS day, count(*) AS calls,
       sum(duration_s) AS seconds, sum(billed_s) AS billed, sum(cost) AS cost
FROM calls GROUP BY 1, 2 ORDER BY 1, 2
""".strip()

Days = Mapping[tuple[str, date], Tally]


@dataclass(frozen=True)
class Line:
    """One export and day: what was answered, and what is true; None where nobody can tell."""

    export: str
    day: date
    found: Tally
    true: Tally | None

    @property
    def right(self) -> bool:
        """Whether every figure is the same."""
        return self.true is None or self.found == self.true


def answered(stack: Stack) -> Days:
    """Calls, seconds and cost per export and day, asked of Athena."""
    return {
        (row["export"] or "", date.fromisoformat(row["day"] or "")): Tally(
            int(row["calls"] or 0), int(row["seconds"] or 0), int(row["billed"] or 0), Decimal(row["cost"] or 0)
        )
        for row in stack.query(SQL)
    }


def true(exports: Exports, roles: Mapping[str, Role], rows: Iterable[Row]) -> Days:
    """The same of the simulated accounts, for all windows that the vendor could give."""
    told = reported(exports, roles, rows)
    return {(name, day): tally for name, calls in told.items() for day, tally in truth(calls).items()}


def reported(exports: Exports, roles: Mapping[str, Role], rows: Iterable[Row]) -> dict[str, list[Call]]:
    """The calls that the vendors' reports of these windows told of, each once, by export."""
    by_export: dict[str, dict[str, Call]] = {}
    for row in rows:
        if row.export in roles and row.state is not Work.UNREACHABLE:
            calls = by_export.setdefault(row.export, {})
            calls.update((call.row_id, call) for call in _reported(exports.get(row.export), roles[row.export], row))
    return {name: list(calls.values()) for name, calls in by_export.items()}


def _reported(export: Export, role: Role, row: Row) -> Iterable[Call]:
    """The calls of a window's report, told by the vendor's own rules and the very request that we send."""
    window = row.window
    vendor = VENDORS[export.vendor]
    asked = vendor(export, dict.fromkeys(vendor.facts.secret[export.api], ""), Web()).fields(window)
    simulator = SIMULATORS[role.vendor]
    wanted = simulator.wanted(asked, window.end, export.api)
    calls = role.calls().between(window.start, window.end, axis=role.axis, closed=role.closed)
    return map(simulator.told, filter(wanted, calls))


def compare(found: Days, real: Days, roles: Mapping[str, Role]) -> list[Line]:
    """Day by day; a day that only one side has is a difference."""
    return [
        Line(name, day, found.get((name, day), Tally()), real.get((name, day), Tally()) if name in roles else None)
        for name, day in sorted({*found, *real})
    ]


def show(lines: list[Line], console: Console) -> None:
    """The table: each figure with the truth beside it."""
    table = Table("export", "day", title="calls per day, from Athena, beside the truth")
    for heading in ("calls", "truth", "minutes", "truth", "cost", "truth"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for line in lines:
        cells = [cell for pair in zip(_cells(line.found), _cells(line.true), strict=True) for cell in pair]
        table.add_row(
            line.export, str(line.day), *cells, ("" if line.true is None else "=" if line.right else "DIFFERS")
        )
    console.print(table)


def _cells(tally: Tally | None) -> tuple[str, str, str]:
    if tally is None:
        return "-", "-", "-"
    return f"{tally.rows:,}", f"{tally.seconds / 60:,.2f}", f"{tally.cost:,.8f}"
