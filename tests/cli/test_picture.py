"""The picture says what the rows say: every figure, every gap, and nothing that nobody knows."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from cli.picture import causes, coverage, looks, page
from cli.picture.charts import Chart
from cli.picture.facts import Row, grouped, written
from cli.picture.scope import Scope, spans
from cli.picture.traffic import Traffic
from tests.cli import pictured

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)
MAIN = "telnyx-main"
LIBRARY = "/* the library stands here */"


class Read(HTMLParser):
    """A page as a browser without scripts reads it: its tables, and whatever could fetch something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.texts: list[str] = []
        self._rows: list[list[str]] | None = None
        self._into: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.tags.append(tag)
        self.fetched += [told[name] or "" for name in ("src", "href", "srcset", "data", "action") if name in told]
        self._into.append(tag)
        if tag == "table":
            self._rows = self.tables.setdefault(str(told["id"]).removesuffix("-table"), [])
        if tag == "tr" and self._rows is not None:
            self._rows.append([])
        if tag in ("td", "th") and self._rows is not None:
            self._rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._into and self._into.pop() != tag:
            pass
        self._rows = None if tag == "table" else self._rows

    def handle_data(self, data: str) -> None:
        inside = self._into[-1] if self._into else ""
        if inside in ("td", "th") and self._rows:
            self._rows[-1][-1] += data
        elif inside not in ("script", "style"):
            self.texts.append(data)


def scope(first: date = DAY, last: date = NEXT) -> Scope:
    return pictured.scope(first, last)


def row(**fields: str | None) -> Row:
    """Ten calls of one export and day, six of them answered."""
    usual = {
        "export": MAIN, "day": f"{DAY}", "direction": "outbound", "country": "DE", "currency": "USD", "calls": "10",
        "answered": "6", "answered_s": "60", "asr": "0.6", "cost": "1.25000000", "unpriced": "0",
    }  # fmt: skip
    return {**usual, **fields}


def charts(*rows: Row, of: Scope | None = None) -> dict[str, Chart]:
    traffic = Traffic(of or scope(), rows)
    return {one.name: one for one in (*traffic.daily(), *traffic.countries())}


def drawn(chart: Chart) -> dict[str, list[Any]]:
    return {one["name"]: one["data"] for one in chart.option["series"]}


def whole(of: Scope | None = None, days: Sequence[Row] = (), daily: Sequence[Row] = (),
          failures: Sequence[Row] = (), library: str = LIBRARY) -> str:  # fmt: skip
    return page.page(of or pictured.scope(), days, daily, failures, library)


@pytest.fixture(scope="module")
def month() -> str:
    return whole(None, pictured.coverage(), pictured.daily(), pictured.failed())


# Figures.


def test_every_figure_is_the_sum_of_its_rows(month: str) -> None:
    """Calls and money, digit by digit: in the tables, by export and day."""
    tables, rows = Read(month).tables, pictured.daily()
    sums: dict[tuple[str, str], int] = {}
    costs: dict[tuple[str, str], Decimal] = {}
    for one in rows:
        key = (str(one["export"]), str(one["day"]))
        sums[key] = sums.get(key, 0) + int(one["calls"] or 0)
        costs[key] = costs.get(key, Decimal(0)) + Decimal(one["cost"] or 0)
    heads, *lines = tables["calls"]
    assert len(lines) == 31
    told = {(head.partition(" ")[0], line[0]): int(text)
            for line in lines for head, text in zip(heads[1:-1], line[1:-1], strict=True) if text}  # fmt: skip
    assert told == sums
    assert sum(int(line[-1] or 0) for line in lines) == sum(sums.values())
    money = {(head.partition(" ")[0], line[0]): Decimal(text) for name in ("cost-0", "cost-1")
             for line in tables[name][1:] for head, text in zip(tables[name][0][1:], line[1:], strict=True)
             if text and not head.startswith("all")}  # fmt: skip
    assert money == costs


