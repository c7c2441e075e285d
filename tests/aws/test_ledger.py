"""The ledger's races: of two movers one wins, and the loser is told who; notes never get in a move's way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdas.aws.ledger import WAKES, Ledger, Raced
from lambdas.core.polling import renew
from lambdas.core.rows import Head, Row, Span, Work, move
from tests.core.making import NOW, row, window

SECOND = timedelta(seconds=1)


def asked(ledger: Ledger, **fields: object) -> Row:
    """A row that waits for its report."""
    one = row(Work.ASKED, **{"tag": "cdr1.x", "run": 1, "report_id": "7", **fields})
    assert len(ledger.add([one])) == 1
    return one


def now(ledger: Ledger) -> Row:
    found = ledger.get("main", window())
    assert found is not None
    return found


def test_a_row_is_made_only_if_absent(ledger: Ledger) -> None:
    """A second tick's rows change nothing, also when the first ones have moved on."""
    moved = asked(ledger)
    assert len(ledger.add([row(), row(window=window(20))])) == 1
    assert now(ledger) == moved


def test_what_is_not_there_is_none(ledger: Ledger) -> None:
    """And an export's head is empty before the first tick."""
    assert ledger.get("main", window()) is None
    assert ledger.head("main") == Head("main")


def test_of_two_movers_one_wins_and_the_loser_sees_the_winner(ledger: Ledger) -> None:
    """Both read the same row."""
    one = asked(ledger)
    won = ledger.apply(one, move(one, "lease", due_at=NOW + SECOND))
    with pytest.raises(Raced) as race:
        ledger.apply(one, move(one, "wait", looks=1))
    assert race.value.now == won == now(ledger)


def test_the_run_decides_too(ledger: Ledger) -> None:
    """A row that claims the same version at another run is not the row."""
    one = asked(ledger)
    with pytest.raises(Raced):
        ledger.apply(replace(one, run=2), move(replace(one, run=2), "lease"))
    assert now(ledger) == one


def test_a_row_that_is_gone_cannot_be_moved(ledger: Ledger) -> None:
    """Nor is it made again by a move."""
    with pytest.raises(Raced) as race:
        ledger.apply(row(), move(row(), "intend"))
    assert race.value.now is None
    assert ledger.get("main", window()) is None


def test_what_becomes_none_is_removed(ledger: Ledger) -> None:
    """A row without a future leaves the index of what is due."""
    one = row()
    ledger.add([one])
    gone = ledger.apply(one, move(one, "forget", due_at=None))
    assert now(ledger) == gone
    assert ledger.due("main", NOW + timedelta(days=999)) == []


def test_due_is_what_is_due_of_that_export(ledger: Ledger) -> None:
    """To the second; other exports and the head are not in it."""
    rows = [row(window=window(day), due_at=NOW + n * SECOND) for n, day in enumerate((17, 18, 19))]
    ledger.add([*rows, row(export="other")])
    ledger.take("main", "mine", NOW, NOW + SECOND)
    assert ledger.due("main", NOW + SECOND) == rows[:2]


def test_many_rows_are_due_page_by_page(ledger: Ledger) -> None:
    """A backlog is longer than one answer of the index."""
    rows = [row(window=window(day), reason="x" * 100_000) for day in range(1, 20)]
    assert len(ledger.add(rows)) == 19
    assert ledger.due("main", NOW) == rows


@pytest.mark.parametrize("state", [Work.ASKING, Work.ASKED])
def test_a_callback_is_noted(ledger: Ledger, state: Work) -> None:
    """Also before the id is recorded: the vendor may be faster than we."""
    one = row(state, tag="cdr1.x")
    ledger.add([one])
    heard = ledger.hear("main", window(), "cdr1.x", NOW)
    assert heard == replace(one, heard_at=NOW, wakes=1) == now(ledger)


@pytest.mark.parametrize("state", [state for state in Work if state not in (Work.ASKING, Work.ASKED)])
def test_a_callback_that_nobody_waits_for_changes_nothing(ledger: Ledger, state: Work) -> None:
    """Late ones are no special case."""
    one = row(state, tag="cdr1.x")
    ledger.add([one])
    assert ledger.hear("main", window(), "cdr1.x", NOW) is None
    assert now(ledger) == one


def test_a_callback_for_another_attempt_changes_nothing(ledger: Ledger) -> None:
    """Nor one for a window that has no row."""
    one = asked(ledger)
    assert ledger.hear("main", window(), "cdr1.y", NOW) is None
    assert ledger.hear("main", window(20), "cdr1.x", NOW) is None
    assert now(ledger) == one and ledger.get("main", window(20)) is None


def test_an_attempt_is_woken_three_times_at_most(ledger: Ledger) -> None:
    """Whoever calls back again and again costs nothing more."""
    asked(ledger)
    heard = [ledger.hear("main", window(), "cdr1.x", NOW + n * SECOND) for n in range(5)]
    assert [one is not None for one in heard] == [True] * WAKES + [False] * 2
    assert (now(ledger).wakes, now(ledger).heard_at) == (3, NOW + 2 * SECOND)


def test_a_listener_stores_its_token_and_sees_the_callback_that_was_before_it(ledger: Ledger) -> None:
    """The row that comes back says what was heard."""
    one = asked(ledger)
    ledger.hear("main", window(), "cdr1.x", NOW)
    stored = ledger.listen(one, "token")
    assert stored is not None and (stored.token, stored.heard_at) == ("token", NOW)


