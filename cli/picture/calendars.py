"""A calendar of coverage for each export: each day with its letter, and with the facts of its receipt."""

from collections.abc import Iterable, Mapping
from typing import Any

from cli.picture import looks
from cli.picture.charts import Chart, Table
from cli.picture.coverage import Covered
from cli.picture.facts import Row, number, written
from cli.picture.looks import LOOKS, OUTSIDE, STRANGE, Look
from cli.picture.scope import Scope

LONG = 100  # more days than these lie across a screen, not down it
CELL = 44  # pixels: a finger
WEEK = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
# The columns of a day's facts, and what they are in the view `coverage`.
FACTS = {
    "windows": "windows", "copied": "copied", "rows": "rows", "seconds": "duration_s", "cost": "cost",
    "vendor's rows": "vendor_rows", "vendor's cost": "vendor_cost", "complete for": "complete_for",
    "revision": "revision", "published (UTC)": "published_at", "reasons": "reasons", "receipt": "receipt_key",
}  # fmt: skip
MONEY = ("cost", "vendor_cost")
FIGURES = frozenset(range(2, 9)) | {10}
EDGE = {"borderColor": "#ffffff", "borderWidth": 2}
RICH = {"day": {"fontSize": 10}, "letter": {"fontSize": 15, "fontWeight": "bold", "lineHeight": 18}}


def calendars(scope: Scope, found: Iterable[Covered]) -> list[Chart]:
    """A calendar for each export, its weeks downwards, so that it fits a phone; a long one lies on a screen."""
    return [_calendar(scope, one, at) for at, one in enumerate(found)]


def _calendar(scope: Scope, one: Covered, at: int) -> Chart:
    title, weeks, long = scope.title(one.name), _weeks(scope), len(scope.days) > LONG
    rows = [[f"{cell.day}", cell.look.words, *_facts(cell.row)] for cell in one.cells]
    table = Table(["day (UTC)", "state", *FACTS], rows, FIGURES)
    series = list(_series(scope, one))
    option = _frame(scope, title) | {"series": series}
    wide = _lying([one["name"] for one in series]) if long else {}
    return Chart(f"coverage-{at}", title, option, 34 + weeks * CELL, table, wide, 7 * 24 + 40 if long else 0,
                 long=long, kind="calendar")  # fmt: skip


def _weeks(scope: Scope) -> int:
    """How many rows a calendar has, its weeks beginning on Monday."""
    return (scope.first.weekday() + len(scope.days) + 6) // 7


def _facts(row: Row | None) -> list[str]:
    if row is None:
        return [""] * len(FACTS)
    return [written(number(row, name), 2, 8) if name in MONEY else row[name] or "" for name in FACTS.values()]


def _frame(scope: Scope, title: str) -> dict[str, Any]:
    return {
        "animation": False,
        "textStyle": {"fontFamily": looks.FONT},
        "aria": {"enabled": True, "label": {"description": f"{title}: a calendar of coverage. The table is below it."}},
        "tooltip": {},
        "calendar": {
            "range": [f"{scope.first}", f"{scope.last}"], "orient": "vertical", "cellSize": ["auto", CELL],
            "left": 40, "right": 2, "top": 26, "bottom": "auto",
            "itemStyle": {"color": "#ffffff", **EDGE},
            "splitLine": {"lineStyle": {"color": looks.FAINT, "width": 1}},
            "dayLabel": {"firstDay": 1, "nameMap": WEEK, "color": looks.INK},
            "monthLabel": {"color": looks.INK}, "yearLabel": {"show": False},
        },
    }  # fmt: skip


def _lying(names: Iterable[str]) -> Mapping[str, Any]:
    """What differs where a year lies across a screen: its cells have room for a letter, and for no day."""
    letters = [{"name": name, "label": {"formatter": name, "fontSize": 11}} for name in names]
    return {"calendar": {"orient": "horizontal", "cellSize": ["auto", 24], "top": 28}, "series": letters}


def _series(scope: Scope, one: Covered) -> Iterable[dict[str, Any]]:
    """The days of each look, each with its day of the month and its row in the table; then the days of none."""
    rows = {cell.day: at for at, cell in enumerate(one.cells)}
    for look in (*LOOKS.values(), STRANGE):
        days = [[f"{cell.day}", 0, cell.day.day, rows[cell.day]] for cell in one.cells if cell.look is look]
        if days:
            yield _heat(look, days)
    outside = [[f"{day}", 0, day.day] for day in scope.days if day not in rows]
    if outside:
        yield _heat(OUTSIDE, outside) | {"silent": True}


def _heat(look: Look, days: list[list[Any]]) -> dict[str, Any]:
    # The day of the month is the third value of a point, which ECharts fills in.
    label = {"show": True, "color": look.ink, "rich": RICH, "formatter": f"{{day|{{@[2]}}}}\n{{letter|{look.letter}}}"}
    return {"type": "heatmap", "coordinateSystem": "calendar", "name": look.letter, "itemStyle": look.style | EDGE,
            "emphasis": {"disabled": True}, "label": label, "data": days}  # fmt: skip