def test_a_point_is_the_row_of_the_same_place(month: str) -> None:
    """For the tooltip reads it there; the first column is the label."""
    tables = Read(month).tables
    embedded = json.loads(re.findall(r'id="data">(.*?)</script>', month, re.DOTALL)[0])
    assert {one["name"] for one in embedded} == tables.keys()
    for one in embedded:
        lines = tables[one["name"]][1:]
        if one["kind"] == "calendar":
            points = [
                point for series in one["option"]["series"] for point in series["data"] if not series.get("silent")
            ]
            assert {point[0]: point[3] for point in points} == {line[0]: at for at, line in enumerate(lines)}
            continue
        axis = next(axis for axis in (one["option"]["xAxis"], one["option"]["yAxis"]) if axis["type"] == "category")
        assert axis["data"] == [line[0] for line in lines][: len(axis["data"])]
        for column, series in enumerate(one["option"]["series"], 1):
            shown = [float(line[column]) if line[column] else None for line in lines][: len(axis["data"])]
            assert series["data"] == [None if value is None else pytest.approx(value, abs=0.005) for value in shown]


def test_asr_and_acd_are_made_of_sums() -> None:
    """One call of one and none of nine are one of ten, not the half; the longer calls weigh more."""
    found = charts(
        row(calls="1", answered="1", answered_s="90", asr="1.0"),
        row(country="FR", calls="9", answered="0", answered_s="0", asr="0.0"),
        row(country="GB", calls="2", answered="2", answered_s="30", asr="1.0"),
    )
    assert drawn(found["asr"]) == {"telnyx-main (telnyx)": [25.0, None]}
    assert drawn(found["acd"]) == {"telnyx-main (telnyx)": [40.0, None]}
    assert found["asr"].table.rows == [["2026-11-20", "25"], ["2026-11-21", ""]]


def test_no_asr_where_failures_were_left_out() -> None:
    """A gap, and the days in words; another export keeps its own, and the whole counts that one alone."""
    rows = row(asr=None), row(country="FR"), row(export="flowroute-main", calls="4", answered="1", asr="0.25")
    found = charts(*rows)
    assert drawn(found["asr"]) == {"telnyx-main (telnyx)": [None, None], "flowroute-main (flowroute)": [25.0, None]}
    assert "telnyx-main: no ASR, for its filters or record types leave failures out (2026-11-20)." in found["asr"].notes
    figures = dict(Traffic(scope(), [rows[0], rows[2]]).figures())
    assert figures["ASR, where failures are exported"] == "25.0 %"
    assert dict(Traffic(scope(), [rows[0]]).figures())["ASR, where failures are exported"] == "not known"


def test_no_answered_call_is_no_length() -> None:
    """Null, not zero."""
    found = charts(row(answered="0", answered_s="0", asr="0.0"))
    assert drawn(found["acd"]) == {"telnyx-main (telnyx)": [None, None]}
    assert drawn(found["asr"]) == {"telnyx-main (telnyx)": [0.0, None]}


def test_currencies_are_never_added() -> None:
    """A chart for each, and a figure; where none is told, exports stand side by side and each has a figure."""
    rows = (
        row(), row(currency="EUR", cost="5"), row(currency=None, cost="7"),
        row(export="flowroute-main", currency=None, cost="9"), row(export="flowroute-main", cost="2.5"),
    )  # fmt: skip
    found = charts(*rows)
    costs = [one for one in found.values() if one.name.startswith("cost")]
    money = {one.title: (drawn(one), one.option["series"][0].get("stack")) for one in costs}
    telnyx, flowroute = "telnyx-main (telnyx)", "flowroute-main (flowroute)"
    assert money == {
        "Cost per day, EUR": ({telnyx: [5.0, None]}, "all"),
        "Cost per day, USD": ({telnyx: [1.25, None], flowroute: [2.5, None]}, "all"),
        "Cost per day, currency not told": ({telnyx: [7.0, None], flowroute: [9.0, None]}, None),
    }
    assert not any("all" in head for head in found["cost-2"].table.heads)
    assert "all, USD" in found["cost-1"].table.heads
    figures = dict(Traffic(scope(), rows).figures())
    assert {name: figure for name, figure in figures.items() if "cost" in name} == {
        "cost, EUR": "5.00", "cost, USD": "3.75", "cost, telnyx-main (currency not told)": "7.00",
        "cost, flowroute-main (currency not told)": "9.00",
    }  # fmt: skip
    countries = [one for one in found.values() if one.name.startswith("countries")]
    assert [one.option["series"][0].get("stack") for one in countries] == ["all", "all", None]
    assert [one.title for one in countries] == [
        "Countries by cost, EUR", "Countries by cost, USD", "Countries by cost, currency not told",
    ]  # fmt: skip