@pytest.mark.parametrize("later", [{"run": 2}, {"tag": "cdr1.y"}, {"state": Work.COPYING}])
def test_an_old_run_may_not_listen(ledger: Ledger, later: dict[str, object]) -> None:
    """Its token would keep the next run's from being woken."""
    one = asked(ledger, **later) if "state" not in later else row(Work.COPYING, tag="cdr1.x", run=1)
    ledger.add([one])
    assert ledger.listen(row(Work.ASKED, tag="cdr1.x", run=1), "token") is None
    assert now(ledger).token is None


def test_notes_survive_a_move_and_do_not_stop_it(ledger: Ledger) -> None:
    """The mover read the row before the callback and the listener wrote theirs."""
    one = asked(ledger)
    ledger.hear("main", window(), "cdr1.x", NOW)
    ledger.listen(one, "token")
    ledger.apply(one, move(one, "wait", looks=1))
    after = now(ledger)
    assert (after.looks, after.heard_at, after.token, after.wakes) == (1, NOW, "token", 1)


def test_a_new_attempt_begins_without_notes(ledger: Ledger) -> None:
    """Also those are emptied that came after the row was read; the next callback counts from one."""
    one = asked(ledger)
    ledger.hear("main", window(), "cdr1.x", NOW)
    ledger.listen(one, "token")
    new = ledger.apply(one, renew(one, "failed", NOW))
    after = now(ledger)
    assert after == new and (after.heard_at, after.token, after.wakes) == (None, None, 0)


def test_one_tick_works_and_another_rings(ledger: Ledger) -> None:
    """The one that works is told so when it wants to leave, and goes round again."""
    head = ledger.take("main", "first", NOW, NOW + 10 * SECOND)
    assert head is not None and head.lease == "first"
    assert ledger.take("main", "second", NOW + SECOND, NOW + 11 * SECOND) is None
    assert not ledger.release(head)
    rung = ledger.head("main")
    assert (rung.lease, rung.rung) == ("first", "second")
    assert ledger.release(rung)
    assert ledger.head("main") == Head("main")


def test_a_ring_during_the_last_round_is_heard(ledger: Ledger) -> None:
    """Every ring is one more round."""
    ledger.take("main", "first", NOW, NOW + 10 * SECOND)
    ledger.take("main", "second", NOW, NOW + 10 * SECOND)
    rung = ledger.head("main")
    ledger.take("main", "third", NOW, NOW + 10 * SECOND)
    assert not ledger.release(rung)


def test_a_lease_that_is_over_can_be_taken(ledger: Ledger) -> None:
    """Not a second before; the tick that died may not release or save any more."""
    dead = ledger.take("main", "first", NOW, NOW + 10 * SECOND)
    assert dead is not None
    assert ledger.take("main", "second", NOW + 9 * SECOND, NOW + 20 * SECOND) is None
    assert ledger.take("main", "third", NOW + 10 * SECOND, NOW + 20 * SECOND) is not None
    assert not ledger.release(dead)
    with pytest.raises(Raced):
        ledger.save(dead, born=NOW)
    assert ledger.head("main").born is None


def test_a_head_is_saved_under_its_lease(ledger: Ledger) -> None:
    """Only what changed is written; what another wrote beside it stays."""
    head = ledger.take("main", "mine", NOW, NOW + SECOND)
    assert head is not None
    ledger.block("main", "refused", NOW + SECOND)
    ledger.save(head, born=NOW, spans={"calls": Span(NOW, NOW, 3600)})
    after = ledger.head("main")
    assert (after.born, after.blocked, after.next_try) == (NOW, "refused", NOW + SECOND)
    ledger.save(after, blocked=None, next_try=None)
    assert ledger.head("main").blocked is None


def test_a_head_that_nobody_leased_can_be_blocked(ledger: Ledger) -> None:
    """The copier says so without a lease, and a tick can be taken all the same."""
    ledger.block("main", "refused", NOW)
    assert ledger.head("main").blocked == "refused"
    assert ledger.take("main", "mine", NOW, NOW + SECOND) is not None


def test_a_write_whose_answer_was_lost_does_not_lose_to_itself(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 sends it again; the condition fails, for the row has moved: by this very write."""
    one = asked(ledger)
    client = ledger._client  # the room's one door to the network
    real, seen = client.update_item, list[int]()

    def twice(**how: Any) -> Any:
        seen.append(1)
        real(**how)
        return real(**how)

    monkeypatch.setattr(client, "update_item", twice)
    moved = ledger.apply(one, move(one, "wait", looks=1))
    assert now(ledger) == moved and len(seen) == 1


def test_a_lease_is_dropped_by_its_holder_alone(ledger: Ledger) -> None:
    """Whatever happened to the tick; a bell that rang stays for the next one to hear."""
    ledger.take("main", "first", NOW, NOW + 10 * SECOND)
    ledger.take("main", "second", NOW, NOW + 10 * SECOND)
    ledger.drop("main", "second")
    assert ledger.head("main").lease == "first"
    ledger.drop("main", "first")
    assert (ledger.head("main").lease, ledger.head("main").rung) == (None, "second")


def test_a_lease_that_was_given_back_in_between_is_taken(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ring would reach nobody."""
    ledger.take("main", "first", NOW, NOW + 10 * SECOND)
    client = ledger._client
    real, seen = client.update_item, list[int]()

    def leaves(**how: Any) -> Any:
        seen.append(1)
        if len(seen) == 2:  # behind the take that failed, before the ring
            real(TableName="ledger", Key=how["Key"], UpdateExpression="REMOVE lease, lease_until")
        return real(**how)

    monkeypatch.setattr(client, "update_item", leaves)
    head = ledger.take("main", "second", NOW, NOW + 10 * SECOND)
    assert head is not None and (head.lease, head.rung) == ("second", None)
