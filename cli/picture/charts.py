"""Charts as values: ECharts' options and the very numbers as a table; each option comes from its table's figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from cli.picture import looks
from cli.picture.facts import total, written

Value = Decimal | int | None
# Pixels that a legend has on a phone, in a third of a screen, and on a whole one.
NARROW, THIRD, WIDE = 300, 350, 1000
LEGEND_LINE = 28
PLOT = 220
MANY = 62  # days, above which marks shrink and edges go
LEGEND_LINES = 4  # more of them are leafed through


@dataclass(frozen=True)
class Table:
    """What a chart shows, in words and digits; a point of the chart is the row of the same position."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: frozenset[int] = frozenset()  # the columns that are numbers


@dataclass(frozen=True)
class Chart:
    """One picture and its table."""

    name: str
    title: str
    option: Mapping[str, Any]  # for a phone
    height: int
    table: Table
    wide: Mapping[str, Any] = field(default_factory=dict)  # what differs on a screen
    wide_height: int = 0  # the same as on a phone, if 0
    long: bool = False  # whether it wants the whole width of a screen
    notes: tuple[str, ...] = ()
    kind: str = "figures"  # or calendar


@dataclass(frozen=True)
class Series:
    """A name and its figures, null where there is none."""

    name: str
    values: Sequence[Value]
    at: int = 0  # its place among all: the same export looks the same in every chart


@dataclass(frozen=True)
class Unit:
    """What a figure counts, and its decimals."""

    word: str
    least: int = 0
    most: int = 0

    def plain(self, value: Value) -> str:
        return written(value, self.least, self.most)


def bars(name: str, title: str, days: Sequence[date], found: Sequence[Series], unit: Unit, *, stacked: bool,
         notes: tuple[str, ...] = ()) -> Chart:  # fmt: skip
    """A bar for each day; stacked where a sum makes sense."""
    labels = [day.isoformat() for day in days]
    option = _frame(title, found) | {
        "xAxis": _days(labels),
        "yAxis": _figures(unit),
        "series": [_bar(one, stacked=stacked, many=len(days) > MANY) for one in found],
    }
    table = _table("day", labels, found, unit, summed=stacked)
    return Chart(name, title, option, _tall(found), table, _wide(found), _tall(found, WIDE), long=True, notes=notes)


def lines(name: str, title: str, days: Sequence[date], found: Sequence[Series], unit: Unit,
          notes: tuple[str, ...] = ()) -> Chart:  # fmt: skip
    """A line over the days for each series, with a gap where nothing is known."""
    labels = [day.isoformat() for day in days]
    series = [_line(one, many=len(days) > MANY) for one in found]
    option = _frame(title, found) | {"xAxis": _days(labels), "yAxis": _figures(unit), "series": series}
    table = _table("day", labels, found, unit, summed=False)
    return Chart(name, title, option, _tall(found), table, _wide(found), _tall(found, WIDE), long=True, notes=notes)


def ranked(name: str, title: str, head: str, labels: Sequence[str], found: Sequence[Series], unit: Unit, *,
           stacked: bool, most: int, long: bool = False, notes: tuple[str, ...] = ()) -> Chart:  # fmt: skip
    """A lying bar for each label, the first `most` of them; the table has all."""
    shown = [replace(one, values=one.values[:most]) for one in found]
    labels_shown = list(labels[:most])
    label = {"width": 130, "overflow": "truncate", "color": looks.INK, "interval": 0}
    axis = {"type": "category", "data": labels_shown, "inverse": True, "axisTick": {"show": False}, "axisLabel": label}
    option = _frame(title, shown) | {
        "xAxis": _figures(unit) | {"splitNumber": 3},
        "yAxis": axis | {"axisLine": {"lineStyle": {"color": looks.FAINT}}},
        "series": [_bar(one, stacked=stacked) for one in shown],
    }
    lanes = len(labels_shown) * (1 if stacked else max(1, len(shown)))
    height = 70 + LEGEND_LINE * _lines(shown, NARROW) + lanes * 24
    wide = _wide(shown, WIDE if long else THIRD)
    if long:
        wide |= {"yAxis": {"axisLabel": {"width": 330}}, "xAxis": {"splitNumber": 6}}
    table = _table(head, labels, found, unit, summed=stacked)
    return Chart(name, title, option, height, table, wide, height, long=long, notes=notes)