def test_what_has_no_price_is_told_and_not_zero() -> None:
    """Beside the sum it is not in; where nothing has one there is no chart of money."""
    found = charts(row(unpriced="3"), row(day=f"{NEXT}", cost=None, unpriced="10"))
    assert drawn(found["cost-0"]) == {"telnyx-main (telnyx)": [1.25, None]}
    assert found["cost-0"].notes == ("In no sum: 13 records of calls without a price (2026-11-20 to 2026-11-21).",)
    assert not [name for name in charts(row(cost=None, unpriced="10")) if name.startswith(("cost", "countries"))]
    figures = dict(Traffic(scope(), [row(cost=None, unpriced="10")]).figures())
    assert figures["records without a price"] == "10"
    assert not [name for name in figures if name.startswith("cost")]
    both = charts(row(), row(day=f"{NEXT}", cost=None), row(export="flowroute-main"))["cost-0"].table
    assert both.rows == [["2026-11-20", "1.25", "1.25", "2.50"], ["2026-11-21", "", "", ""]]


def test_countries_by_cost_the_dearest_first() -> None:
    """Ten of them; the table has all; a country that nobody knows is called so."""
    rows = [row(country=f"{letter}X", cost=f"{at}") for at, letter in enumerate("ABCDEFGHIJKL")]
    chart = charts(*rows, row(country=None, cost="99"))["countries-0"]
    assert chart.option["yAxis"]["data"] == ["unknown", *(f"{letter}X" for letter in "LKJIHGFED")]
    assert [line[0] for line in chart.table.rows] == ["unknown", *(f"{letter}X" for letter in "LKJIHGFEDCBA")]
    assert chart.notes == ("The first 10 of 13; the table has all.",)


def test_failures_by_the_vendor_s_word_and_codes() -> None:
    """The most frequent first, exports apart; without a word it is what it came to."""
    busy: Row = {"export": MAIN, "result": "busy", "hangup_cause": "USER_BUSY", "q850_cause": "17", "sip_code": "486",
                 "calls": "3"}  # fmt: skip
    bare = {**busy, "result": "unknown", "hangup_cause": None, "q850_cause": None, "sip_code": None, "calls": "2"}
    other = {**bare, "export": "flowroute-main", "calls": "4"}
    (chart,) = causes.failures(scope(), [bare, busy, busy, busy, other])
    assert chart.table.rows == [["USER_BUSY, Q.850 17, SIP 486", "9", "", "9"], ["unknown", "2", "4", "6"]]
    assert not list(causes.failures(scope(), []))
    assert causes.cause({**bare, "hangup_cause": "no route to +12065550123"}) == "no route to [number]"
    assert causes.cause({**bare, "hangup_cause": "RECOVERY_ON_TIMER_EXPIRE"}) == "RECOVERY_ON_TIMER_EXPIRE"


def test_an_export_looks_the_same_in_every_chart() -> None:
    """Though it is not the first of each."""
    found = charts(row(), row(export="didww-in", currency=None))
    (alone,) = found["cost-1"].option["series"]
    assert alone["itemStyle"]["color"] == found["calls"].option["series"][1]["itemStyle"]["color"] == looks.colour(2)


@pytest.mark.parametrize(
    ("value", "least", "most", "text"),
    [
        (None, 2, 8, ""), (0, 0, 0, "0"), (1_234_567, 0, 0, "1234567"), (Decimal("12.50000000"), 2, 8, "12.50"),
        (Decimal("0.00000001"), 2, 8, "0.00000001"), (Decimal("-3"), 2, 8, "-3.00"), (Decimal(1) / 3, 0, 2, "0.33"),
        (Decimal("1E+3"), 0, 0, "1000"),
    ],
)  # fmt: skip
def test_digits_are_kept(value: Decimal | int | None, least: int, most: int, text: str) -> None:
    """As they are, for people and for a spreadsheet."""
    assert written(value, least, most) == text
    assert grouped(value, least, most).replace(",", "") == text


