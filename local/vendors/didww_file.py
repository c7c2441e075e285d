"""A DIDWW export's file: gzip of CSV, with other columns for inbound calls than for outbound ones."""

import csv
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from local.calls import Call, Tally
from local.numbers import NAMES
from local.vendors.frame import Built
from local.vendors.pack import writing

Cells = dict[str, Callable[[Call], object]]
TIMES: Cells = {
    "Date/Time Start (UTC)": lambda call: _time(call.started_at),
    "Date/Time Connect (UTC)": lambda call: _time(call.answered_at),
    "Date/Time End (UTC)": lambda call: _time(call.ended_at),
    "Status": lambda call: "Successful" if call.answered_at else "Failed",
    "Source": lambda call: call.from_number.removeprefix("+"),
}
# doc.didww.com/api3/2026-04-16/export/get-csv-file-of-export.html. Money has all decimals here, so that the truth can
# be told to the last of them; the examples of older versions have three.
COLUMNS: dict[str, Cells] = {
    "cdr_in": {
        **TIMES,
        "Source Name": lambda _: "",
        "Destination DID": lambda call: call.to_number.removeprefix("+"),
        "Duration (sec)": lambda call: call.duration_s,
        "Attempt": lambda _: 1,
        "Disconnect Code": lambda call: call.sip_code,
        "Response": lambda call: call.sip_reason,
        "Disconnect Initiator": lambda call: "Origination" if call.answered_at else "Destination",
        "Voice IN Trunk": lambda call: call.connection_id,
        "Destination": lambda call: f"sip:{call.to_full.removeprefix('+')}@example.com",
        "Trunk Group": lambda _: "",
        "Capacity Group": lambda call: call.billing_group,
        "Toll-free (USD)": lambda call: _money(_talk(call) if call.toll_free else Decimal()),
        "PSTN (USD)": lambda _: _money(Decimal()),
        "Metered (USD)": lambda call: _money(Decimal() if call.toll_free else _talk(call)),
        "CNAM IN (USD)": lambda call: _money(call.cnam_fee),
        "Total (USD)": lambda call: _money(call.cost or Decimal()),
        "Call ID": lambda call: call.call_id,
    },
    "cdr_out": {
        **TIMES,
        "CLI": lambda call: call.from_number.removeprefix("+"),
        "Destination Number": lambda call: call.to_number.removeprefix("+"),
        "Call Duration (sec)": lambda call: call.duration_s,
        "Billing Duration (sec)": lambda call: call.billed_s,
        "Disconnect Code": lambda call: call.sip_code,
        "Disconnect Reason": lambda call: call.sip_reason,
        "Voice OUT Trunk": lambda call: call.connection_id,
        "Destination Country": lambda call: NAMES.get(call.to_country, ""),
        "Network": lambda call: call.route,
        "Call Type": lambda call: "Local" if call.to_country == call.from_country else "International",
        "Rate (USD)": lambda call: _money(call.rate),
        "Charged (USD)": lambda call: _money(call.cost or Decimal()),
        "Call ID": lambda call: call.call_id,
    },
}


def write(file: Path, export_type: str, calls: Iterable[Call]) -> Built:
    """Writes the calls, and adds them up on the way; the same calls make the same bytes."""
    columns, tally = COLUMNS[export_type], Tally()
    with writing(file, plain=False) as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(columns)
        for call in calls:
            rows.writerow([cell(call) for cell in columns.values()])
            tally = tally.plus(call)
    return Built(file, tally)


def _talk(call: Call) -> Decimal:
    return (call.cost or Decimal()) - call.cnam_fee


def _time(at: datetime | None) -> str:
    return at.isoformat(" ")[:19] if at else ""


def _money(amount: Decimal) -> str:
    return f"{amount:.8f}"
