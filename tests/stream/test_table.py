"""A block of calls: every value finds its column by its heading, or stays in `extra` under it."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.columns import COLUMNS
from lambdas.stream.table import SCHEMA
from lambdas.vendors import FACTS
from tests.core.making import always, window
from tests.stream.making import texts, typed, typer

# The row of Flowroute's document, and one of Telnyx's with the headings that real files have (shared/vendors.md).
HEADINGS = (
    "direction,start_time,end_time,destination,number_alias,callerid,total_cost,destination_name,callerid_country,"
    "line_information,result,call_fail_sip_code,call_fail_reason,duration,billed_duration,rate,first_increment,"
    "subsequent_increment,cost_subtotal,connect_fee,usf_fee,ccrf,cnam_lookup_fee,custom_x_tag,customer_ip"
)
EXAMPLE = (
    "Inbound,2019-06-25 18:18:00+00,2019-06-25 18:18:29+00,12063389999,Office Line 2,+12069928999,0.00474784,"
    "UNITED STATES,UNITED STATES,61,completed,200,OK,29,30,0.001500,6,6,0.00075000,0.0000,0.00000000,0.00009784,"
    "0.00390000,,53.186.152.52"
)
FLOWROUTE = dict(zip(HEADINGS.split(","), EXAMPLE.split(","), strict=True))
TELNYX = {
    "Account id": "acc-1",
    "Call UUID": "call-1",
    "Unique CDR ID": "cdr-1",
    "Sip call-id": "sip-1",
    "Direction": "outbound",
    "Originating Number": "+12065550123",
    "Terminating number": "+442079460123",
    "Full Terminating number": "frontdesk.2",
    "Start Timestamp(UTC)": "2026-11-19 10:00:00",
    "Answer Timestamp": "2026-11-19 10:00:05",
    "End Timestamp": "2026-11-19 10:01:05",
    "Call duration": "60",
    "Billable time": "60",
    "PDD": "850",
    "Mos": "4.5",
    "Hangup cause": "NORMAL_CLEARING",
    "Hangup code": "16",
    "Cost": "0.0123",
    "Rate": "0.0123",
    "Connection id": "1234567890123456789",
    "Tags": "support,vip",
}
ORDERS = st.permutations(sorted(TELNYX))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_flowroute_s_own_example_is_typed_exactly() -> None:
    """Every value of the documented row, its fees added up, and what has no column under its own heading."""
    found = typed("flowroute", FLOWROUTE, replace(window(), start=datetime.fromisoformat("2019-06-25T00:00:00+00:00")))
    assert found.pop("row_id").startswith("row-")
    assert found == {
        "source": "calls", "direction": "inbound", "currency": "USD", "in_window": True, "boundary": False,
        "from_number": "+12069928999", "from_raw": "+12069928999", "to_number": "+12063389999",
        "to_raw": "12063389999", "from_country": "US", "to_country": "US", "country_from": "number",
        "toll_free": False, "started_at": at("2019-06-25 18:18:00"), "ended_at": at("2019-06-25 18:18:29"),
        "duration_s": 29, "billed_s": 30, "first_increment_s": 6, "next_increment_s": 6,
        "answered": True, "result": "answered", "hangup_cause": "completed", "sip_code": 200, "sip_reason": "OK",
        "rate": Decimal("0.0015"), "cost": Decimal("0.00474784"), "cost_subtotal": Decimal("0.00075"),
        "fees": Decimal("0.00399784"), "connect_fee": Decimal(0), "usf_fee": Decimal(0),
        "ccrf": Decimal("0.00009784"), "cnam_fee": Decimal("0.0039"), "number_alias": "Office Line 2",
        "peer_ip": "53.186.152.52",
        "extra": {
            "destination_name": "UNITED STATES", "callerid_country": "UNITED STATES", "line_information": "61",
        },
    }  # fmt: skip
    assert found["cost_subtotal"] + found["fees"] == found["cost"]


def test_a_telnyx_row_is_typed_exactly() -> None:
    """With the SIP user kept as it came, and the post-dial delay, whose unit nobody says, in `extra`."""
    assert typed("telnyx", TELNYX) == {
        "row_id": "cdr-1", "call_id": "call-1", "sip_call_id": "sip-1", "account_id": "acc-1", "source": "calls",
        "direction": "outbound", "from_number": "+12065550123", "from_raw": "+12065550123",
        "from_country": "US", "to_country": "GB", "country_from": "number", "toll_free": False,
        "to_number": "+442079460123", "to_raw": "frontdesk.2", "started_at": at("2026-11-19 10:00:00"),
        "answered_at": at("2026-11-19 10:00:05"), "ended_at": at("2026-11-19 10:01:05"), "duration_s": 60,
        "billed_s": 60, "mos": 4.5, "hangup_cause": "NORMAL_CLEARING", "q850_cause": 16, "answered": True,
        "result": "answered", "cost": Decimal("0.0123"), "rate": Decimal("0.0123"),
        "connection_id": "1234567890123456789", "tags": "support,vip", "in_window": True, "boundary": False,
        "extra": {"PDD": "850"},
    }  # fmt: skip


def test_a_block_has_the_columns_of_calls_all() -> None:
    """In their order and types, also of a file that has one heading."""
    for row in (FLOWROUTE, {"direction": "inbound"}):
        block = typer("flowroute", list(row)).block(texts(list(row), list(row.values())))
        assert block.schema.equals(SCHEMA)
        assert block.schema.names == [column.name for column in COLUMNS]
        block.validate(full=True)


@settings(always, max_examples=12)
@given(ORDERS)
def test_columns_go_by_their_names_in_any_order(order: list[str]) -> None:
    """The identity of a row that has none of its own included."""
    for left_out in ("Tags", "Unique CDR ID"):
        given, shuffled = ({name: TELNYX[name] for name in names if name != left_out} for names in (TELNYX, order))
        assert typed("telnyx", given) == typed("telnyx", shuffled)


@pytest.mark.parametrize("heading", ["unique_cdr_id", "UNIQUE CDR ID", " Unique  CDR-ID "])
def test_headings_are_compared_without_case_and_punctuation(heading: str) -> None:
    """Their spelling is known from working code alone."""
    assert typed("telnyx", {heading: "cdr-1"})["row_id"] == "cdr-1"


def test_an_unknown_heading_is_kept_in_extra() -> None:
    """Under its own name, and only where it is filled."""
    assert typed("telnyx", {**TELNYX, "News": "x", "Nothing": ""})["extra"] == {"PDD": "850", "News": "x"}


@pytest.mark.parametrize(
    ("heading", "value", "column"),
    [
        ("Cost", "free", "cost"),
        ("Start Timestamp(UTC)", "yesterday", "started_at"),
        ("Call duration", "1:00", "duration_s"),
        ("Direction", "sideways", "direction"),
        ("Mos", "good", "mos"),
        ("Hangup code", "n/a", "q850_cause"),
        ("Hangup code", "150", "q850_cause"),
    ],
)
def test_what_does_not_parse_is_null_kept_and_counted(heading: str, value: str, column: str) -> None:
    """The row stays."""
    row = {**TELNYX, heading: value}
    made = typer("telnyx", list(row))
    block = made.block(texts(list(row), list(row.values()), list(TELNYX.values())))
    bad, good = block.to_pylist()
    assert bad[column] is None and dict(bad["extra"])[heading] == value
    assert good[column] is not None and heading not in dict(good["extra"])
    assert made.unparsed == {heading: 1}


@pytest.mark.parametrize(("local", "gap"), [("2026-11-19 04:00:00", 6), ("2026-11-19 12:00:00", -2), ("", 0), ("x", 0)])
def test_a_start_in_two_zones_tells_the_zone_of_the_other_times(local: str, gap: int) -> None:
    """Answer and end are shifted by the difference; without one they are taken for UTC, and that is told."""
    row = {**TELNYX, "Start Timestamp": local}
    made = typer("telnyx", list(row))
    (found,) = made.block(texts(list(row), list(row.values()))).to_pylist()
    assert found["started_at"] == at("2026-11-19 10:00:00")
    assert found["answered_at"] == at("2026-11-19 10:00:05") + timedelta(hours=gap)
    assert found["ended_at"] == at("2026-11-19 10:01:05") + timedelta(hours=gap)
    assert made.assumed == (set() if gap else {"answered_at", "ended_at"})


def test_a_start_in_another_year_is_no_zone() -> None:
    """No place is so far from UTC: the times stay as they are, and the odd start is in `extra`."""
    found = typed("telnyx", {**TELNYX, "Start Timestamp": "2025-11-19 10:00:00"})
    assert found["ended_at"] == at("2026-11-19 10:01:05")
    assert found["extra"]["Start Timestamp"] == "2025-11-19 10:00:00"


def test_an_empty_cost_is_not_zero() -> None:
    """Not priced yet; nor is it something that did not parse."""
    row = {**TELNYX, "Cost": ""}
    assert "cost" not in typed("telnyx", row) and "Cost" not in typed("telnyx", row)["extra"]


@pytest.mark.parametrize(
    ("code", "columns"),
    [("17", {"q850_cause": 17}), ("127", {"q850_cause": 127}), ("200", {"sip_code": 200}), ("503", {"sip_code": 503})],
)
def test_a_hangup_code_is_q850_or_sip(code: str, columns: dict[str, int]) -> None:
    """By its size."""
    found = typed("telnyx", {**TELNYX, "Hangup code": code})
    assert {name: found[name] for name in ("q850_cause", "sip_code") if name in found} == columns


@pytest.mark.parametrize(
    ("cause", "result"),
    [("USER_BUSY", "busy"), ("NO_ANSWER", "no_answer"), ("ORIGINATOR_CANCEL", "cancelled"),
     ("CALL_REJECTED", "rejected"), ("GATEWAY_DOWN", "failed"), ("NEWEST_CAUSE", "unknown"), ("", "unknown")],
)  # fmt: skip
def test_what_became_of_a_call_that_was_not_answered(cause: str, result: str) -> None:
    """By the hangup cause; an unknown one is kept in the vendor's words."""
    found = typed("telnyx", {**TELNYX, "Answer Timestamp": "", "Hangup cause": cause})
    assert (found["answered"], found["result"], found.get("hangup_cause", "")) == (False, result, cause)


