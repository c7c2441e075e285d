"""The generator of calls: the same everywhere, believable, exact to the last decimal, with its edges."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise, product
from pathlib import Path

import pytest

from local.calls import Axis, Call, Calls, Tally, moment, truth

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 18)
START = datetime(2026, 11, 18, tzinfo=UTC)
END = datetime(2026, 11, 19, tzinfo=UTC)
AXES: tuple[Axis, ...] = ("start", "end", "record")


@pytest.fixture(scope="module")
def calls() -> Calls:
    """An ordinary account, with some calls that are not priced yet."""
    return Calls(7, "ordinary", unpriced=0.005)


@pytest.fixture(scope="module")
def week(calls: Calls) -> list[Call]:
    """Sunday 15 to Saturday 21 November 2026."""
    return [call for n in range(7) for call in calls.day(date(2026, 11, 15) + timedelta(n))]


def digest(calls: list[Call]) -> str:
    return sha256(repr(calls).encode()).hexdigest()


def test_the_same_seed_gives_the_same_calls_in_another_process(calls: Calls) -> None:
    """Whatever that process's hash seed is and whichever days it made before."""
    script = (
        "from datetime import date; from local.calls import Calls; from hashlib import sha256;"
        "calls = Calls(7, 'ordinary', unpriced=0.005); calls.day(date(2026, 1, 1));"
        "print(sha256(repr(calls.day(date(2026, 11, 18))).encode()).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "5"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == digest(calls.day(DAY))


@pytest.mark.parametrize("other", [Calls(8, "ordinary"), Calls(7, "another")])
def test_another_seed_or_account_gives_other_calls(calls: Calls, other: Calls) -> None:
    """Not a single row is shared."""
    assert not {call.row_id for call in calls.day(DAY)} & {call.row_id for call in other.day(DAY)}


@pytest.mark.parametrize(("axis", "closed"), list(product(AXES, (False, True))))
@pytest.mark.parametrize("span", [timedelta(days=1), timedelta(hours=1), timedelta(minutes=15)])
def test_a_window_holds_what_a_search_of_all_calls_finds(axis: Axis, closed: bool, span: timedelta) -> None:
    """On every axis, with either end, for windows on every edge that the day has."""
    calls = Calls(3, "edges", 150)
    everything = [call for n in range(-2, 3) for call in calls.day(DAY + timedelta(n))]
    start = START
    while start < END:
        end = start + span
        wanted = [
            call
            for call in everything
            if start <= moment(call, axis) and (moment(call, axis) < end or (closed and moment(call, axis) == end))
        ]
        assert list(calls.between(start, end, axis=axis, closed=closed)) == wanted
        start = end


def test_windows_without_their_end_divide_the_calls(calls: Calls) -> None:
    """Each row is in exactly one hour of the day, and the hours together are the day."""
    hours = [list(calls.between(START + timedelta(hours=n), START + timedelta(hours=n + 1))) for n in range(24)]
    assert [call for hour in hours for call in hour] == calls.day(DAY)


def test_calls_come_by_start(calls: Calls) -> None:
    """Also over several days, also when another time selects them."""
    for axis in AXES:
        found = list(calls.between(START - timedelta(days=2), END, axis=axis))
        assert all(a.started_at <= b.started_at for a, b in pairwise(found))


@pytest.mark.parametrize("day", [DAY, date(2026, 11, 22), date(2026, 2, 28), date(2028, 2, 29)])
@pytest.mark.parametrize("per_day", [0, 400])
def test_every_day_has_a_call_on_each_edge(day: date, per_day: int) -> None:
    """At midnight and at a full hour: one starts, one is answered, one ends, one is recorded exactly then."""
    calls = Calls(11, "edges", per_day)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    met = set()
    for call in calls.between(start - timedelta(days=1), start + timedelta(days=1)):
        for name in ("started_at", "answered_at", "ended_at", "recorded_at"):
            at = getattr(call, name)
            if at and start <= at < start + timedelta(days=1) and (at.minute, at.second) == (0, 0):
                met.add((name, "midnight" if at.hour == 0 else "hour"))
    assert len(met) == 8


def test_money_adds_up_exactly(week: list[Call]) -> None:
    """Subtotal is rate x billed / 60 at 8 decimals, the total is the subtotal and the four fees."""
    unit = Decimal("1E-8")
    for call in week:
        due = call.rate * call.billed_s / 60
        assert abs(call.cost_subtotal - due) <= unit / 2
        fees = call.connect_fee + call.usf_fee + call.ccrf + call.cnam_fee
        assert call.cost in (None, call.cost_subtotal + fees)
        for amount in (call.rate, call.cost_subtotal, call.ccrf, call.usf_fee, call.cnam_fee, call.connect_fee):
            assert amount.as_tuple().exponent == -8


def test_billed_time_is_the_first_increment_and_whole_next_ones(week: list[Call]) -> None:
    """Never less than was talked, never a whole increment more, nothing for a call nobody answered."""
    for call in week:
        if call.duration_s == 0:
            assert call.billed_s == 0
            continue
        rest = call.billed_s - call.first_increment_s
        assert rest >= 0
        assert rest % call.next_increment_s == 0
        assert call.billed_s >= call.duration_s
        assert rest == 0 or call.billed_s - call.next_increment_s < call.duration_s


def test_times_follow_each_other(week: list[Call]) -> None:
    """Start, answer, end, record; duration from answer to end; at most four hours; whole seconds of UTC."""
    for call in week:
        answered = call.answered_at or call.ended_at
        assert call.started_at <= answered <= call.ended_at < call.recorded_at
        assert call.duration_s == (call.ended_at - answered).total_seconds()
        assert call.ended_at - call.started_at <= timedelta(hours=4)
        assert timedelta(seconds=1) <= call.recorded_at - call.ended_at <= timedelta(seconds=90)
        assert call.started_at.microsecond == 0
        assert call.started_at.tzinfo is UTC


def test_rows_are_unique_and_forked_legs_share_a_call(week: list[Call]) -> None:
    """A row's identity is its own; the legs of a fork start together and only one of them is answered."""
    assert len({call.row_id for call in week}) == len(week)
    assert len({call.sip_call_id for call in week}) == len(week)
    legs: dict[str, list[Call]] = {}
    for call in week:
        legs.setdefault(call.call_id, []).append(call)
    forks = [legs for legs in legs.values() if len(legs) > 1]
    assert len(forks) > 20
    for fork in forks:
        assert len({leg.started_at for leg in fork}) == 1
        assert sum(leg.answered_at is not None for leg in fork) == 1


def test_calls_look_like_calls(week: list[Call]) -> None:
    """Day and night, weekday and weekend, mostly short, mostly answered, some not priced, some from nowhere."""
    days = Counter(call.started_at.date() for call in week)
    assert days[date(2026, 11, 15)] < 0.5 * days[DAY] > days[date(2026, 11, 21)]
    hours = Counter(call.started_at.hour for call in week)
    assert hours[15] > 10 * hours[7]
    failed = sum(call.answered_at is None for call in week) / len(week)
    assert 0.12 < failed < 0.24
    lasting = sorted(call.duration_s for call in week if call.duration_s)
    assert 45 < lasting[len(lasting) // 2] < 120
    assert lasting[-1] > 3600
    assert 0.15 < sum(call.source == "call-control" for call in week) / len(week) < 0.25
    assert 0 < sum(call.cost is None for call in week) < 0.02 * len(week)
    assert {"busy", "no answer", "cancelled", "failed", "completed"} == {call.result for call in week}
    assert {1, 2, 3} == {call.record_type for call in week}
    assert any(call.ended_at.date() > call.started_at.date() for call in week)
    assert any(call.from_number == "anonymous" for call in week)
    assert any(len(call.to_number) == 3 for call in week)
    assert any(not call.to_number.startswith("+") and call.to_number.isidentifier() for call in week)
    assert len({call.to_country for call in week} - {""}) >= 10


def test_codes_are_causes_or_sip(week: list[Call]) -> None:
    """A hang-up code is a Q.850 cause up to 127 or a SIP code from 200, which is then the call's own."""
    for call in week:
        assert 1 <= call.hangup_code <= 127 or call.hangup_code == call.sip_code >= 200
        assert (call.sip_code == 200) == (call.answered_at is not None)


def test_numbers_have_the_length_of_their_plan(week: list[Call]) -> None:
    """North America has ten digits, no area or exchange beginning with 0 or 1, no exchange N11."""
    numbers = [number for call in week for number in (call.from_number, call.to_number) if number[0] == "+"]
    assert len(numbers) > 2000
    for number in numbers:
        assert number[1:].isdigit()
        assert 10 <= len(number) - 1 <= 13
        if number.startswith("+1"):
            assert len(number) == 12
            assert number[2] not in "01"
            assert number[5] not in "01"
            assert number[6:8] != "11"


def test_the_truth_is_by_day_of_start(calls: Calls) -> None:
    """Rows, seconds, billed seconds, and cost with nothing for what is not priced."""
    found = truth(calls.between(START - timedelta(days=1), END))
    assert list(found) == [date(2026, 11, 17), DAY]
    own = calls.day(DAY)
    assert found[DAY] == Tally(
        len(own),
        sum(call.duration_s for call in own),
        sum(call.billed_s for call in own),
        sum((call.cost for call in own if call.cost is not None), Decimal()),
    )


def test_few_days_are_kept() -> None:
    """A month of a large account passes through without staying in memory."""
    calls = Calls(1, "large", 4000)
    list(calls.between(START - timedelta(days=28), END))
    assert 2 <= len(calls._days) < 20