# Coverage.


def found(rows: Sequence[Row], of: Scope | None = None) -> dict[str, coverage.Covered]:
    return {one.name: one for one in coverage.covered(of or pictured.scope(), rows)}


def test_each_day_is_what_the_view_says() -> None:
    """And of one that is complete, whether for good."""
    told = found(pictured.coverage())
    states = {(name, cell.day): cell.state for name, one in told.items() for cell in one.cells}
    for one in pictured.coverage():
        state = one["standing"] or one["state"]
        assert states[str(one["export"]), date.fromisoformat(str(one["day"]))] == state


def test_a_day_without_a_row_is_not_planned() -> None:
    """From the export's start on; one whose start is counted in days begins where its rows do, today is not due."""
    told = found(pictured.coverage())
    assert told["didww-in"].of("not planned") == [date(2026, 11, 22), date(2026, 11, 23)]
    assert told["didww-in"].cells[0].day == date(2026, 11, 5)
    assert told["flowroute-main"].cells[0].day == date(2026, 11, 3)
    assert told["flowroute-main"].of("not planned") == []
    assert [one.of("to come") for one in told.values()] == [[date(2026, 11, 25)]] * 3
    assert found([])["flowroute-main"].cells[0].day == date(2026, 11, 5)


@pytest.mark.parametrize(("hour", "state"), [(1, "to come"), (2, "not planned")])
def test_a_day_is_due_when_the_vendor_has_settled(hour: int, state: str) -> None:
    """Not at midnight: what is not due yet is not missing."""
    of = replace(scope(DAY, DAY), made=datetime(2026, 11, 21, hour, tzinfo=UTC))
    one = found([], of)[MAIN]
    assert one.of(state) == [DAY]
    assert bool(one.missed) is (state == "not planned")


def test_a_retired_export_is_shown_where_there_is_something_of_it() -> None:
    """Without days that nobody asks for."""
    assert "old-account" not in found([])
    one = found([pictured.covered("old-account", DAY), pictured.covered("stranger", DAY)])
    assert [cell.day for cell in one["old-account"].cells] == [cell.day for cell in one["stranger"].cells] == [DAY]


def test_what_is_missing_is_said_in_words() -> None:
    """The worst first; what the vendor never had, and what is not due, is not missing."""
    verdict, told = coverage.verdict(coverage.covered(pictured.scope(), pictured.coverage()))
    assert verdict == "Something is missing: 8 days of 3 exports."
    assert told == [
        "telnyx-main: 1 day quarantined (2026-11-02); 1 day stuck (2026-11-08); 1 day open (2026-11-24); "
        "2 days unreachable, not missed (2026-10-26 to 2026-10-27); 6 days complete so far, to be asked for again",
        "flowroute-main: 2 days lost (2026-11-10 to 2026-11-11); 7 days complete so far, to be asked for again",
        "didww-in: 1 day open (2026-11-20); 2 days not planned (2026-11-22 to 2026-11-23); "
        "4 days complete so far, to be asked for again",
    ]


def test_all_there_is_said_too() -> None:
    """In a line; days on their way that are not due are no lack."""
    today = date(2026, 11, 25)
    of = replace(scope(DAY, today), exports=pictured.exports().exports[:1])
    rows = [pictured.covered(MAIN, day) for day in pictured.days(DAY, date(2026, 11, 24))]
    verdict = coverage.verdict(coverage.covered(of, [*rows, pictured.covered(MAIN, today, "open")]))
    assert verdict == ("Nothing is missing: every day that is due is there.", [])
    assert coverage.verdict([])[0].startswith("There is no day of any export in this range")


def test_a_state_that_nobody_knows_is_missing() -> None:
    """Never taken for complete."""
    one = found([pictured.covered(MAIN, DAY, "melted")])[MAIN]
    assert one.missed["melted"] == [DAY]
    assert next(cell for cell in one.cells if cell.day == DAY).look.letter == "?"


