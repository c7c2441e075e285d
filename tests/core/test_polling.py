"""Looks grow rarer within bounds; what comes to nothing is asked anew, and at last given up without losing a thing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Declined, Gone, Problem, Refused, TryAgain, Unclear
from lambdas.core.planning import DECLINES
from lambdas.core.polling import (
    ATTEMPTS,
    DISTANCE,
    DRAWN,
    GRACE,
    SLOWEST,
    SOONEST,
    blank,
    blind,
    held,
    lesson,
    pause,
    renew,
    unasked,
    verdict,
)
from lambdas.core.progress import File, Progress, State
from lambdas.core.rows import MOVES, Published, Work
from lambdas.vendors import FACTS
from tests.core.making import NOW, always, row

TELNYX = FACTS["telnyx"]
PUBLISHED = Published(0, "d", "k", "e", "r", ("raw",), 1, NOW)
PENDING = Progress(State.PENDING)
SECOND = timedelta(seconds=1)
MOST_LOOKS = DRAWN + TELNYX.patience // timedelta(seconds=SLOWEST) + 1


@always
@given(
    st.integers(0, 5000), st.floats(0, 1), st.integers(-100, 20_000), st.sampled_from(sorted(FACTS)),
    st.lists(st.integers(0, 99_999), max_size=9),
)  # fmt: skip
def test_a_wait_is_bounded_and_never_past_the_deadline(
    looks: int, jitter: float, left: int, vendor: str, took: list[int]
) -> None:
    """From a second to the slowest, or at first to half the patience; a second past the deadline at most."""
    asked = row(Work.ASKED, looks=looks, give_up_at=NOW + timedelta(seconds=left))
    wait = pause(asked, FACTS[vendor], NOW, jitter, took)
    assert 1 <= wait <= (SLOWEST if looks else FACTS[vendor].patience.total_seconds() / 2)
    assert wait <= max(1, left + 1)


def test_the_first_wait_is_what_reports_usually_take_and_the_next_ones_grow() -> None:
    """From a quarter of it, half again each time, up to the ceiling; chance shortens each, down to a few seconds."""
    waits = [pause(row(Work.ASKED, looks=n), TELNYX, NOW, 1) for n in (*range(8), DRAWN - 1, DRAWN)]
    assert waits == [60, 22, 33, 50, 75, 113, 170, 256, 600, 600]
    assert [pause(row(Work.ASKED, looks=n), TELNYX, NOW, 0) for n in (0, 1, 9, DRAWN - 1)] == [60, 5, 5, 5]
    learnt = [pause(row(Work.ASKED, looks=n), TELNYX, NOW, 1, (400, 4000, 390)) for n in (0, 1, 2)]
    assert learnt == [400, 150, 225]


def test_the_looks_at_a_report_are_bounded_whatever_chance_says() -> None:
    """And with them the state transitions: each look is four."""
    for jitter in (0.0, 0.5, 1.0):
        asked, now, looks = row(Work.ASKED, asked_at=NOW, give_up_at=NOW + TELNYX.patience), NOW, 0
        while (found := verdict(asked, PENDING, TELNYX, now, jitter)).next == "wait":
            asked, looks = found.row, looks + 1
            now += timedelta(seconds=found.wait)
        assert looks <= MOST_LOOKS
        assert now <= NOW + TELNYX.patience + timedelta(seconds=1 + SOONEST)


def test_what_a_report_took_is_learnt_between_the_last_look_and_this_one() -> None:
    """Else a first wait that is too long would be repeated for ever; a callback tells it exactly."""
    asked = row(Work.ASKED, asked_at=NOW, run=1, give_up_at=NOW + TELNYX.patience, due_at=NOW + timedelta(minutes=11))
    then = NOW + 100 * SECOND
    assert lesson(asked, TELNYX, then) == 50
    assert lesson(replace(asked, looked_at=NOW + 60 * SECOND), TELNYX, then) == 80
    assert lesson(replace(asked, heard_at=NOW + 31 * SECOND), TELNYX, then) == 31
    stale = replace(asked, heard_at=NOW + 31 * SECOND, looked_at=NOW + 60 * SECOND)
    assert lesson(stale, TELNYX, then) == 80


def test_a_look_that_came_too_late_teaches_nothing() -> None:
    """Else one bad night would be every report's first wait."""
    asked = row(Work.ASKED, asked_at=NOW, run=1, give_up_at=NOW + TELNYX.patience, due_at=NOW + timedelta(minutes=11))
    late = NOW + timedelta(hours=2)
    assert lesson(asked, TELNYX, late) is None  # its execution had died
    assert lesson(replace(asked, run=2, due_at=late), TELNYX, late) is None  # copied again, or taken over
    adopted = replace(asked, give_up_at=late + TELNYX.patience, due_at=late + timedelta(minutes=11))
    assert lesson(adopted, TELNYX, late + 60 * SECOND) is None