@pytest.mark.parametrize(
    ("word", "code", "answered", "result"),
    [("completed", "200", True, "answered"), ("completed", "487", False, "unknown"),
     ("completed", "", False, "unknown"), ("Busy", "486", False, "busy"),
     ("No Answer", "480", False, "no_answer"), ("Canceled", "487", False, "cancelled"),
     ("odd", "500", False, "unknown")],
)  # fmt: skip
def test_flowroute_says_answered_twice(word: str, code: str, answered: bool, result: str) -> None:
    """`completed` with SIP 200; where the two disagree, it is unknown."""
    found = typed("flowroute", {**FLOWROUTE, "result": word, "call_fail_sip_code": code})
    assert (found["answered"], found["result"], found["hangup_cause"]) == (answered, result, word)


@pytest.mark.parametrize(
    ("to", "full", "number", "raw"),
    [("+442079460123", "", "+442079460123", "+442079460123"), ("", "+442079460123", "+442079460123", "+442079460123"),
     ("anonymous", "anna", None, "anna"), ("2079460123", "anna", None, "anna")],
)  # fmt: skip
def test_a_number_is_the_first_valid_and_raw_the_last_filled(to: str, full: str, number: str | None, raw: str) -> None:
    """And what is neither is in `extra`."""
    found = typed("telnyx", {**TELNYX, "Terminating number": to, "Full Terminating number": full})
    assert (found.get("to_number"), found["to_raw"]) == (number, raw)
    assert ("Terminating number" in found["extra"]) is (bool(to) and to not in (number, raw))


