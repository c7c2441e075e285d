"""A Telnyx report's file: CSV with a line of display names, times without a zone, numbers in E.164."""

import csv
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from local.calls import Call, Tally
from local.numbers import NAMES
from local.vendors.frame import Built

# The order is unknown and varies; this one puts the identity neither first nor last.
COLUMNS: dict[str, Callable[[Call], object]] = {
    "Account id": lambda call: call.account_id,
    "Call UUID": lambda call: call.call_id,
    "Unique CDR ID": lambda call: call.row_id,
    "Sip call-id": lambda call: call.sip_call_id,
    "Direction": lambda call: call.direction,
    "Originating Number": lambda call: call.from_number,
    "Terminating number": lambda call: call.to_number,
    "Full Terminating number": lambda call: call.to_full,
    "Start Timestamp(UTC)": lambda call: _time(call.started_at),
    "Answer Timestamp": lambda call: _time(call.answered_at),
    "End Timestamp": lambda call: _time(call.ended_at),
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


def write(file: Path, calls: Iterable[Call]) -> Built:
    """Writes the calls, and adds them up on the way."""
    tally = Tally()
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(COLUMNS)
        for call in calls:
            rows.writerow([cell(call) for cell in COLUMNS.values()])
            tally = tally.plus(call)
    return Built(file, tally)


def _time(at: datetime | None) -> str:
    return at.isoformat(" ")[:19] if at else ""


def _money(amount: Decimal | None) -> str:
    """Nothing at all for a call that is not priced yet; never an exponent."""
    return "" if amount is None else f"{amount:f}"