def test_who_was_asked_to_wait_waits_no_second_less() -> None:
    """And not all come back at the same one."""
    asked = row(Work.ASKED, give_up_at=NOW + timedelta(hours=4))
    for jitter, least, most in ((0.0, 120, 121), (1.0, 150, 151)):
        found = blind(asked, TryAgain("429", after=120, limited=True), TELNYX, NOW, jitter)
        rests = held(asked, NOW + 120 * SECOND, NOW, jitter)
        assert least <= found.wait <= most and least <= rests.wait <= most
        assert rests.row.looks == 0 and found.row.looks == 1
        assert found.row.due_at == NOW + timedelta(seconds=found.wait) + GRACE


def test_an_outage_uses_up_nothing_even_past_the_deadline() -> None:
    """The run ends; the requester's next one goes on with the same report."""
    asked = row(Work.ASKED, report_id="7", give_up_at=NOW)
    late = blind(asked, TryAgain("HTTP 500"), TELNYX, NOW, 0.5)
    assert (late.next, late.row) == ("end", asked)


def test_a_pending_report_is_looked_at_again() -> None:
    """The row says when the execution is overdue: after its wait and some grace."""
    found = verdict(row(Work.ASKED, looks=2), PENDING, TELNYX, NOW, 1)
    assert (found.next, found.wait, found.row.looks, found.row.looked_at) == ("wait", 50, 3, NOW)
    assert found.row.due_at == NOW + timedelta(seconds=50) + GRACE


def test_a_ready_report_is_copied_and_the_row_stands_still() -> None:
    """The copier moves it."""
    asked = row(Work.ASKED, give_up_at=NOW)
    found = verdict(asked, Progress(State.READY, (File("https://host/a"),)), TELNYX, NOW, 1)
    assert (found.next, found.row) == ("copy", asked)


@pytest.mark.parametrize("state", [State.FAILED, State.EXPIRED, State.GONE])
def test_a_report_that_came_to_nothing_uses_up_an_attempt(state: State) -> None:
    """And the next one starts afresh."""
    found = verdict(row(Work.ASKED, tag="cdr1", report_id="7", looks=3, wakes=2), Progress(state), TELNYX, NOW, 1)
    assert (found.next, found.row.state, found.row.attempt) == ("end", Work.PLANNED, 2)
    assert (found.row.tag, found.row.report_id, found.row.looks, found.row.wakes) == (None, None, 0, 0)
    assert str(state) in (found.row.reason or "")


def test_patience_ends_exactly_at_the_deadline() -> None:
    """A second before it the report is waited for."""
    asked = row(Work.ASKED, give_up_at=NOW)
    assert verdict(asked, PENDING, TELNYX, NOW - SECOND, 1).next == "wait"
    assert verdict(asked, PENDING, TELNYX, NOW, 1).row.state is Work.PLANNED


def test_attempts_come_at_growing_distances_until_the_row_is_stuck() -> None:
    """Five of them; then once a day, by the requester."""
    one, waits = row(Work.ASKED, attempt=7), []
    for _ in range(ATTEMPTS):
        one = renew(one, "failed", NOW)
        if one.state is not Work.PLANNED or one.due_at is None:
            break
        waits.append(one.due_at - NOW)
        one = row(Work.ASKED, attempt=one.attempt, failures=one.failures)
    assert tuple(waits) == DISTANCE and len(waits) == ATTEMPTS - 1
    assert (one.state, one.later) == (Work.STUCK, NOW + timedelta(days=1))


def test_what_was_published_stays_when_a_re_export_fails_for_good() -> None:
    """The row is done again, says since when it is stale, and is tried again."""
    failed = renew(row(Work.COPYING, failures=ATTEMPTS - 1, published=PUBLISHED), "failed", NOW)
    assert (failed.state, failed.published, failed.stale_since) == (Work.DONE, PUBLISHED, NOW)
    assert failed.later == NOW + timedelta(days=1)


def test_a_vendor_that_lets_nobody_look_costs_no_attempt() -> None:
    """Slowly on; past the deadline this run ends, and the row keeps its report."""
    asked, no = row(Work.ASKED, report_id="7", give_up_at=NOW + SECOND), Refused("no")
    found = blind(asked, no, TELNYX, NOW, 1)
    assert (found.next, found.wait, found.row.attempt, found.row.report_id) == ("wait", SLOWEST, 1, "7")
    late = blind(asked, no, TELNYX, NOW + SECOND, 1)
    assert (late.next, late.row) == ("end", asked)


