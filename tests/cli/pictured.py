"""A month of three invented exports as Athena answers it, with every state of a day and every kind of gap."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cli.picture.facts import Row
from cli.picture.scope import Scope
from lambdas.core.exports import Exports, parse
from lambdas.vendors import FACTS

FIRST, LAST = date(2026, 10, 26), date(2026, 11, 25)
MADE = datetime(2026, 11, 25, 18, 30, tzinfo=UTC)
EVIL = "</script><img src=x onerror=alert(1)>"
TEXT = """
[[export]]
name = "telnyx-main"
vendor = "telnyx"
start = 2026-10-26

[[export]]
name = "flowroute-main"
vendor = "flowroute"
start = "-20d"

[[export]]
name = "didww-in"
vendor = "didww"
start = 2026-11-05
options = { export_type = "cdr_in" }

[[export]]
name = "old-account"
vendor = "telnyx"
start = 2026-01-01
state = "retired"
"""
NAMES = ("telnyx-main", "flowroute-main", "didww-in")
CURRENCIES = {"telnyx-main": "USD", "flowroute-main": "USD", "didww-in": None}
BEGINS = {"telnyx-main": FIRST, "flowroute-main": date(2026, 11, 3), "didww-in": date(2026, 11, 5)}
COUNTRIES = ("US", "CA", "GB", "DE", "FR", "MX", "IN", "BR", "NG", "PK", "CU", "SO", None)
CAUSES = (
    ("busy", "USER_BUSY", "17", "486"), ("no_answer", "NO_ANSWER", "19", "480"),
    ("rejected", "CALL_REJECTED", "21", "603"),
    ("failed", "NORMAL_TEMPORARY_FAILURE", "41", "503"), ("failed", "UNALLOCATED_NUMBER", "1", "404"),
    ("cancelled", "ORIGINATOR_CANCEL", None, "487"), ("failed", EVIL, None, "500"), ("unknown", None, None, None),
    ("failed", "INCOMPATIBLE_DESTINATION", "88", "488"), ("failed", "RECOVERY_ON_TIMER_EXPIRE", "102", "504"),
)  # fmt: skip
ODD = {
    ("telnyx-main", date(2026, 11, 2)): "quarantined", ("telnyx-main", date(2026, 11, 8)): "stuck",
    ("telnyx-main", date(2026, 10, 26)): "unreachable", ("telnyx-main", date(2026, 10, 27)): "unreachable",
    ("flowroute-main", date(2026, 11, 10)): "lost", ("flowroute-main", date(2026, 11, 11)): "lost",
    ("telnyx-main", date(2026, 11, 24)): "open", ("didww-in", date(2026, 11, 20)): "open",
}  # fmt: skip
BARE = {("didww-in", date(2026, 11, 22)), ("didww-in", date(2026, 11, 23))}


def exports() -> Exports:
    return parse(TEXT, "dev", FACTS)


def scope(first: date = FIRST, last: date = LAST) -> Scope:
    return Scope("cdr-dev", exports().exports, first, last, MADE)


def days(first: date = FIRST, last: date = LAST) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def coverage() -> list[Row]:
    """A row for each day that has a window."""
    return [
        covered(name, day, ODD.get((name, day), "complete"), final=day < date(2026, 11, 18))
        for name in NAMES
        for day in days(last=date(2026, 11, 24))
        if day >= BEGINS[name] and (name, day) not in BARE
    ]


def covered(name: str, day: date, state: str = "complete", *, final: bool = True) -> Row:
    whole = state == "complete"
    filtered = "calls with the filters connections, call_types" if name == "telnyx-main" else "all calls"
    reason = None if whole else "the report failed: rows of the vendor 1,204, parsed 1,198"
    return {
        "export": name, "month": f"{day:%Y-%m}", "day": f"{day}", "state": state,
        "standing": ("final" if final else "provisional") if whole else None,
        "windows": "2", "copied": "2" if whole else "1", "rows": "1204", "duration_s": "86412",
        "cost": "12.34560000", "vendor_rows": "1204", "vendor_cost": "12.35000000",
        "complete_for": filtered if whole else None, "revision": "1" if whole else None,
        "published_at": f"{day + timedelta(days=1)} 02:14:09.000" if whole else None, "reasons": reason,
        "receipt_key": f"receipts/export={name}/dt={day}/{day:%Y%m%d}T000000Z-86400.calls.r1.json" if whole else None,
    }  # fmt: skip


def daily() -> list[Row]:
    """Calls by export, day, direction, country and currency; the second half of one export lacks its failures."""
    chance, made = random.Random(6), list[Row]()
    for name in NAMES:
        for day in days(last=date(2026, 11, 24)):
            if day < BEGINS[name] or (name, day) in ODD or (name, day) in BARE:
                continue
            for at, country in enumerate(COUNTRIES):
                calls = int(chance.uniform(20, 300) / (at + 1) * (0.4 if day.weekday() > 4 else 1))
                made += [called(name, day, country, calls, chance)] if calls else []
    return made


def called(name: str, day: date, country: str | None, calls: int, chance: random.Random) -> Row:
    answered = int(calls * chance.uniform(0.35, 0.7))
    seconds = sum(chance.randint(5, 400) for _ in range(answered))
    cost = Decimal(seconds) / 60 * Decimal(chance.choice(["0.0085", "0.012", "0.21"]))
    free = 3 if day.day == 23 else 0
    halved = name == "didww-in" and day >= date(2026, 11, 14)
    return {
        "export": name, "day": f"{day}", "direction": "outbound", "country": country, "currency": CURRENCIES[name],
        "legs": f"{calls + 2}", "calls": f"{calls}", "answered": f"{answered}", "reached": f"{calls - 1}",
        "asr": None if halved else f"{answered / calls}", "ner": None if halved else f"{(calls - 1) / calls}",
        "answered_s": f"{seconds}", "acd_s": f"{seconds / answered}" if answered else None,
        "minutes": f"{seconds / 60}", "billed_s": f"{seconds}", "billed_minutes": f"{seconds / 60}",
        "cost": f"{cost:.8f}", "unpriced": f"{free}", "effective_rate": "0.01",
    }  # fmt: skip


def failed() -> list[Row]:
    """Calls that failed, by cause."""
    chance = random.Random(7)
    return [
        {"export": name, "result": result, "hangup_cause": word, "q850_cause": q850, "sip_code": sip,
         "calls": f"{int(chance.uniform(5, 900) / (at + 1)) + 1}"}
        for name in NAMES
        for at, (result, word, q850, sip) in enumerate(CAUSES)
    ]  # fmt: skip
