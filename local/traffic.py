"""The calls of one day of one account, drawn from (seed, account, day) alone."""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import NamedTuple, TypedDict

from local import charges, outcomes
from local.account import USERS, Account, Line, source, uuid4
from local.call import Call
from local.numbers import CALLEES, CALLERS, Party
from local.outcomes import ANSWERED, CANCELLED, Outcome, Span

# Offices in North America, seen in UTC: quiet from 6 to 11, busiest from 14 to 21.
HOURS = (5, 4, 3, 2, 1, 1, 0.5, 0.5, 0.5, 1, 2, 4, 9, 16, 22, 24, 22, 20, 22, 23, 20, 15, 10, 7)
BOUNDS = list(accumulate(HOURS))
WEEKDAYS = (1.06, 1.0, 1.0, 1.0, 0.98, 0.4, 0.28)
DAY_S = 86_400
HUNDREDTH = Decimal("0.01")
NOBODY = Party("anonymous")
SHORT_CODES = ("411", "611", "811", "933", "72345")


class Tie(NamedTuple):
    """Pins one moment of a call to one second of the day (which may be the next midnight)."""

    moment: str
    second: int


class Ends(NamedTuple):
    """Who calls whom, over which rented number, and where the call is delivered."""

    inbound: bool
    caller: Party
    callee: Party
    line: Line
    full: str


class Times(TypedDict):
    """The part of a call that is about time."""

    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    recorded_at: datetime
    duration_s: int


@dataclass(frozen=True, slots=True)
class Day:
    """What every call of the day shares."""

    account: Account
    midnight: datetime
    unpriced: float
    rng: Random


def calls(seed: int, name: str, account: Account, day: date, per_day: int, unpriced: float) -> list[Call]:
    """All calls that start on the day, by start."""
    rng = source(seed, name, day.isoformat())
    today = Day(account, datetime.combine(day, time(), UTC), unpriced, rng)
    count = round(per_day * WEEKDAYS[day.weekday()] * (0.92 + 0.16 * rng.random()))
    drawn = [call for _ in range(count) for call in _anyone(today)]
    drawn += [_tied(today, tie) for tie in _ties(rng)]
    return sorted(drawn, key=lambda call: (call.started_at, call.row_id))


def _ties(rng: Random) -> Iterator[Tie]:
    """The calls that every day has on an edge: at a midnight and at one full hour."""
    hour = 3600 * rng.randrange(3, 24)
    yield Tie("start", 0)
    for moment in ("answer", "end", "record"):
        yield Tie(moment, DAY_S)
    for moment in ("start", "answer", "end", "record"):
        yield Tie(moment, hour)


def _tied(day: Day, tie: Tie) -> Call:
    """An answered call whose moment falls on that second; short enough to start on the same day."""
    span = outcomes.span(ANSWERED, day.rng)._replace(talk=1 + int(day.rng.random() * 3600))
    before = {"start": 0, "answer": 1, "end": 2, "record": 3}[tie.moment]
    return _leg(day, _ends(day), ANSWERED, tie.second - sum(span[:before]), span, uuid4(day.rng))


def _anyone(day: Day) -> Iterator[Call]:
    """A call at any second, sometimes with forked legs that were cancelled when another answered."""
    rng = day.rng
    ends, outcome, start, call_id = _ends(day), outcomes.draw(rng), _second(rng), uuid4(rng)
    span = outcomes.span(outcome, rng)
    yield _leg(day, ends, outcome, start, span, call_id)
    if ends.inbound and outcome.answered and rng.random() < 0.05:
        for user in rng.sample(USERS, rng.randrange(1, 3)):
            lost = Span(span.ring, 0, 1 + rng.randrange(90))
            yield _leg(day, ends._replace(full=user), CANCELLED, start, lost, call_id)


def _second(rng: Random) -> int:
    hour = bisect(BOUNDS, rng.random() * BOUNDS[-1])
    return hour * 3600 + int(rng.random() * 3600)


def _ends(day: Day) -> Ends:
    rng = day.rng
    line = day.account.lines[int(rng.random() * len(day.account.lines))]
    if rng.random() < 0.55:
        caller = NOBODY if rng.random() < 0.03 else CALLERS.draw(rng)
        return Ends(True, caller, line.party, line, line.user if rng.random() < 0.5 else line.party.number)
    callee = _odd(rng) if rng.random() < 0.03 else CALLEES.draw(rng)
    return Ends(False, line.party, callee, line, callee.number)


def _odd(rng: Random) -> Party:
    """A short code or a SIP user: no number of any plan."""
    return Party(SHORT_CODES[rng.randrange(5)] if rng.random() < 0.5 else USERS[rng.randrange(6)])


def _leg(day: Day, ends: Ends, outcome: Outcome, second: int, span: Span, call_id: str) -> Call:
    rng = day.rng
    named = outcome is not CANCELLED and charges.named(ends.inbound, ends.caller, rng)
    money = charges.price(ends.inbound, ends.callee, span.talk, named)
    if rng.random() < day.unpriced:
        money["cost"] = None
    return Call(
        row_id=uuid4(rng),
        call_id=call_id,
        sip_call_id=f"{rng.getrandbits(96):024x}@{ends.line.peer}",
        account_id=day.account.id,
        source="call-control" if rng.random() < 0.2 else "calls",
        direction="inbound" if ends.inbound else "outbound",
        from_number=ends.caller.number,
        to_number=ends.callee.number,
        to_full=ends.full,
        from_country=ends.caller.country,
        to_country=ends.callee.country,
        from_state=ends.caller.state,
        to_state=ends.callee.state,
        from_lata=ends.caller.lata,
        to_lata=ends.callee.lata,
        toll_free=ends.callee.toll_free,
        line_information=_line_information(ends, rng),
        result=outcome.result,
        record_type=outcome.record_type,
        hangup_cause=outcome.cause,
        hangup_code=outcome.code,
        sip_code=outcome.sip,
        sip_reason=outcome.reason,
        connection_id=ends.line.connection_id,
        billing_group=ends.line.billing_group,
        billing_group_id=ends.line.billing_group_id,
        number_alias=ends.line.alias if ends.inbound else "",
        tags=ends.line.tags,
        custom_tag=f"campaign-{rng.randrange(9)}" if rng.random() < 0.1 else "",
        customer_ip=f"{ends.line.peer}:5060" if rng.random() < 0.3 else ends.line.peer,
        route="" if ends.inbound else "prime" if rng.random() < 0.7 else "conversational",
        pdd_ms=200 + int(rng.expovariate(1 / 1100)),
        mos=(310 + int(rng.random() * 140)) * HUNDREDTH if span.talk else None,
        **money,
        **_times(day.midnight, second, outcome, span),
    )


def _times(midnight: datetime, second: int, outcome: Outcome, span: Span) -> Times:
    start = midnight + timedelta(0, second)
    picked_up = start + timedelta(0, span.ring)
    end = picked_up + timedelta(0, span.talk)
    return {
        "started_at": start,
        "answered_at": picked_up if outcome.answered else None,
        "ended_at": end,
        "recorded_at": end + timedelta(0, span.lag),
        "duration_s": span.talk,
    }


def _line_information(ends: Ends, rng: Random) -> str:
    """Originating line digits of North America: 0 landline, 61 and 62 cellular."""
    if not ends.inbound or not ends.caller.lata:
        return ""
    return rng.choice(("61", "62")) if ends.caller.mobile else "0"
