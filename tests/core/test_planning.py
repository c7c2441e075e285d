"""Planning: every instant gets exactly one window, and what is due is done in the right order within the places."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.planning import DECLINES, ROWS_A_TICK, STEPS, Step, again_at, aged, extend, forgotten, partial, steps
from lambdas.core.rows import Head, Published, Row, Span, Work
from lambdas.core.windows import DAY, midnight
from lambdas.vendors import FACTS
from tests.core.making import NOW, always, export, row, window

TELNYX, FLOWROUTE = FACTS["telnyx"], FACTS["flowroute"]
LENGTHS = st.sampled_from([900, 3600, 7200, 21_600, 43_200, 86_400])
MOST = ROWS_A_TICK + DAY // timedelta(minutes=15)  # the last day of a backfill is never cut
PUBLISHED = Published(0, "d", "k", "e", "r", ("raw",), 1, NOW)


@dataclass
class Book:
    """A ledger in memory."""

    head: Head = field(default_factory=lambda: Head("main", born=NOW))
    rows: list[Row] = field(default_factory=list)

    def tick(self, made: Export, now: datetime) -> Sequence[Row]:
        plan = extend(made, FLOWROUTE, self.head, now)
        self.head = replace(self.head, spans=plan.spans)
        self.rows += plan.rows
        return plan.rows

    def of(self, source: str) -> list[Any]:
        return sorted(row.window for row in self.rows if row.window.source == source)


# A tick: minutes since the last one, a window length, how many days before (or after) now the start is.
TICKS = st.lists(st.tuples(st.integers(1, 6000), LENGTHS, st.integers(-2, 12)), min_size=1, max_size=5)


@settings(always, max_examples=40)
@given(TICKS, st.sampled_from([0, 1, 120, 1500]))
def test_every_instant_lies_in_exactly_one_window(ticks: list[tuple[int, int, int]], settle: int) -> None:
    """Whatever the lengths, the pauses, the backfills and starts that were to come; none crosses midnight."""
    made = replace(export(), settle=timedelta(minutes=settle))
    book, now = Book(), NOW
    for minutes, seconds, back in ticks:
        now += timedelta(minutes=minutes)
        made = replace(made, window=seconds, start=(now - back * DAY).date())
        for _ in range(40):
            new = book.tick(made, now)
            assert len(new) <= MOST
            if not new:
                break
        for source in made.sources:
            _covers(book.of(source), made.first(now), now - made.settle)


def _covers(windows: list[Any], start: datetime, until: datetime) -> None:
    """The windows follow each other from the start, and what is left until `until` is less than one window."""
    edges = [one.end for one in windows]
    assert [one.start for one in windows[1:]] == edges[:-1]
    assert all(midnight(one.start) == midnight(one.end - timedelta(microseconds=1)) for one in windows)
    if windows:
        assert windows[0].start <= start or start > until
        assert edges[-1] <= until < edges[-1] + DAY
    else:
        assert until < start + DAY


@always
@given(LENGTHS, st.integers(0, 25))
def test_planning_twice_makes_nothing_twice(seconds: int, back: int) -> None:
    """A tick that died before it saved the head makes the same rows again, which the ledger refuses."""
    made = replace(export(), window=seconds, start=(NOW - back * DAY).date())
    assert extend(made, FLOWROUTE, Head("main"), NOW) == extend(made, FLOWROUTE, Head("main"), NOW)
    first = extend(made, FLOWROUTE, Head("main"), NOW)
    second = extend(made, FLOWROUTE, Head("main", spans=first.spans), NOW)
    assert not {one.window for one in first.rows} & {one.window for one in second.rows}


def test_the_newest_windows_come_first() -> None:
    """A long backfill begins at the last midnight and goes back."""
    made = replace(export('source = "calls"', window='"1h"'), start=(NOW - 30 * DAY).date())
    first = extend(made, FLOWROUTE, Head("main"), NOW).rows
    starts = [one.window.start for one in first]
    today = [start for start in starts if start >= midnight(NOW)]
    assert starts[: len(today)] == today and len(today) == 10
    assert starts[len(today) :] == sorted(starts[len(today) :], reverse=True)


def test_a_start_that_was_to_come_makes_no_window_of_the_future() -> None:
    """Set to next month by mistake, then put right: only what is over is planned."""
    book, made = Book(), export()
    book.tick(replace(made, start=(NOW + 20 * DAY).date()), NOW)
    book.tick(replace(made, start=(NOW - 3 * DAY).date()), NOW)
    assert [one.start.day for one in book.of("calls")] == [17, 18, 19]


def test_a_new_length_begins_at_a_midnight_without_rows() -> None:
    """The day that was begun is ended in the old length."""
    book, made = Book(), export('source = "calls"', start='"-0d"')
    book.tick(replace(made, window=3600), NOW)
    book.tick(replace(made, window=86_400), NOW + DAY + timedelta(hours=14))
    lengths = [(one.start.day, one.seconds) for one in book.of("calls")]
    assert lengths == [*[(20, 3600)] * 24, (21, 86_400)]


def test_a_shorter_length_does_not_begin_in_the_middle_of_a_day() -> None:
    """Though it would fit: the day goes on as it began."""
    book, made = Book(), export('source = "calls"', start='"-0d"')
    book.tick(replace(made, window=3600), NOW)
    book.tick(replace(made, window=900), NOW + timedelta(minutes=105))
    assert {one.seconds for one in book.of("calls")} == {3600} and len(book.rows) == 11


def test_what_the_vendor_no_longer_keeps_is_unreachable_from_the_first() -> None:
    """Telnyx keeps 30 days; such rows have no future and ring no alarm."""
    made = export('source = "calls"', start='"-40d"')
    rows = {one.window.start: one for one in extend(made, TELNYX, Head("main"), NOW).rows}
    edge = NOW - timedelta(days=31)
    assert {one.state for start, one in rows.items() if start <= edge} == {Work.UNREACHABLE}
    assert {one.state for start, one in rows.items() if start > edge} == {Work.PLANNED}
    assert all((one.due_at is None) is (one.state is Work.UNREACHABLE) for one in rows.values())


def test_what_is_forgotten_is_counted_from_the_window_s_end() -> None:
    """What the vendor still has a part of is asked for, and called partial; Flowroute forgets nothing."""
    old, second = window(), timedelta(seconds=1)
    edge = old.end + timedelta(days=30)
    assert forgotten(TELNYX, old, edge) and not forgotten(TELNYX, old, edge - second)
    assert partial(TELNYX, old, edge - second) and not partial(TELNYX, old, old.start + timedelta(days=30) - second)
    assert not forgotten(FLOWROUTE, old, edge + 999 * DAY)


def do(rows: list[Row], made: Export | None = None, *, facts: Facts = TELNYX, asking: bool = True) -> list[Step]:
    return steps(rows, made or export(), facts, NOW, NOW, asking=asking)


def named(found: list[Step]) -> list[tuple[str, int]]:
    return [(step.name, step.row.window.start.day) for step in found]


def day(n: int, state: Work = Work.PLANNED, **fields: Any) -> Row:
    return row(state, window=window(n), **fields)


@pytest.mark.parametrize("state", [state for state in STEPS if state is not Work.PLANNED])
def test_what_is_overdue_is_moved_on(state: Work) -> None:
    """Each state by its own step, and not a second before it is due; a row without a future stays."""
    assert named(do([day(19, state)])) == [(STEPS[state], 19)]
    assert do([day(19, state, due_at=NOW + timedelta(seconds=1))]) == []
    assert do([day(19, state, due_at=None)]) == []


def test_the_order_is_forgotten_soon_then_new_then_again_then_old() -> None:
    """Of the first the oldest before, of the others as the design says."""
    soon = [replace(day(1), window=replace(window(1), start=NOW.replace(hour=0) - n * DAY)) for n in (28, 29)]
    again = [day(10, published=PUBLISHED), day(9, published=PUBLISHED)]
    rows = [day(15), *again, *soon, day(19), day(16)]
    found = do(rows, export(max_in_flight="7"))
    assert named(found) == [("ask", 22), ("ask", 23), ("ask", 19), ("ask", 9), ("ask", 10), ("ask", 16), ("ask", 15)]


def test_no_more_is_asked_than_there_are_places() -> None:
    """Whatever is in flight takes one, also if nothing is to be done about it."""
    later = NOW + timedelta(hours=1)
    flying = [day(2, Work.ASKING, due_at=later), day(3, Work.ASKED, due_at=later), day(4, Work.COPYING, due_at=later)]
    assert named(do([*flying, day(19), day(18)])) == [("ask", 19)]
    assert do([*flying, day(5, Work.ASKED, due_at=later), day(19)]) == []


def test_one_place_is_kept_for_the_newest() -> None:
    """However much is about to be forgotten."""
    old = [
        replace(day(1), window=replace(window(1), start=NOW.replace(hour=0) - n * DAY)) for n in (27.5, 28, 28.5, 29)
    ]
    found = do([*old, day(19)])
    assert len(found) == 4
    assert found[-1].row.window.start.day == 19
    assert named(do([*old, day(19)], export(max_in_flight="1"))) == [("ask", 19)]


@pytest.mark.parametrize(("made", "asking"), [(export(), False), (export(state='"paused"'), True)])
def test_nothing_is_asked_while_blocked_or_paused(made: Export, asking: bool) -> None:
    """What runs goes on."""
    assert named(do([day(19), day(18, Work.ASKED)], made, asking=asking)) == [("rerun", 18)]


def test_what_the_vendor_has_forgotten_is_not_asked_for() -> None:
    """Never published: lost. A re-export: what was published stays."""
    old = replace(window(), start=NOW - timedelta(days=31))
    found = do([row(window=old), row(window=old, published=PUBLISHED)])
    assert [step.name for step in found] == ["forget", "settle"]
    assert named(do([row(window=old)], facts=FLOWROUTE)) == [("ask", 20)]


def test_a_rehearsal_plans_up_to_its_end_and_sees_what_is_overdue_after_it() -> None:
    """The horizon bounds re-exports; a report that hangs is moved on by the clock."""
    rows = [day(18, Work.DONE, due_at=NOW), day(19, Work.ASKED, due_at=NOW)]
    found = steps(rows, export(), TELNYX, NOW, NOW - timedelta(hours=1), asking=True)
    assert named(found) == [("rerun", 19)]


def test_a_window_is_asked_again_at_each_age_and_is_final_after_the_last() -> None:
    """Ages that were behind it when it was asked are not asked for one by one."""
    made, one = export(reexport='["1d", "7d"]'), row(window=window(1))
    end = one.window.end
    assert [aged(one, made, end + age) for age in (timedelta(0), DAY - timedelta(seconds=1), DAY, 7 * DAY)] == [
        0,
        0,
        1,
        2,
    ]
    assert [again_at(one, made, count) for count in (0, 1, 2)] == [end + DAY, end + 7 * DAY, None]


def test_a_backfill_makes_no_more_rows_than_are_asked_for() -> None:
    """What is planned already takes its room, and nothing is skipped by that."""
    made = replace(export('source = "calls"', window='"1h"'), start=(NOW - 30 * DAY).date())
    head = Head("main", spans={"calls": Span(midnight(NOW) - DAY, NOW - made.settle, 3600)})
    assert extend(made, FLOWROUTE, head, NOW, {"calls": ROWS_A_TICK}).rows == ()
    few = extend(made, FLOWROUTE, head, NOW, {"calls": ROWS_A_TICK - 1})
    assert len(few.rows) == 24 and few.spans["calls"].since == midnight(NOW) - 2 * DAY


def limited(**limits: timedelta) -> Facts:
    """Telnyx, were one of the readings of its limits known to be the right one."""
    return replace(TELNYX, limits=replace(TELNYX.limits, **limits))


def test_a_latest_end_holds_back_what_the_vendor_does_not_take_yet() -> None:
    """A window is planned when it may be asked for, not when it would be refused."""
    made = export('source = "calls"', window='"6h"', settle='"0m"')
    newest = max(one.window.end for one in extend(made, TELNYX, Head("main"), NOW).rows)
    held = max(one.window.end for one in extend(made, limited(latest_end=-timedelta(hours=7)), Head("main"), NOW).rows)
    assert (newest, held) == (NOW, NOW - timedelta(hours=12))


def test_an_oldest_end_makes_the_backlog_unreachable_and_says_why() -> None:
    """No row is asked for that would be refused; none is lost, for the vendor never gave it."""
    made, facts = export('source = "calls"'), limited(oldest_end=timedelta(days=2))
    rows = {one.window.start.day: one for one in extend(made, facts, Head("main"), NOW).rows}
    assert {number: one.state for number, one in rows.items()} == {
        19: Work.PLANNED, 18: Work.PLANNED, 17: Work.UNREACHABLE,
    }  # fmt: skip
    assert rows[17].reason == "it ended longer ago than the 2 days, 0:00:00 that the vendor takes"
    found = do([day(17), day(16, published=PUBLISHED)], made, facts=facts)
    assert [(step.name, step.why) for step in found] == [("settle", rows[17].reason), ("close", rows[17].reason)]


def test_a_window_longer_than_the_vendor_takes_is_not_asked_for() -> None:
    """Also where it was planned before anybody knew."""
    (step,) = do([day(19)], facts=limited(longest=timedelta(hours=12)))
    assert (step.name, step.why) == ("close", "longer than the 12:00:00 that the vendor takes")


def test_what_the_vendor_never_took_is_not_lost_when_it_is_forgotten() -> None:
    """It was stuck, and told; what was declined once or twice, or taken before, may have been lost all the same."""
    old = replace(window(), start=NOW - timedelta(days=31))
    for declined, failures, name in ((DECLINES, 0, "close"), (DECLINES - 1, 0, "forget"), (DECLINES, 1, "forget")):
        (step,) = do([row(window=old, declined=declined, failures=failures)])
        assert step.name == name


def test_a_source_that_is_not_wanted_any_more_keeps_its_rows_and_is_not_asked_for() -> None:
    """It may come back; when the vendor has forgotten it, it is closed, for nobody lost it."""
    made = export('source = "call-control"')
    assert do([day(19)], made) == []
    (step,) = do([row(window=replace(window(), start=NOW - timedelta(days=31)))], made)
    assert step.name == "close"


def test_a_source_that_was_refused_leaves_its_places_to_the_others() -> None:
    """And what was declined comes last."""
    other = replace(day(18), window=replace(window(18), source="call-control"))
    rows = [day(19), other, day(17, declined=1), day(16)]
    made = export(max_in_flight="3")
    assert named(do(rows, made)) == [("ask", 19), ("ask", 18), ("ask", 16)]
    shut = steps(rows, made, TELNYX, NOW, NOW, asking=True, shut={"call-control"})
    assert named(shut) == [("ask", 19), ("ask", 16), ("ask", 17)]


def test_a_copied_report_is_discarded_before_its_window_is_asked_again() -> None:
    """At once, in a rehearsal too, but after all that must not wait for it."""
    left = day(18, Work.DONE, leftover="7", published=PUBLISHED)
    assert [step.name for step in do([left])] == ["discard"]
    early = steps([left], export(), TELNYX, NOW, NOW - DAY, asking=True)
    assert [step.name for step in early] == ["discard"]
    assert [step.name for step in do([left, day(19)])] == ["ask", "discard"]


def test_a_source_whose_rows_wait_holds_back_no_other() -> None:
    """The vendor refuses it, or the export does not want it any more: the others' backlog is planned all the same."""
    made = replace(export(window='"1h"'), start=(NOW - 20 * DAY).date())
    book, waiting = Head("main", born=NOW), dict[str, int]()
    for _ in range(8):
        plan = extend(made, FLOWROUTE, book, NOW, waiting)
        book = replace(book, spans=plan.spans)
        made_here = sum(one.window.source == "calls" for one in plan.rows)  # the other source's are asked for and done
        waiting["calls"] = waiting.get("calls", 0) + made_here
    assert book.spans["call-control"].since == midnight(NOW) - 20 * DAY < book.spans["calls"].since
    gone = extend(made, FLOWROUTE, Head("main", born=NOW), NOW, {"fax-api": 9 * ROWS_A_TICK})
    assert len(gone.rows) >= ROWS_A_TICK
