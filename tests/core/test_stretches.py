"""Each instant from an export's start to the last window due lies in one stretch, and the stretch says what it is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as draw

from lambdas.core.coverage import Stretch, stretches
from lambdas.core.planning import extend
from lambdas.core.rows import EPOCH, Head, Published, Row, Span, Work
from lambdas.core.states import State, state
from lambdas.core.wanted import Wanted, last, unplanned, wanted
from lambdas.core.windows import DAY, tile
from lambdas.vendors import FACTS
from tests.core.making import NOW, always, export, row, window

COPY = Published(0, "d", "k", "e", "r", (), 7, NOW)
START, HOUR = window(16).start, timedelta(hours=1)
UNTIL = START + 4 * DAY


def done(day: int = 16, **fields: object) -> Row:
    made = row(Work.DONE, window=window(day), published=COPY, due_at=None, fingerprint="aa")
    return replace(made, **fields)  # type: ignore[arg-type] # fields of a row


def asked(
    since: datetime = START, until: datetime = UNTIL, sources: Sequence[str] = ("calls",), ends: bool = True
) -> Wanted:
    """Four days, of which [since, until) are planned."""
    spans = {source: Span(since, until, 86_400) for source in sources}
    return Wanted("main", sources, START, dict.fromkeys(sources, UNTIL) if ends else {}, spans)


def told(rows: Sequence[Row], of: Wanted | None = None) -> list[tuple[str, int, int]]:
    """State, first day and days of each stretch."""
    return [(str(one.state), one.start.day, (one.end - one.start).days) for one in stretches(rows, of or asked())]


def test_windows_that_agree_are_one_stretch() -> None:
    """With their windows and rows counted; and what is complete says for what."""
    (one,) = stretches([done(19), done(16), done(18), done(17)], asked())
    assert (one.start, one.end, one.state, one.windows, one.rows) == (START, UNTIL, State.FINAL, 4, 28)
    assert (one.told, one.missing, one.fingerprint, one.reasons) == ("all calls", False, "aa", ())


def test_other_options_and_another_filter_are_another_stretch() -> None:
    """Per fingerprint, and per field that left calls out."""
    narrow = replace(COPY, narrowed=("direction",))
    found = stretches([done(16), done(17, fingerprint="bb"), done(18, published=narrow), done(19)], asked())
    assert [(one.fingerprint, one.told) for one in found] == [
        ("aa", "all calls"), ("bb", "all calls"), ("aa", "this filter: direction"), ("aa", "all calls"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("work", "is_", "why"),
    [
        (Work.PLANNED, "open", "planned"),
        (Work.ASKED, "open", "asked"),
        (Work.QUARANTINED, "quarantined", "quarantined"),
        (Work.STUCK, "stuck", "stuck"),
        (Work.LOST, "lost", "lost"),
        (Work.UNREACHABLE, "unreachable", "unreachable"),
    ],
)
def test_what_is_not_copied_says_what_it_is_and_why(work: Work, is_: str, why: str) -> None:
    """Only what the vendor had no more at the beginning is not missing."""
    (one, _) = stretches([row(work, window=window(16)), done(17), done(18), done(19)], asked())
    assert (one.state, one.reasons, one.missing, one.told) == (is_, (why,), is_ != "unreachable", "")
    (one, _) = stretches([row(work, window=window(16), reason="because"), done(17), done(18), done(19)], asked())
    assert one.reasons == (
        "planned: because" if work is Work.PLANNED else f"{why}: because" if is_ == "open" else "because",
    )


def test_what_has_no_row_is_open_before_it_is_planned_and_a_gap_after() -> None:
    """The head's stretch tells them apart; a row that the head does not know of yet counts."""
    planned = asked(since=START + DAY, until=UNTIL - DAY)
    assert told([done(17)], planned) == [("open", 16, 1), ("final", 17, 1), ("gap", 18, 1), ("open", 19, 1)]
    assert told([done(17), done(18), done(19)], planned) == [("open", 16, 1), ("final", 17, 3)]
    assert told([], replace(planned, spans={})) == [("open", 16, 4)]


def test_what_two_rows_cover_is_told_as_such() -> None:
    """Exactly the time that both cover, naming them; rows are counted once."""
    half = done(16, window=replace(window(16, seconds=43_200), start=START + 12 * HOUR))
    found = stretches([done(16), half, done(17), done(18), done(19)], asked())
    assert [(one.state, one.start, one.windows, one.rows) for one in found] == [
        ("final", START, 1, 7), ("overlap", START + 12 * HOUR, 1, 7), ("final", START + DAY, 3, 21),
    ]  # fmt: skip
    assert found[1].reasons == ("20261116T000000Z-86400 and 20261116T120000Z-43200 cover it",)
    assert found[1].missing


