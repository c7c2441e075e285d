"""The agenda: what is due is done in the right order, within the places, and nothing that is due is forgotten."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdas.core.agenda import STEPS, Step, steps
from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.planning import DECLINES, ROWS_A_TICK, extend
from lambdas.core.rows import EPOCH, MOVES, Head, Published, Row, Work
from lambdas.core.windows import DAY
from lambdas.vendors import FACTS
from tests.core.making import NOW, export, limited, row, window

TELNYX, FLOWROUTE = FACTS["telnyx"], FACTS["flowroute"]
PUBLISHED = Published(0, "d", "k", "e", "r", ("raw",), 1, NOW)


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
    flying = day(19, Work.ASKED, due_at=NOW + DAY)
    assert named(do([*old, day(18), flying], export(max_in_flight="2"))) == [("ask", old[-1].window.start.day)]


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
    assert [step.name for step in do([left])] == ["clear"]
    early = steps([left], export(), TELNYX, NOW, NOW - DAY, asking=True)
    assert [step.name for step in early] == ["clear"]
    assert [step.name for step in do([left, day(19)])] == ["ask", "clear"]


def test_news_is_told_and_litter_cleared_after_all_else() -> None:
    """Nothing waits for them; and they wait for no horizon."""
    new = day(18, Work.DONE, due_at=EPOCH, news=True, later=NOW + DAY, published=PUBLISHED)
    lost = day(2, Work.LOST, due_at=EPOCH, news=True)
    both = replace(new, window=window(17), leftover="7")
    found = steps([new, lost, both, day(19)], export(), TELNYX, NOW, NOW - DAY, asking=False)
    assert named(found) == [("enter", 18), ("enter", 2), ("enter", 17), ("clear", 17)]
    assert named(do([new, day(19)])) == [("ask", 19), ("enter", 18)]


def test_a_spare_of_a_window_that_is_asked_for_waits_until_it_is_done() -> None:
    """Asking comes first."""
    spare: Any = ({"tag": "t", "fields": {}, "asked_at": NOW.isoformat()},)
    assert named(do([day(19, spares=spare), day(18, Work.DONE, spares=spare)])) == [("ask", 19), ("clear", 18)]


def test_re_exports_are_begun_no_faster_than_the_backlog_has_room() -> None:
    """After a month of downtime hundreds are due at once: so many writes would outlast the tick. A backlog that was
    never copied, or a source that nobody asks for, holds back none of them.
    """
    hours = [replace(window(1), seconds=3600, start=window(1).start + timedelta(hours=n)) for n in range(ROWS_A_TICK)]
    again = [row(Work.DONE, window=one, published=PUBLISHED) for one in hours]
    more = [day(15, Work.DONE, published=PUBLISHED), day(16, Work.QUARANTINED), day(17, Work.ASKED)]
    backlog = [row(window=replace(one, source="call-control")) for one in hours]
    found = named(do([*again, *more, day(19), *backlog]))
    assert [name for name, _ in found].count("reexport") == ROWS_A_TICK
    begun = [replace(one, state=Work.PLANNED) for one in again[:-3]]
    assert [name for name, _ in named(do([*begun, *again[-3:], *more]))].count("reexport") == 3
    assert ("rerun", 17) in found and ("ask", 19) in found


@pytest.mark.parametrize("state", list(STEPS))
def test_a_retired_export_closes_what_is_open_and_finishes_what_runs(state: Work) -> None:
    """What is published stays; the vendor is asked nothing new; and in the end nothing is due."""
    made, facts = export(state='"retired"'), TELNYX
    can: dict[Work, list[Published | None]] = {Work.DONE: [PUBLISHED], Work.STUCK: [None]}
    for published in can.get(state, [None, PUBLISHED]):
        (step,) = do([day(19, state, published=published)], made, facts=facts)
        if state in (Work.ASKING, Work.ASKED, Work.COPYING):
            assert step.name == STEPS[state]
            (step,) = do([day(19, state, published=published, asked_at=NOW - DAY)], made, facts=facts)
            assert step.name == ("rerun" if state is Work.COPYING else "settle" if published else "close")
        else:
            assert step.name == ("settle" if published else "close")
            assert step.why.startswith("the export is retired")
            assert (state, step.name) in MOVES
    assert do([day(19, state, due_at=None)], made) == []
    if state is Work.QUARANTINED:
        assert [step.name for step in do([day(19, state, due_at=None, opened=NOW)], made)] == ["close"]
