"""What our columns must make of a simulated call, vendor by vendor, in plain Python: what the truth is counted from."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from lambdas.core.exports import Exports
from lambdas.core.rows import Row
from local.call import Call

Leg = dict[str, Any]
Cells = Mapping[str, Callable[[Call], Any]]
# What becomes of the simulated calls that nobody answered, by Telnyx's causes; the others failed.
CAUSES = {
    "USER_BUSY": "busy",
    "NO_ANSWER": "no_answer",
    "NO_USER_RESPONSE": "no_answer",
    "ORIGINATOR_CANCEL": "cancelled",
    "CALL_REJECTED": "rejected",
}
WORDS = {"completed": "answered", "no answer": "no_answer"}  # Flowroute's, where they are not ours
EVERYWHERE: Cells = {
    **{name: attrgetter(name) for name in (
        "row_id", "direction", "started_at", "ended_at", "duration_s", "billed_s", "cost",
    )},
    "from_number": lambda call: call.from_number if call.from_country else None,
    "to_number": lambda call: call.to_number if call.to_country else None,
    "from_country": lambda call: call.from_country or None,
    "to_country": lambda call: call.to_country or None,
    "from_raw": lambda call: call.from_number,
    "to_raw": lambda call: call.to_number.removeprefix("+"),
    "answered_at": lambda call: call.answered_at,
    "answered": lambda call: call.answered_at is not None,
    "sip_code": lambda call: call.sip_code,
    **dict.fromkeys((
        "call_id", "hangup_cause", "q850_cause", "currency", "first_increment_s", "next_increment_s", "rate", "route",
        "connection_id", "billing_group", "account_id", "pdd",
    ), lambda _: None),
}  # fmt: skip
TELNYX: Cells = {
    "call_id": lambda call: call.call_id,
    "to_raw": lambda call: call.to_full,
    "result": lambda call: "answered" if call.answered_at else CAUSES.get(call.hangup_cause, "failed"),
    "hangup_cause": lambda call: call.hangup_cause,
    "q850_cause": lambda call: call.hangup_code if call.hangup_code < 128 else None,
    "sip_code": lambda call: call.hangup_code if call.hangup_code >= 200 else None,
    "rate": lambda call: call.rate,
    "route": lambda call: call.route or None,
    "connection_id": lambda call: call.connection_id or None,
    "billing_group": lambda call: call.billing_group or None,
    "account_id": lambda call: call.account_id or None,
    "pdd": lambda call: float(call.pdd_ms),
}
FLOWROUTE: Cells = {
    "answered_at": lambda _: None,
    "result": lambda call: WORDS.get(call.result, call.result),
    "hangup_cause": lambda call: call.result,
    "currency": lambda _: "USD",
    "first_increment_s": lambda call: call.first_increment_s,
    "next_increment_s": lambda call: call.next_increment_s,
    "rate": lambda call: call.rate,
}
DIDWW: Cells = {
    "call_id": lambda call: call.call_id,
    "from_raw": lambda call: call.from_number.removeprefix("+"),
    "result": lambda call: "answered" if call.answered_at else "failed",
    "billed_s": lambda call: None if call.direction == "inbound" else call.billed_s,
    "currency": lambda _: "USD",
    "connection_id": lambda call: call.connection_id or None,
}
VENDORS: Mapping[str, Cells] = {
    "telnyx": {**EVERYWHERE, **TELNYX},
    "flowroute": {**EVERYWHERE, **FLOWROUTE},
    "didww": {**EVERYWHERE, **DIDWW},
}

HASHED = ("didww", "flowroute-never", "flowroute-early")  # exports whose files have no identity of a row
HASH = "row-"  # how ours begin


@dataclass(frozen=True)
class Known:
    """What is true, and what of it is asked about."""

    exports: Exports
    rows: list[Row]  # of the ledger
    calls: Mapping[str, list[Call]]  # by export
    first: date
    last: date
    zone: str = "UTC"
    only: tuple[str, ...] = ()
    values: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The exports asked about."""
        return self.only or tuple(one.name for one in self.exports.exports)

    @property
    def legs(self) -> list[Leg]:
        """The rows of the days asked about."""
        return list(self._between(self.first, self.last))

    @property
    def before(self) -> list[Leg]:
        """Those of the days before that `history` says."""
        return list(self._between(self.first - timedelta(self.values["history"]), self.first - timedelta(1)))

    @property
    def windows(self) -> list[Row]:
        """The ledger's rows of these dates."""
        days = f"{self.first}", f"{self.last}"
        return [row for row in self.rows if row.export in self.names and days[0] <= row.window.date <= days[1]]

    @property
    def chosen(self) -> set[str]:
        """The exports that are asked for calls of some outcome alone."""
        return {row.export for row in self.rows if row.published and "record_types" in row.published.narrowed}

    def _between(self, first: date, last: date) -> Iterator[Leg]:
        zone = ZoneInfo(self.zone)
        for name in self.names:
            cells = VENDORS[self.exports.get(name).vendor]
            for call in self.calls.get(name, ()):
                local = call.started_at.astimezone(zone).replace(tzinfo=None)
                if first <= local.date() <= last:
                    yield _leg(name, call, cells, local)


def _leg(export: str, call: Call, cells: Cells, local: datetime) -> Leg:
    leg = {name: cell(call) for name, cell in cells.items()}
    return leg | {
        "export": export,
        "local_at": local,
        "day": local.date(),
        "hour": local.replace(minute=0, second=0),
        "month": f"{local:%Y-%m}",
        "country": leg["from_country" if call.direction == "inbound" else "to_country"],
        "call": leg["call_id"] or leg["row_id"],
    }


def grouped(legs: Iterable[Leg], *names: str) -> Iterator[tuple[Leg, list[Leg]]]:
    """The legs that agree in these columns, together, with what they agree in."""
    found: dict[tuple[Any, ...], list[Leg]] = {}
    for leg in legs:
        found.setdefault(tuple(leg[name] for name in names), []).append(leg)
    yield from ((dict(zip(names, key, strict=True)), its) for key, its in found.items())


def total(legs: Iterable[Leg], name: str) -> Any:
    """As SQL adds up: without nulls, and null where there is nothing else."""
    known = [leg[name] for leg in legs if leg[name] is not None]
    return sum(known) if known else None


def minutes(seconds: int | None) -> float | None:
    """Of seconds."""
    return None if seconds is None else seconds / 60


def ratio(part: Any, whole: Any) -> float | None:
    """Null where there is nothing to divide, or by."""
    return float(part) / float(whole) if part is not None and whole else None


def hidden(line: Leg) -> Leg:
    """Without what is left of identities that are ours: a hash of the whole line, which no call tells."""
    names = ("row_id", *(["call"] if str(line.get("export")).startswith("flowroute") else []))
    return {**line, **{name: HASH for name in names if name in line and line["export"] in HASHED}}
