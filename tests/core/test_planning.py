"""Planning: every instant gets exactly one window, whatever the lengths, the pauses, and the backfills."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.exports import Export
from lambdas.core.planning import ROWS_A_TICK, again_at, aged, extend, forgotten, partial
from lambdas.core.rows import EPOCH, Head, Published, Row, Span, Work
from lambdas.core.windows import DAY, midnight
from lambdas.vendors import FACTS
from tests.core.making import NOW, always, export, limited, row, window

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
    assert all((one.due_at == EPOCH) is one.news is (one.state is Work.UNREACHABLE) for one in rows.values())


def test_what_is_forgotten_is_counted_from_the_window_s_end() -> None:
    """What the vendor still has a part of is asked for, and called partial; Flowroute forgets nothing."""
    old, second = window(), timedelta(seconds=1)
    edge = old.end + timedelta(days=30)
    assert forgotten(TELNYX, old, edge) and not forgotten(TELNYX, old, edge - second)
    assert partial(TELNYX, old, edge - second) and not partial(TELNYX, old, old.start + timedelta(days=30) - second)
    assert not forgotten(FLOWROUTE, old, edge + 999 * DAY)


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


def test_a_latest_end_holds_back_what_the_vendor_does_not_take_yet() -> None:
    """A window is planned when it may be asked for, not when it would be refused."""
    made = export('source = "calls"', window='"6h"', settle='"0m"')
    newest = max(one.window.end for one in extend(made, TELNYX, Head("main"), NOW).rows)
    held = max(one.window.end for one in extend(made, limited(latest_end=-timedelta(hours=7)), Head("main"), NOW).rows)
    assert (newest, held) == (NOW, NOW - timedelta(hours=12))


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


def test_what_the_vendor_forgets_soon_gets_its_rows_however_many_wait() -> None:
    """Newest first would reach the oldest too late; and without a row nothing can be asked for before others."""
    made = replace(export('source = "calls"', window='"1h"'), start=(NOW - 29 * DAY).date())
    head, waiting, ticks = Head("main", born=NOW), 0, 0
    while ticks < 9:
        plan = extend(made, TELNYX, head, NOW, {"calls": waiting})
        head, waiting, ticks = replace(head, spans=plan.spans), waiting + len(plan.rows), ticks + 1
    assert head.spans["calls"].since == midnight(NOW) - 29 * DAY
    calm = extend(replace(made, start=(NOW - 20 * DAY).date()), TELNYX, Head("main", born=NOW), NOW, {"calls": 200})
    assert len(calm.rows) <= 24


def test_what_was_there_in_the_export_s_own_time_is_lost_and_not_unreachable() -> None:
    """A downtime longer than the vendor's memory is a hole, and rings; what was too old before is nobody's fault."""
    made = replace(export('source = "calls"'), start=(NOW - 3 * DAY).date())
    head = Head("main", born=NOW, spans={"calls": Span(midnight(NOW) - 3 * DAY, midnight(NOW), 86_400)})
    rows = extend(made, TELNYX, head, NOW + 33 * DAY).rows
    assert {one.state for one in rows if forgotten(TELNYX, one.window, NOW + 33 * DAY)} == {Work.LOST}
    assert all((one.opened, one.due_at, one.news) == (None, EPOCH, True) for one in rows if one.state is Work.LOST)
    old = extend(replace(made, start=(NOW - 40 * DAY).date()), TELNYX, Head("main", born=NOW), NOW).rows
    assert {one.state for one in old if forgotten(TELNYX, one.window, NOW)} == {Work.UNREACHABLE}
    assert {one.opened for one in old if one.state is Work.PLANNED} == {NOW}


def test_a_source_that_is_added_late_has_lost_nothing() -> None:
    """What it was too late for nobody wanted before; the newest windows of every source come first."""
    made = replace(export(window='"1h"'), start=(NOW - 60 * DAY).date())
    span = Span(midnight(NOW) - 60 * DAY, NOW - made.settle, 3600)
    head = Head("main", born=NOW - 60 * DAY, spans={"calls": span})
    for _ in range(20):
        plan = extend(made, TELNYX, head, NOW, {})
        head = replace(head, spans=plan.spans)
        assert {one.state for one in plan.rows} <= {Work.PLANNED, Work.UNREACHABLE}
    first = extend(replace(made, sources=("calls", "call-control")), TELNYX, Head("main", born=NOW), NOW, {}).rows
    newest = NOW - made.settle - timedelta(hours=1)
    assert {one.window.source for one in first if one.window.start == newest} == {"calls", "call-control"}
