"""What an operator's commands make of a row, as tables: which move, or why not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from lambdas.core import acts
from lambdas.core.acts import Act, By
from lambdas.core.exports import Export
from lambdas.core.rows import ACTS, EPOCH, MOVES, REASON, SAID, Published, Row, Work
from lambdas.core.windows import DAY
from tests.core.making import NOW, export, limited, row

BY = By("retry", "arn:aws:iam::1:user/a", "because", NOW)
COPY = Published(0, "d", "k", "e", "r", (), 7, NOW)
FACTS = limited()
OLD = replace(FACTS, retention=timedelta(hours=1))  # it has forgotten every window of these tests


def copied(state: Work, **fields: Any) -> Row:
    return row(state, published=COPY, **fields)


# Each state, what a backfill and a retry make of it where the vendor still has the window, and whether that is wrong.
AGAIN: dict[Work, tuple[Work | None, Work | None, bool]] = {
    Work.PLANNED: (None, None, False),
    Work.ASKING: (None, None, False),
    Work.ASKED: (None, None, False),
    Work.COPYING: (None, None, False),
    Work.DONE: (Work.PLANNED, None, False),
    Work.QUARANTINED: (Work.PLANNED, Work.PLANNED, False),
    Work.STUCK: (Work.PLANNED, Work.PLANNED, False),
    Work.LOST: (Work.PLANNED, Work.PLANNED, False),
    Work.UNREACHABLE: (Work.PLANNED, Work.PLANNED, False),
}


def became(act: Act) -> Work | None:
    return act.new.state if act.new else None


@pytest.mark.parametrize(("state", "backfilled", "retried", "wrong"), [(one, *told) for one, told in AGAIN.items()])
def test_what_is_asked_again(state: Work, backfilled: Work | None, retried: Work | None, wrong: bool) -> None:
    """Due before all else, as a request that nobody made yet; and who does nothing says why."""
    one = copied(state) if state is Work.DONE else row(state)
    found = acts.backfill(one, export(), FACTS, BY), acts.retry(one, export(), FACTS, BY)
    assert [became(act) for act in found] == [backfilled, retried]
    for act in found:
        assert act.wrong is wrong and (act.new is not None or act.why)
        if act.new:
            assert (act.new.due_at, act.new.failures, act.new.tag, act.new.version) == (EPOCH, 0, None, one.version + 1)
            assert (act.new.revision, act.new.attempt) > (one.revision, one.attempt)
            assert act.new.said[-1] == {"at": NOW.isoformat(), "by": BY.who, "did": "retry", "why": "because"}


def test_only_a_backfill_of_a_copy_takes_the_options_of_now() -> None:
    """A retry of a quarantined re-export asks as it was asked; what has no copy is asked with those of now anyway."""
    for one, told in ((copied(Work.DONE), True), (copied(Work.QUARANTINED), True), (row(Work.STUCK), False)):
        act = acts.backfill(one, export(), FACTS, BY)
        assert act.new and act.new.anew is told
    kept = acts.retry(copied(Work.QUARANTINED), export(), FACTS, BY).new
    assert kept and not kept.anew
    still = acts.retry(copied(Work.QUARANTINED, anew=True), export(), FACTS, BY).new
    assert still and still.anew


def test_what_waits_for_its_first_copy_again_is_said_to_wait() -> None:
    """Else no figure would tell how late it is."""
    act = acts.retry(row(Work.LOST, opened=None), export(), FACTS, BY)
    assert act.new and act.new.opened == NOW


@pytest.mark.parametrize("state", [Work.DONE, Work.QUARANTINED, Work.STUCK, Work.LOST, Work.UNREACHABLE])
def test_what_the_vendor_has_no_more_is_told_with_the_way_out(state: Work) -> None:
    """A saved file, where there is no copy; for what is quarantined all that is left, and each of it is taken."""
    for one in (row(state), copied(state)):
        act = acts.backfill(one, export(), OLD, BY)
        assert act.new is None and act.wrong and "can no longer give it" in act.why
        assert ("cdr import" in act.why) is (one.published is None)
        if state is Work.QUARANTINED:
            assert acts.release(one, NOTE).new and "cdr release" in act.why
        if "cdr accept" in act.why:
            assert acts.accept(one, BY).new
        if "cdr import" in act.why and state is not Work.DONE:
            assert acts.importing(one, export()).new


def test_a_full_copy_is_never_replaced_by_a_part() -> None:
    """While the vendor forgets its beginning."""
    one = copied(Work.DONE)
    edge = replace(FACTS, retention=NOW - one.window.start + timedelta(hours=1))
    act = acts.backfill(one, export(), edge, BY)
    assert act.wrong and "the full copy stays" in act.why
    assert acts.backfill(row(Work.STUCK), export(), edge, BY).new


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "paused": ({"state": "paused"}, {}, "the export is paused"),
    "retired": ({"state": "retired"}, {}, "the export is retired"),
    "another source": ({"sources": ("other",)}, {}, "does not ask for"),
    "news": ({}, {"news": True}, "after the next tick"),
    "left": ({}, {"leftover": "id"}, "deleted at the vendor"),
}


@pytest.mark.parametrize(("changes", "fields", "said"), REFUSED.values(), ids=REFUSED)
def test_what_nobody_would_ask_for_is_refused(changes: dict[str, Any], fields: dict[str, Any], said: str) -> None:
    """Else it would stand there as planned for ever, or a move be lost."""
    act = acts.backfill(copied(Work.DONE, **fields), replace(export(), **changes), FACTS, BY)
    assert act.new is None and act.wrong and said in act.why


@pytest.mark.parametrize("state", Work)
def test_what_can_be_accepted(state: Work) -> None:
    """Whatever somebody has to look at: none of it is without a way out."""
    act = acts.accept(row(state), BY)
    assert became(act) == (Work.UNREACHABLE if state in (Work.LOST, Work.STUCK, Work.QUARANTINED) else None)
    assert not act.wrong and (act.new is not None or act.why == f"it is {state}")
    if act.new:
        assert (act.new.reason, act.new.later) == ("accepted by an operator: because", None)
        assert act.new.aside is None


@pytest.mark.parametrize("news", [False, True])
def test_an_accepted_file_leaves_the_earlier_copy(news: bool) -> None:
    """As stale as it was, told with his words, and asked for again at its next age."""
    due = {"due_at": EPOCH, "later": NOW + DAY, "news": True} if news else {"due_at": NOW + DAY}
    new = acts.accept(copied(Work.QUARANTINED, stale_since=NOW, token="t", **due), BY).new
    assert new and (new.state, new.published, new.stale_since, new.later) == (Work.DONE, COPY, NOW, NOW + DAY)
    assert (new.news, new.token, new.said[-1]["why"]) == (True, None, "because")
    assert new.reason == "accepted by an operator: because"


NOTE: dict[str, Any] = {"raw": ["raw/a"], "forms": ["gzip"]}
RELEASED: dict[str, tuple[Row, dict[str, Any] | None, str]] = {
    "kept": (row(Work.QUARANTINED), NOTE, ""),
    "not quarantined": (row(Work.STUCK), NOTE, "it is stuck"),
    "too large": (row(Work.QUARANTINED, reason="too-large: 9"), NOTE, "smaller `window`"),
    "expired": (row(Work.QUARANTINED), None, "cdr retry"),
    "not kept": (row(Work.QUARANTINED), {"raw": []}, "raw = true"),
    "news": (row(Work.QUARANTINED, news=True), NOTE, "after the next tick"),
}


@pytest.mark.parametrize(("one", "note", "said"), RELEASED.values(), ids=RELEASED)
def test_what_can_be_released(one: Row, note: dict[str, Any] | None, said: str) -> None:
    """And what to do where it cannot: also where the vendor has it no more."""
    act = acts.release(one, note)
    assert (act.new is not None) is (not said) and said in act.why
    assert act.new is None or act.new.state is Work.QUARANTINED  # held: the move comes after the object
    if act.wrong and not one.news:
        assert "cdr import" in act.why and "cdr accept" in act.why
        old = acts.release(replace(one, published=COPY), note)
        assert old.wrong and "cdr import" not in old.why and "cdr accept" in old.why


@pytest.mark.parametrize("state", Work)
def test_what_a_saved_file_may_fill(state: Work) -> None:
    """What was never copied and is not on its way, under a turn that no object has yet."""
    act = acts.importing(row(state, attempt=2, tag="t", run=3), export())
    assert (act.new is not None) is (state in acts.FILLED) is ((state, "import") in MOVES)
    if act.new:
        assert (act.new.attempt, act.new.run, act.new.tag, act.new.state) == (3, 0, None, state)
        assert act.new.fingerprint == export().fingerprint
    else:
        assert act.wrong is (state is not Work.DONE) and act.why


def test_what_has_a_copy_is_not_filled() -> None:
    """A newer file that is quarantined does not make it one that was never copied."""
    act = acts.importing(copied(Work.QUARANTINED), export())
    assert act.new is None and not act.wrong and "`cdr release`" in act.why and "`cdr retry`" in act.why


@pytest.mark.parametrize("state", acts.FILLED)
def test_what_the_proof_does_not_tell_yet_is_not_filled(state: Work) -> None:
    """The requester is about to move it, whoever holds it."""
    act = acts.importing(row(state, news=True), export())
    assert act.new is None and act.wrong and "after the next tick" in act.why


def test_a_window_that_is_held_is_left_alone() -> None:
    """Who read it before loses; its next try waits, and one that has none gets none. Nothing else is other."""
    soon = row(Work.STUCK, due_at=NOW)
    assert acts.held(soon, NOW) == replace(soon, version=soon.version + 1, due_at=NOW + acts.HOLD)
    assert acts.held(row(Work.STUCK, due_at=NOW + DAY), NOW).due_at == NOW + DAY
    assert acts.held(row(Work.LOST, due_at=None), NOW).due_at is None


def test_what_is_published_by_an_operator_is_news_and_says_so() -> None:
    """To the proof in S3 and in the row; a released one keeps the checks' words; both go on with their re-exports."""
    by = replace(BY, did="release")
    ages = replace(export(), reexport=(DAY, 30 * DAY))
    one = row(Work.QUARANTINED, reason="9 rows, not 8", aged=1, stale_since=NOW, anew=True)
    released = acts.released(one, ages, COPY, by)
    assert (released.state, released.published, released.news) == (Work.DONE, COPY, True)
    assert (released.due_at, released.later) == (EPOCH, one.window.end + 30 * DAY)
    assert released.reason == "released by an operator in spite of: 9 rows, not 8"
    assert released.said[-1]["why"] == "because (refused: 9 rows, not 8)"
    assert (released.stale_since, released.anew, released.opened) == (None, False, None)
    imported = acts.imported(row(Work.LOST), replace(ages, reexport=()), COPY, by)
    assert (imported.state, imported.later, imported.news) == (Work.DONE, None, True)
    assert imported.reason == "imported by an operator from a saved file"
    assert {"release", "import"} <= ACTS


def test_of_what_operators_said_the_last_is_kept() -> None:
    """An item of the ledger has its bounds."""
    one = row(Work.STUCK, said=tuple({"at": str(n)} for n in range(SAID)))
    told = acts.said(one, replace(BY, why="x " * 999))
    assert len(told) == SAID and told[0] == {"at": "1"}
    assert len(told[-1]["why"]) == REASON


def test_the_line_that_moves_the_start() -> None:
    """Only where a source has no window there: one that was exported before is asked again without it."""
    first = datetime(2026, 11, 16, tzinfo=UTC)
    ours: Export = replace(export(), start=date(2026, 11, 16))
    since = datetime(2026, 11, 10, tzinfo=UTC)
    assert acts.unstarted(ours, [], since, first) == "start = 2026-11-10"
    assert acts.unstarted(ours, [], first, first) == ""
    old = row(Work.DONE)
    there = [replace(old, window=replace(old.window, start=since, seconds=86_400, source=one)) for one in ours.sources]
    assert acts.unstarted(ours, there, since, first) == ""