def test_a_currency_is_the_export_s_the_vendor_s_or_none() -> None:
    """Telnyx does not say it."""
    headings, line = list(TELNYX), list(TELNYX.values())
    said = [
        typer("telnyx", headings, currency=one).block(texts(headings, line)).column("currency")[0].as_py()
        for one in (None, "EUR")
    ]
    assert said == [None, "EUR"]


START, END = "2026-11-19 00:00:00", "2026-11-20 00:00:00"


def seconds(text: str, by: int) -> str:
    return str(datetime.fromisoformat(text) + timedelta(seconds=by))


def placed(vendor: str, start: str, end: str) -> tuple[bool, bool]:
    """`in_window` and `boundary` of a call."""
    if vendor == "flowroute":
        row = {"start_time": f"{start}+00", "end_time": f"{end}+00"}
    else:
        row = {"Start Timestamp(UTC)": start, "End Timestamp": end}
    found = typed(vendor, row)
    return found["in_window"], found["boundary"]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (seconds(START, -1), seconds(START, 9), (False, False)),
        (START, seconds(START, 9), (True, True)),
        (seconds(START, 1), seconds(START, 9), (True, False)),
        (seconds(END, -9), END, (True, True)),
        (seconds(END, -9), seconds(END, 9), (True, False)),
        (END, seconds(END, 9), (False, True)),
    ],
)
def test_where_the_start_decides_only_the_edge_itself_is_shared(
    start: str, end: str, expected: tuple[bool, bool]
) -> None:
    """Flowroute selects by a call's start, its end exclusive."""
    assert placed("flowroute", start, end) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (seconds(START, -60), seconds(START, 60), (False, True)),  # by end or record it is in this window
        (START, seconds(START, 60), (True, True)),
        (seconds(START, 1), seconds(START, 60), (True, False)),
        (seconds(END, -7200), seconds(END, -3601), (True, False)),
        (seconds(END, -7200), seconds(END, -3600), (True, True)),  # may be recorded at the very end
        (seconds(END, -60), seconds(END, 60), (True, True)),
        (END, seconds(END, 60), (False, True)),
    ],
)
def test_where_nobody_knows_the_axis_whatever_reaches_an_edge_is_shared(
    start: str, end: str, expected: tuple[bool, bool]
) -> None:
    """A neighbouring window may hold it: by its start, its end, or up to an hour later when it is recorded."""
    assert placed("telnyx", start, end) == expected