def test_what_was_exported_before_a_later_start_is_still_shown() -> None:
    """It was copied; what was not copied then is not open now, but a hole in the ledger is a defect all the same."""
    assert told([done(day) for day in (14, *range(16, 20))]) == [("final", 14, 1), ("final", 16, 4)]
    wider = asked(since=START - 2 * DAY)
    assert told([done(day) for day in (14, *range(16, 20))], wider)[1] == ("gap", 15, 1)


def test_a_source_that_is_not_asked_for_any_more_misses_nothing() -> None:
    """What it has is shown."""
    rows = [done(day) for day in range(16, 20)]
    rows += [row(Work.STUCK, window=window(17, source="old")), done(16, window=window(16, source="old"))]
    found = stretches(rows, asked())
    assert [(one.source, one.state, one.wanted) for one in found] == [
        ("calls", "final", True), ("old", "final", False), ("old", "stuck", False),
    ]  # fmt: skip
    assert not any(one.missing for one in found)


@pytest.mark.parametrize("work", [Work.PLANNED, Work.ASKING, Work.ASKED, Work.COPYING, Work.QUARANTINED, Work.STUCK])
def test_a_published_window_is_covered_whatever_is_done_about_it(work: Work) -> None:
    """Provisional, until the last re-export is behind it."""
    assert state(row(work, published=COPY)) is State.PROVISIONAL


def test_a_failing_re_export_leaves_the_copy_and_says_since_when() -> None:
    """With the reason, apart from its neighbours."""
    stale = done(17, stale_since=NOW, reason="the report failed")
    put_aside = done(18, state=Work.QUARANTINED, reason="too-large")
    found = stretches([done(16, due_at=NOW), stale, put_aside, done(19, due_at=NOW)], asked())
    assert [(one.state, one.windows, one.reasons) for one in found] == [
        ("provisional", 1, ()),
        ("provisional", 2, ("not renewed: the report failed", "not renewed: too-large")),
        ("provisional", 1, ()),
    ]
    assert found[1].stale_since == NOW


def test_what_is_not_entered_yet_is_final_by_what_was_meant() -> None:
    """`due_at` is then long past, and says nothing of a re-export."""
    assert state(done(due_at=EPOCH, news=True, later=None)) is State.FINAL
    assert state(done(due_at=EPOCH, news=True, later=NOW)) is State.PROVISIONAL
    assert state(done(due_at=NOW)) is State.PROVISIONAL
    assert state(done()) is State.FINAL


# Any ledger at all.

STATES = [*((work, None) for work in Work if work is not Work.DONE), (Work.DONE, COPY), (Work.PLANNED, COPY)]
HOURS = draw.integers(0, 95)


@draw.composite
def rows(draws: draw.DrawFn) -> list[Row]:
    """Rows anywhere in six days around the four that are wanted, of one or two sources, as they come."""
    found = {}
    for _ in range(draws(draw.integers(0, 12))):
        seconds = draws(draw.sampled_from([3_600, 21_600, 86_400]))
        slots = 6 * 86_400 // seconds
        at = START - DAY + draws(draw.integers(0, slots - 1)) * timedelta(seconds=seconds)
        source = draws(draw.sampled_from(["calls", "call-control", "old"]))
        work, copy = draws(draw.sampled_from(STATES))
        made = row(work, window=replace(window(source=source, seconds=seconds), start=at), published=copy)
        found[made.window] = made
    return list(found.values())


def holds(one: Stretch, when: datetime) -> bool:
    return one.start <= when < one.end


@given(found=rows(), since=HOURS, until=HOURS)
@always
def test_each_instant_lies_in_exactly_one_stretch(found: list[Row], since: int, until: int) -> None:
    """And in the one that its rows say; whatever the ledger holds, counted once."""
    first, end = sorted((since, until))
    of = asked(START + first * HOUR, START + end * HOUR, ("calls", "call-control"))
    shown = stretches(found, of)
    for source in ("calls", "call-control", "old"):
        mine = [one for one in shown if one.source == source]
        assert all(one.start < one.end for one in mine)
        assert all(one.end <= two.start for one, two in pairwise(mine))
        assert sum(one.windows for one in mine) == sum(one.window.source == source for one in found)
        for hour in range(-24, 5 * 24):
            when = START + hour * HOUR
            there = [one for one in found if one.window.source == source and one.window.start <= when < one.window.end]
            says = [str(one.state) for one in mine if holds(one, when)]
            if len(there) > 1:
                assert says == ["overlap"]
            elif there:
                assert says == [str(state(there[0]))]
            elif source in of.sources and of.planned(source, when):
                assert says == ["gap"]
            elif source in of.sources and START <= when < UNTIL:
                assert says == ["open"]
            else:
                assert says == []
    assert sum(one.rows for one in shown) == sum(one.published.rows for one in found if one.published)