def test_a_receipt_s_facts_are_in_the_table(month: str) -> None:
    """Rows, cost, revision, when, complete for what, reasons, and the receipt's key."""
    heads, *lines = Read(month).tables["coverage-0"]
    told = {line[0]: dict(zip(heads, line, strict=True)) for line in lines}
    assert told["2026-11-10"] == {
        "day (UTC)": "2026-11-10", "state": "complete for good", "windows": "2", "copied": "2", "rows": "1204",
        "seconds": "86412", "cost": "12.3456", "vendor's rows": "1204", "vendor's cost": "12.35",
        "complete for": "calls with the filters connections, call_types", "revision": "1",
        "published (UTC)": "2026-11-11 02:14:09.000", "reasons": "",
        "receipt": "receipts/export=telnyx-main/dt=2026-11-10/20261110T000000Z-86400.calls.r1.json",
    }  # fmt: skip
    assert told["2026-11-02"]["reasons"] == "the report failed: rows of the vendor 1,204, parsed 1,198"


def test_days_in_words() -> None:
    """Neighbours together, and no more than a few."""
    assert spans(pictured.days(DAY, NEXT)) == "2026-11-20 to 2026-11-21"
    assert spans([NEXT]) == "2026-11-21"
    assert spans(pictured.days()[::2]) == "2026-10-26, 2026-10-28, 2026-10-30, 2026-11-01, and 12 more"


# Looks.


def test_no_two_states_have_one_letter() -> None:
    """So that they are told apart without colour."""
    letters = [look.letter for look in (*looks.LOOKS.values(), looks.STRANGE)]
    assert len(set(letters)) == len(letters)


@pytest.mark.parametrize("look", [*looks.LOOKS.values(), looks.STRANGE], ids=lambda look: look.letter)
def test_a_letter_can_be_read_on_its_ground(look: looks.Look) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    bright, dark = sorted((luminance(look.fill), luminance(look.ink)), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# The page.


def test_a_vendor_s_word_cannot_break_out(month: str) -> None:
    """Neither out of the data, nor out of a table: it is text, and the very text."""
    read = Read(month)
    assert pictured.EVIL not in month
    assert "img" not in read.tags
    assert any(line[0] == f"{pictured.EVIL}, SIP 500" for line in read.tables["failures"])
    data = re.findall(r'id="data">(.*?)</script>', month, re.DOTALL)[0]
    assert "<" not in data
    assert any(f"{pictured.EVIL}, SIP 500" in one["option"]["yAxis"].get("data", ()) for one in json.loads(data)
               if one["kind"] == "figures")  # fmt: skip


def test_nothing_is_fetched(month: str) -> None:
    """No address but an empty icon, and a policy that would not let one through."""
    read = Read(month)
    assert read.fetched == ["data:,"]
    policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in month
    assert not re.search(r"https?:|@import|url\(", month)


def test_no_phone_number_is_in_it(month: str) -> None:
    """The views that it reads have none."""
    assert not re.search(r"\+[0-9]{7}|from_number|to_number", month)


def test_its_heading_says_what_it_is_of(month: str) -> None:
    """Range, time zone, stack, when made, exports with their vendors, and whether anything is missing."""
    text = " ".join(" ".join(Read(month).texts).split())
    assert "Calls and coverage, 2026-10-26 to 2026-11-25" in text
    assert "Something is missing: 8 days of 3 exports." in text
    assert "Stack cdr-dev; days of UTC, both ends included; made 2026-11-25 18:30 (UTC)." in text
    assert "flowroute-main (flowroute); didww-in (didww); old-account (telnyx), retired." in text
    zoned = whole(replace(pictured.scope(), zone="Asia/Tokyo"))
    assert "days of Asia/Tokyo, both ends included; made 2026-11-26 03:30 (Asia/Tokyo)." in zoned


def test_an_empty_lake_is_a_page_that_says_so() -> None:
    """Without a chart of nothing."""
    bare = replace(pictured.scope(), exports=pictured.exports().exports[3:])
    read = Read(whole(bare))
    text = " ".join(read.texts)
    assert "There is no day of any export in this range" in text
    assert "There is no call in this range." in text
    assert read.tables == {}


def test_a_script_that_ends_its_own_element_is_refused() -> None:
    """The library is put in as it is, so it is looked at first."""
    with pytest.raises(ValueError, match="ends its own element"):
        whole(library="x</script>")