LAG = int(FACTS["telnyx"].record_lag.total_seconds())


@pytest.mark.parametrize(
    ("start", "end", "stray"),
    [
        (seconds(END, 1), seconds(END, 9), True),
        (END, seconds(END, 9), False),
        (seconds(START, -LAG - 99), seconds(START, -LAG - 1), True),
        (seconds(START, -LAG - 99), seconds(START, -LAG), False),
        (START, "", False),
        ("", END, True),
        ("", "", True),
    ],
)
def test_a_row_without_any_time_in_the_window_is_a_stray(start: str, end: str, stray: bool) -> None:
    """The vendor should not have sent it."""
    headings = ["Start Timestamp(UTC)", "End Timestamp"]
    made = typer("telnyx", headings)
    assert made.placer.outside(made.block(texts(headings, [start, end]))) == stray


def test_calls_on_the_edge_are_counted_once_whatever_the_axis() -> None:
    """Of two neighbouring windows that both hold a call, each marks it as shared, or only one has it."""
    start, end = seconds(END, -600), seconds(END, 600)
    marks: list[Any] = []
    for day in (19, 20):
        row = {"Unique CDR ID": "cdr-1", "Start Timestamp(UTC)": start, "End Timestamp": end}
        marks.append(typed("telnyx", row, window(day))["boundary"])
    assert marks == [True, True]


def test_extra_is_null_where_nothing_is_left() -> None:
    """A map for the row that needs it, none for the one beside it."""
    headings = ["Direction", "News"]
    block = typer("telnyx", headings).block(texts(headings, ["inbound", ""], ["inbound", "x"], ["sideways", "y"]))
    assert pc.is_null(block.column("extra")).to_pylist() == [True, False, False]
    assert [dict(one) for one in block.column("extra").to_pylist()[1:]] == [
        {"News": "x"},
        {"Direction": "sideways", "News": "y"},
    ]