# What is wanted.


@given(
    length=draw.sampled_from(["1d", "12h", "1h"]),
    before=draw.sampled_from([86_400, 43_200, 3_600]),
    hours=draw.integers(0, 80),
    late=draw.integers(0, 30),
)
@always
def test_what_is_due_is_what_the_requester_plans(length: str, before: int, hours: int, late: int) -> None:
    """The last window due is the one up to which rows are made, also where the window's length changes."""
    made, facts = export(window=f'"{length}"', start='"-3d"'), FACTS["telnyx"]
    until = tile(START, START + hours * HOUR, before, "calls")
    spans = {source: Span(START, until[-1].end if until else START, before) for source in made.sources}
    head, now = Head("main", born=START + 3 * DAY, spans=spans), START + (hours + late) * HOUR
    for _ in range(9):
        head = replace(head, spans=extend(made, facts, head, now).spans)
    for source in made.sources:
        assert head.spans[source].until == last(made, facts, replace(head, spans=spans), source, now)
        assert last(made, facts, head, source, now) == head.spans[source].until
    of = wanted(made, facts, head, now)
    assert {one.state for one in stretches([], of)} <= {State.GAP, State.OPEN}
    assert unplanned(made, facts, head, now) is None


def test_a_new_export_wants_everything_from_its_start() -> None:
    """Also before its first tick, and nothing while its start is to come."""
    of = wanted(export(start='"-3d"'), FACTS["telnyx"], Head("main"), NOW)
    assert (of.start, set(of.ends.values())) == (window(17).start, {window(20).start})
    late = wanted(export(start="2026-12-01"), FACTS["telnyx"], Head("main"), NOW)
    assert stretches([], late) == []


def test_a_retired_export_wants_nothing_that_was_never_planned() -> None:
    """What it has not copied of the rest stays what it is; a paused one says why nothing goes on."""
    spans = {"calls": Span(window(18).start, window(19).start, 86_400)}
    head = Head("main", born=NOW, spans=spans)
    options = 'source = "calls"'
    of = wanted(export(options, state='"retired"'), FACTS["telnyx"], head, NOW)
    assert told([row(Work.LOST, window=window(18))], of) == [("lost", 18, 1)]
    paused = wanted(export(options, state='"paused"'), FACTS["telnyx"], head, NOW)
    assert stretches([], paused)[0].reasons == ("not planned, for the export is paused",)


def test_up_to_a_time_of_ones_own() -> None:
    """Due or not: somebody asks whether all is there until then."""
    head = Head("main", born=NOW, spans={"calls": Span(window(17).start, window(20).start, 86_400)})
    of = wanted(export('source = "calls"'), FACTS["telnyx"], head, NOW, until=window(19).start)
    assert told([done(17), done(18)], of) == [("final", 17, 2)]
    of = wanted(export('source = "calls"'), FACTS["telnyx"], head, NOW, until=window(22).start)
    assert told([done(17), done(18), done(19)], of) == [("final", 17, 3), ("open", 20, 2)]


def test_the_oldest_instant_without_a_row_is_one_that_the_vendor_still_has() -> None:
    """What it has forgotten already is in no danger any more."""
    made, facts = export('source = "calls"', start="2026-01-01"), replace(FACTS["telnyx"], retention=10 * DAY)
    spans = {"calls": Span(window(15).start, window(20).start, 86_400)}
    assert unplanned(made, facts, Head("main", born=NOW, spans=spans), NOW) == NOW - 10 * DAY
    spans = {"calls": Span(window(5).start, window(20).start, 86_400)}
    assert unplanned(made, facts, Head("main", born=NOW, spans=spans), NOW) is None
    spans = {"calls": Span(window(5).start, window(17).start, 86_400)}
    assert unplanned(made, facts, Head("main", born=NOW, spans=spans), NOW) == window(17).start
    assert unplanned(made, replace(facts, retention=None), Head("main", born=NOW), NOW) == datetime(
        2026, 1, 1, tzinfo=NOW.tzinfo
    )
