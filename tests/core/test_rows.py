"""The table of moves: what is not in it cannot happen, and every state with a future is moved on by somebody."""

from itertools import product

import pytest

from lambdas.core.agenda import STEPS
from lambdas.core.rows import ACTS, ASIDE, EPOCH, IN_FLIGHT, MOVES, NEWS, Forbidden, Work, entered, move
from lambdas.core.windows import DAY
from tests.core.making import NOW, row

NAMES = sorted({name for _, name in MOVES})
FINAL = {Work.LOST, Work.UNREACHABLE}
ALONE = {pair: after for pair, after in MOVES.items() if pair[1] not in ACTS}  # what happens without an operator


@pytest.mark.parametrize(("state", "name"), [pair for pair in product(Work, NAMES) if pair not in MOVES])
def test_a_move_that_is_not_in_the_table_is_forbidden(state: Work, name: str) -> None:
    """Whatever the row says otherwise."""
    with pytest.raises(Forbidden, match=f"{name} from {state}"):
        move(row(state), name)


@pytest.mark.parametrize(("state", "name"), MOVES)
def test_a_move_counts_the_version_on_and_keeps_the_rest(state: Work, name: str) -> None:
    """Only the state, the version and the named changes are other than before."""
    before = row(state, version=6, looks=3)
    after = move(before, name, reason="because")
    assert (after.state, after.version, after.reason) == (MOVES[state, name], 7, "because")
    assert (after.looks, after.window) == (3, before.window)
    assert (after.due_at, after.news) == ((EPOCH, True) if name in NEWS else (before.due_at, False))


@pytest.mark.parametrize(("state", "name"), [pair for pair in MOVES if pair[1] in NEWS])
def test_what_changes_the_coverage_is_due_at_once_and_then_when_it_was_meant_to_be(state: Work, name: str) -> None:
    """To be entered into the proof; nothing is forgotten on the way."""
    after = move(row(state, due_at=NOW), name, due_at=NOW + DAY)
    assert (after.due_at, after.later, after.news) == (EPOCH, NOW + DAY, True)
    told = entered(after)
    assert (told.state, told.due_at, told.later, told.news) == (after.state, NOW + DAY, None, False)


def test_a_window_waits_for_its_first_copy_until_it_has_it_or_never_will() -> None:
    """Else it would ring for ever, or never."""
    ways = {name for state, name in MOVES if move(row(state, opened=NOW), name).opened is None}
    assert ways == {"publish", "forget", "close", "release", "import", "accept"}


def test_every_state_with_a_future_is_moved_by_the_requester() -> None:
    """It is the mover of last resort: a step for each state that is not an end."""
    assert set(STEPS) == set(Work) - FINAL
    assert {state for state, name in ALONE if name != "enter"} == set(STEPS)
    assert {after for (_, name), after in MOVES.items() if name in NEWS} == {
        state for state, name in MOVES if name == "enter"
    }


def test_an_operator_s_act_ends_where_the_requester_goes_on_or_nothing_is_left_to_do() -> None:
    """And each state that somebody has to look at has one."""
    acts = {pair: after for pair, after in MOVES.items() if pair[1] in ACTS}
    assert set(acts.values()) == {Work.PLANNED, Work.DONE, Work.UNREACHABLE}
    assert {state for state, _ in acts} == {*ASIDE, Work.UNREACHABLE}


@pytest.mark.parametrize("state", Work)
def test_what_somebody_has_to_look_at_is_put_aside(state: Work) -> None:
    """Under its state's word, and nothing else is."""
    assert row(state).aside == (str(state) if state in (Work.QUARANTINED, Work.STUCK, Work.LOST) else None)


def test_every_state_comes_to_be_published_again() -> None:
    """From each state that is no end some chain of moves leads to done."""
    reach = {Work.DONE}
    for _ in Work:
        reach |= {state for (state, name), after in ALONE.items() if after in reach and name != "enter"}
    assert reach == set(Work) - FINAL


def test_only_the_copier_publishes() -> None:
    """What is done was copied, or is a re-export that failed for good."""
    ways = {(state, name) for (state, name), after in ALONE.items() if after is Work.DONE}
    assert {state for state, name in ways if name != "settle"} == {Work.COPYING, Work.DONE}  # done stays done
    assert {name for state, name in ways if state is Work.DONE} == {"clear", "enter", "settle"}


def test_a_row_in_flight_is_one_that_the_vendor_may_have() -> None:
    """These take the export's places."""
    assert set(IN_FLIGHT) == {Work.ASKING, Work.ASKED, Work.COPYING}
    assert row(revision=1, attempt=2, run=3).turn == "r1.a2.k3"


def test_a_token_is_not_shown() -> None:
    """A row may be logged; its execution's token may not."""
    assert "AAAA" not in repr(row(token="AAAA-token"))
