"""What each question about the ledger must answer, in plain Python, from the rows that DynamoDB has."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

from lambdas.core.coverage import Day, coverage
from lambdas.core.receipt import complete_for
from lambdas.core.rows import Published, Row
from tests.local.legs import Known, Leg, grouped, total
from tests.local.matching import Among

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # every start of the set is a date, which does not count from it


def covered(known: Known) -> list[Leg]:
    return [_day(day, known) for day in coverage(known.windows, known.exports.sources)]


def _day(day: Day, known: Known) -> Leg:
    rows = [row for row in known.windows if (row.export, row.window.date) == (day.export, day.date)]
    copies = [row.published for row in rows if row.published]
    newest = max(copy.when.replace(microsecond=0) for copy in copies)
    return {
        "export": day.export,
        "month": day.date[:7],
        "day": date.fromisoformat(day.date),
        "state": day.state,
        "standing": day.standing or None,
        "windows": day.windows,
        "copied": day.copied,
        "rows": day.rows,
        "duration_s": sum(int(copy.totals["duration_s"]) for copy in copies),
        "cost": sum((Decimal(copy.totals["cost"]) for copy in copies), Decimal()),
        "vendor_rows": total(map(_said, copies), "vendor_rows"),
        "vendor_cost": total(map(_said, copies), "vendor_cost"),
        "complete_for": "; ".join(sorted({complete_for(copy.narrowed) for copy in copies})),
        "revision": max(copy.revision for copy in copies),
        "published_at": newest,
        "reasons": None,
        "receipt_key": Among({copy.receipt for copy in copies if copy.when.replace(microsecond=0) == newest}),
    }


def _said(copy: Published) -> Leg:
    """What the vendor said of a window, and we."""
    totals = copy.totals
    rows, cost = totals.get("vendor_rows"), totals.get("vendor_cost")
    return {
        "vendor_rows": None if rows is None else int(rows),
        "vendor_cost": None if cost is None else Decimal(cost),
        "cost": Decimal(totals["cost"]),
    }


def days_not_complete(known: Known) -> list[Leg]:
    """What is not complete of the days that there are, and of those since the start that there must be."""
    there = {(line["export"], line["day"]): line for line in covered(known)}
    days = [known.first + timedelta(later) for later in range((known.last - known.first).days + 1)]
    due = {
        (one.name, day)
        for one, day in product(known.exports.exports, days)
        if one.name in known.names and one.first(LONG_AGO).date() <= day < datetime.now(UTC).date()
    }
    return [
        {"export": export, "day": day, **_why(there.get((export, day)))}
        for export, day in due | there.keys()
        if (export, day) not in there or there[export, day]["state"] != "complete"
    ]


def _why(line: Leg | None) -> Leg:
    if line is None:
        return {"state": "open", "windows": 0, "copied": 0, "reasons": "it has no window"}
    return {name: line[name] for name in ("state", "windows", "copied", "reasons")}


def vendor_totals(known: Known) -> list[Leg]:
    told = ((row, row.published) for row in known.windows if row.published)
    return [_compared(row, copy) for row, copy in told if _said(copy)["vendor_rows"] is not None]


def _compared(row: Row, copy: Published) -> Leg:
    said = _said(copy)
    return {
        "export": row.export,
        "dt": row.window.date,
        "source": row.window.source,
        "window_start": row.window.start,
        "window_end": row.window.end,
        "rows": copy.rows,
        **said,
        "rows_difference": said["vendor_rows"] - copy.rows,
        "cost_difference": said["vendor_cost"] - said["cost"],
        "receipt_key": copy.receipt,
    }


def spend(known: Known) -> list[Leg]:
    """Every export of these has one currency, and calls in each month that it has windows in."""
    found = []
    for key, legs in grouped(known.legs, "export", "month", "currency"):
        billed = total(legs, "billed_s")
        found.append({
            **key,
            "calls": len(legs),
            "unpriced": sum(leg["cost"] is None for leg in legs),
            "billed_minutes": 0.0 if billed is None else billed / 60,
            "cost": total(legs, "cost"),
            **_told(key, known),
        })  # fmt: skip
    return found


def _told(key: Leg, known: Known) -> Leg:
    rows = [row for row in known.windows if (row.export, row.window.month) == (key["export"], key["month"])]
    copies = [_said(row.published) for row in rows if row.published]
    told = [copy for copy in copies if copy["vendor_cost"] is not None]
    ours, theirs = total(told, "cost"), total(told, "vendor_cost")
    return {
        "windows": len(copies),
        "windows_with_total": len(told),
        "windows_cost": ours,
        "vendor_cost": theirs,
        "difference": theirs - ours if told else None,
    }


def nothing(_known: Known) -> list[Leg]:
    """Nothing was asked for again."""
    return []


ANSWERS: Mapping[str, Callable[[Known], list[dict[str, Any]]]] = {
    "coverage": covered,
    "days_not_complete": days_not_complete,
    "late_changes": nothing,
    "spend": spend,
    "vendor_totals": vendor_totals,
}
