"""A Flowroute export's file: gzip of CSV in the form of the example row, and the totals told beside it."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from local.calls import Call, Tally
from local.numbers import NAMES
from local.vendors.frame import Built
from local.vendors.pack import writing

# In the form of `Inbound,2019-06-25 18:18:00+00,...,12063389999,...,+12069928999,0.00474784,...,0.0000,...`.
COLUMNS: dict[str, Callable[[Call], object]] = {
    "direction": lambda call: call.direction.capitalize(),
    "start_time": lambda call: _time(call.started_at),
    "end_time": lambda call: _time(call.ended_at),
    "destination": lambda call: call.to_number.removeprefix("+"),
    "number_alias": lambda call: call.number_alias,
    "callerid": lambda call: call.from_number,
    "total_cost": lambda call: f"{call.cost:.8f}",
    "destination_name": lambda call: NAMES.get(call.to_country, "").upper(),
    "callerid_country": lambda call: NAMES.get(call.from_country, "N/A").upper(),
    "line_information": lambda call: call.line_information,
    "result": lambda call: call.result,
    "call_fail_sip_code": lambda call: call.sip_code,
    "call_fail_reason": lambda call: call.sip_reason,
    "duration": lambda call: call.duration_s,
    "billed_duration": lambda call: call.billed_s,
    "rate": lambda call: f"{call.rate:.6f}",
    "first_increment": lambda call: call.first_increment_s,
    "subsequent_increment": lambda call: call.next_increment_s,
    "cost_subtotal": lambda call: f"{call.cost_subtotal:.8f}",
    "connect_fee": lambda call: f"{call.connect_fee:.4f}",
    "usf_fee": lambda call: f"{call.usf_fee:.8f}",
    "ccrf": lambda call: f"{call.ccrf:.8f}",
    "cnam_lookup_fee": lambda call: f"{call.cnam_fee:.5f}",
    "custom_x_tag": lambda call: call.custom_tag,
    "customer_ip": lambda call: call.customer_ip,
}
NEWER: dict[str, Callable[[Call], object]] = {
    "sip_callid": lambda call: call.sip_call_id,
    "cdr_id": lambda call: call.row_id,
    "sip_from_tag": lambda call: _tag("from", call),
    "sip_to_tag": lambda call: _tag("to", call),
}


@dataclass(frozen=True, slots=True)
class Totals:
    """The control totals of an export."""

    tally: Tally
    subtotal: Decimal = Decimal("0E-8")
    connect: Decimal = Decimal("0E-8")
    usf: Decimal = Decimal("0E-8")
    ccrf: Decimal = Decimal("0E-8")
    cnam: Decimal = Decimal("0E-8")

    def plus(self, call: Call) -> "Totals":
        return Totals(
            self.tally.plus(call),
            self.subtotal + call.cost_subtotal,
            self.connect + call.connect_fee,
            self.usf + call.usf_fee,
            self.ccrf + call.ccrf,
            self.cnam + call.cnam_fee,
        )

    def attributes(self) -> dict[str, object]:
        """Money as decimal strings, in USD."""
        return {
            "total_cost": f"{self.tally.cost:f}",
            "call_subtotal": f"{self.subtotal:f}",
            "connect_fees": f"{self.connect:f}",
            "cnamlookup_fees": f"{self.cnam:f}",
            "usf_fees": f"{self.usf:f}",
            "ccrf": f"{self.ccrf:f}",
            "num_calls": self.tally.rows,
            "billed_minutes": f"{Decimal(self.tally.billed) / 60:.2f}",
        }


UNKNOWN: dict[str, object] = dict.fromkeys(Totals(Tally()).attributes())


@dataclass(frozen=True, slots=True)
class Export(Built):
    """The file with its totals."""

    totals: Totals


def write(file: Path, calls: Iterable[Call], *, old: bool, plain: bool) -> Export:
    """Writes the calls, and adds them up on the way."""
    columns = COLUMNS if old else COLUMNS | NEWER
    totals = Totals(Tally())
    with writing(file, plain=plain) as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(columns)
        for call in calls:
            rows.writerow([cell(call) for cell in columns.values()])
            totals = totals.plus(call)
    return Export(file, totals.tally, totals)


def _time(at: datetime) -> str:
    return f"{at.isoformat(' ')[:19]}+00"


def _tag(end: str, call: Call) -> str:
    return sha256(f"{end}{call.row_id}".encode()).hexdigest()[:12]
