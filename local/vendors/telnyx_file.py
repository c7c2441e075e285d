"""A Telnyx report's file: CSV with a line of display names, times without a zone, numbers in E.164."""

import csv
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from pathlib import Path

from local.calls import Call, Tally
from local.numbers import NAMES
from local.vendors.frame import Built

# The order is unknown and varies; this one puts the identity neither first nor last.
# A cell that is a time is written in the report's zone.
COLUMNS: dict[str, Callable[[Call], object]] = {
    "Account id": lambda call: call.account_id,
    "Call UUID": lambda call: call.call_id,
    "Unique CDR ID": lambda call: call.row_id,
    "Sip call-id": lambda call: call.sip_call_id,
    "Direction": lambda call: call.direction,
    "Originating Number": lambda call: call.from_number,
    "Terminating number": lambda call: call.to_number,
    "Full Terminating number": lambda call: call.to_full,
    "Start Timestamp(UTC)": lambda call: _time(call.started_at, UTC),
    "Answer Timestamp": lambda call: call.answered_at,
    "End Timestamp": lambda call: call.ended_at,
    "Call duration": lambda call: call.duration_s,
    "Billable time": lambda call: call.billed_s,
    "PDD": lambda call: call.pdd_ms,
    "Mos": lambda call: call.mos,
    "Hangup cause": lambda call: call.hangup_cause,
    "Hangup code": lambda call: call.hangup_code,
    "Cost": lambda call: _money(call.cost),
    "Rate": lambda call: _money(call.rate),
    "Route": lambda call: call.route,
    "Connection id": lambda call: call.connection_id,
    "Billing group": lambda call: call.billing_group,
    "Billing group Id": lambda call: call.billing_group_id,
    "Tags": lambda call: ",".join(call.tags),
    "Originating country": lambda call: NAMES.get(call.from_country, ""),
    "Terminating country": lambda call: NAMES.get(call.to_country, ""),
    "Originating state": lambda call: call.from_state,
    "Terminating state": lambda call: call.to_state,
    "Originating LATA": lambda call: call.from_lata,
    "Terminating LATA": lambda call: call.to_lata,
}
# Only on request; no simulated call knows a city.
MORE: dict[str, Callable[[Call], object]] = {
    "Start Timestamp": lambda call: call.started_at,
    "Originating city": lambda _call: "",
    "Terminating city": lambda _call: "",
}
EVERY = {**COLUMNS, **MORE}
# V2's names in `fields`, as GET .../voice/fields shows them, in its groups, each with the heading that it stands for:
# https://developers.telnyx.com/api-reference/cdr-reports/get-available-cdr-report-fields
FIELDS: dict[str, dict[str, str]] = {
    "Interaction Data": {
        "origination_number": "Originating Number",
        "terminating_number": "Terminating number",
        "start_timestamp_utc": "Start Timestamp(UTC)",
        "start_timestamp": "Start Timestamp",
        "answer_timestamp": "Answer Timestamp",
        "end_timestamp": "End Timestamp",
        "direction": "Direction",
        # Not documented: that page's lists are examples, and these are named in their manner.
        "account_id": "Account id",
        "call_uuid": "Call UUID",
        "unique_cdr_id": "Unique CDR ID",
        "full_terminating_number": "Full Terminating number",
        "call_duration": "Call duration",
    },
    "Number Information": {
        "origination_city": "Originating city",
        "origination_state": "Originating state",
        "origination_lata": "Originating LATA",
        "origination_country": "Originating country",
        "terminating_city": "Terminating city",
        "terminating_state": "Terminating state",
        # Not documented.
        "terminating_lata": "Terminating LATA",
        "terminating_country": "Terminating country",
    },
    "Telephony Data": {
        "route": "Route",
        "connection_id": "Connection id",
        "hangup_code": "Hangup code",
        "pdd": "PDD",
        "tags": "Tags",
        "sip_call_id": "Sip call-id",
        "mos": "Mos",
        # Not documented.
        "hangup_cause": "Hangup cause",
    },
    "Billing": {
        "billable_time": "Billable time",
        "cost": "Cost",
        "rate": "Rate",
        "billing_group_id": "Billing group Id",
        # Not documented.
        "billing_group": "Billing group",
    },
}
HEADINGS = {name: heading for group in FIELDS.values() for name, heading in group.items()}


def write(file: Path, calls: Iterable[Call], headings: Collection[str] = COLUMNS, zone: tzinfo = UTC) -> Built:
    """Writes these columns of the calls, and adds them up on the way."""
    columns = {heading: cell for heading, cell in EVERY.items() if heading in headings}
    tally = Tally()
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(columns)
        for call in calls:
            rows.writerow([_cell(cell(call), zone) for cell in columns.values()])
            tally = tally.plus(call)
    return Built(file, tally)


def _cell(value: object, zone: tzinfo) -> object:
    return _time(value, zone) if isinstance(value, datetime) else value


def _time(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(" ")[:19]


def _money(amount: Decimal | None) -> str:
    """Nothing at all for a call that is not priced yet; never an exponent."""
    return "" if amount is None else f"{amount:f}"