def test_an_answer_that_is_never_understood_uses_up_the_attempt() -> None:
    """It may be a state that the vendor invented: after the deadline the report is asked anew."""
    asked = row(Work.ASKED, report_id="7", give_up_at=NOW + SECOND)
    assert blind(asked, Unclear("status 9"), TELNYX, NOW, 1).row.attempt == 1
    late = blind(asked, Unclear("status 9"), TELNYX, NOW + SECOND, 1)
    assert (late.next, late.row.state, late.row.attempt, late.row.reason) == ("end", Work.PLANNED, 2, "status 9")


def test_a_report_that_is_not_shown_yet_is_not_gone() -> None:
    """A 404 soon after the asking is the vendor's own delay; later it is final."""
    asked = row(Work.ASKED, asked_at=NOW, give_up_at=NOW + timedelta(hours=4))
    gone = Progress(State.GONE)
    assert verdict(asked, gone, TELNYX, NOW + SECOND, 0.5).next == "wait"
    late = verdict(asked, gone, TELNYX, NOW + TELNYX.list_grace, 0.5)
    assert (late.next, late.row.attempt) == ("end", 2)


def test_a_new_attempt_has_nothing_of_the_old() -> None:
    """Every note and every field of the asking is emptied, and only the reason is kept."""
    used = row(Work.ASKED, run=2, fields={"a": 1}, tag="t", asked_at=NOW, report_id="7", give_up_at=NOW, looks=1,
               searched=1, heard_at=NOW, looked_at=NOW, token="t", wakes=1)  # fmt: skip
    fresh = row(Work.PLANNED)
    for name, value in blank("why").items():
        assert value == ("why" if name == "reason" else getattr(fresh, name))
    assert {name for name in vars(used) if getattr(used, name) != getattr(fresh, name)} - {"state"} <= set(blank())


SURE = [Refused("the key"), Gone("no such path"), TryAgain("429", doubt=False)]


@pytest.mark.parametrize("problem", SURE, ids=repr)
def test_a_sure_no_leaves_the_row_as_it_was(problem: Problem) -> None:
    """No attempt is used up, and it is due at once: the export rests, not the row."""
    after = unasked(row(Work.ASKING, attempt=3, tag="t"), problem, NOW)
    assert after is not None
    assert (after.state, after.attempt, after.tag, after.due_at) == (Work.PLANNED, 3, None, NOW)
    assert (after.reason, after.declined) == (problem.what, 0)


@pytest.mark.parametrize("problem", [TryAgain("500"), Unclear("a page")], ids=repr)
def test_what_may_have_arrived_stays_asking(problem: Problem) -> None:
    """Only the vendor's list knows."""
    assert unasked(row(Work.ASKING), problem, NOW) is None


def test_a_window_that_the_vendor_declines_is_stuck_at_once_and_never_lost() -> None:
    """With the vendor's reason, asked again in a day; there is no move from stuck to lost."""
    after = unasked(row(Work.ASKING, tag="t"), Declined("end_time", window=True), NOW)
    assert after is not None
    assert (after.state, after.reason, after.later) == (Work.STUCK, "end_time", NOW + timedelta(days=1))
    assert after.declined == DECLINES
    assert {state for (state, _), to in MOVES.items() if to is Work.LOST} == {Work.PLANNED, Work.LOST}


def test_a_request_that_is_declined_again_and_again_does_not_hold_back_the_others() -> None:
    """Twice it may be the export's options, which the export is blocked for; then it is this window."""
    one = row(Work.ASKING)
    states = []
    for _ in range(DECLINES):
        after = unasked(one, Declined("filters"), NOW)
        assert after is not None
        states.append(after.state)
        one = row(Work.ASKING, declined=after.declined)
    assert states == [Work.PLANNED] * (DECLINES - 1) + [Work.STUCK]


def test_a_re_export_that_is_declined_leaves_what_was_published() -> None:
    """Done, stale since, with the reason, and final."""
    after = unasked(row(Work.ASKING, published=PUBLISHED), Declined("end_time", window=True), NOW)
    assert after is not None
    assert (after.state, after.published, after.stale_since, after.later) == (Work.DONE, PUBLISHED, NOW, None)


def test_a_re_export_that_is_declined_for_a_week_is_final() -> None:
    """Until then daily: the vendor may have mended it."""
    declined, days = 0, 0
    while True:
        after = unasked(row(Work.ASKING, published=PUBLISHED, declined=declined), Declined("filters"), NOW)
        assert after is not None
        declined, days = after.declined, days + (after.state is Work.DONE)
        if after.state is Work.DONE and after.later is None:
            break
    assert 7 <= days <= 9