def _frame(title: str, found: Sequence[Series]) -> dict[str, Any]:
    """What all charts with axes have; a legend only where there is something to tell apart."""
    described = f"{title}. The table below it holds the same numbers."
    return {
        "animation": False,
        "textStyle": {"fontFamily": looks.FONT, "color": looks.INK},
        "aria": {"enabled": True, "label": {"description": described}, "decal": _decals(found)},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "legend": _legend(found, NARROW),
        "grid": _grid(found, NARROW),
    }


def _decals(found: Sequence[Series]) -> dict[str, Any]:
    return {"show": len(found) > 1, "decals": [looks.decal(one.at) for one in found]}


def _wide(found: Sequence[Series], width: int = WIDE) -> dict[str, Any]:
    return {"legend": _legend(found, width), "grid": _grid(found, width)}


def _legend(found: Sequence[Series], width: int) -> dict[str, Any]:
    leafed = _lines(found, width) == LEGEND_LINES
    return {"show": len(found) > 1, "type": "scroll" if leafed else "plain", "left": 0, "top": 0, "itemGap": 14,
            "itemHeight": 14, "textStyle": {"color": looks.INK}}  # fmt: skip


def _grid(found: Sequence[Series], width: int) -> dict[str, Any]:
    return {"left": 4, "right": 38, "bottom": 4, "top": 18 + LEGEND_LINE * _lines(found, width)}


def _lines(found: Sequence[Series], width: int) -> int:
    """How many lines a legend takes, at some 6 pixels a letter beside its mark."""
    if len(found) < 2:
        return 0
    lines, used = 1, 0
    for one in found:
        wants = 46 + 6 * len(one.name)
        lines, used = (lines + 1, wants) if used and used + wants > width else (lines, used + wants)
    return min(lines, LEGEND_LINES)


def _tall(found: Sequence[Series], width: int = NARROW) -> int:
    """The height of a chart of days: the legend takes nothing from the plot."""
    return (PLOT if width == NARROW else PLOT + 40) + LEGEND_LINE * _lines(found, width)


def _days(labels: Sequence[str]) -> dict[str, Any]:
    words = {"color": looks.INK, "hideOverlap": True, "alignMinLabel": "left"}
    return {"type": "category", "data": list(labels), "axisLabel": words,
            "axisLine": {"lineStyle": {"color": looks.FAINT}}, "axisTick": {"alignWithLabel": True}}  # fmt: skip


def _figures(unit: Unit) -> dict[str, Any]:
    """An axis of numbers; what they count is said in the title, a per cent sign at each of them."""
    form = {"formatter": "{value} %"} if unit.word == "%" else {}
    top = {"max": 100} if unit.word == "%" else {"minInterval": 1} if not unit.most else {}
    return {"type": "value", "min": 0, **top, "axisLabel": {"color": looks.INK, "hideOverlap": True, **form},
            "splitLine": {"lineStyle": {"color": looks.LINE}}}  # fmt: skip


def _bar(one: Series, *, stacked: bool, many: bool = False) -> dict[str, Any]:
    """With a thin edge, so that neighbours part without colour."""
    style = {"color": looks.colour(one.at), "borderColor": "#ffffff", "borderWidth": 0 if many else 0.5}
    together = {"stack": "all"} if stacked else {}
    return {"type": "bar", "name": one.name, **together, "barMaxWidth": 36, "barCategoryGap": "15%" if many else "25%",
            "itemStyle": style, "data": _drawn(one)}  # fmt: skip


def _line(one: Series, *, many: bool) -> dict[str, Any]:
    look = looks.line(one.at)
    return {"type": "line", "name": one.name, "connectNulls": False, "symbol": look["symbol"], "showAllSymbol": True,
            "symbolSize": 4 if many else 8, "itemStyle": {"color": look["color"]}, "lineStyle": look["lineStyle"],
            "data": _drawn(one)}  # fmt: skip


def _drawn(one: Series) -> list[float | int | None]:
    """Figures as JSON draws them; the table keeps every digit."""
    return [float(value) if isinstance(value, Decimal) else value for value in one.values]


def _table(head: str, labels: Sequence[str], found: Sequence[Series], unit: Unit, *, summed: bool) -> Table:
    heads = [head, *(f"{one.name}, {unit.word}" for one in found)]
    rows = [[label, *(unit.plain(one.values[at]) for one in found)] for at, label in enumerate(labels)]
    if summed and len(found) > 1:
        heads.append(f"all, {unit.word}")
        for at, row in enumerate(rows):
            row.append(unit.plain(total(_exact(one.values[at]) for one in found)))
    return Table(heads, rows, frozenset(range(1, len(heads))))


def _exact(value: Value) -> Decimal | None:
    return None if value is None else Decimal(value)
