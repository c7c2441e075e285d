"""The ledger's contract, over DynamoDB and over memory: of two movers one wins, and notes never get in a move's way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lambdas.aws import heads, items
from lambdas.aws.ledger import WAKES, Ledger, Raced
from lambdas.core.errors import TryAgain
from lambdas.core.polling import renew
from lambdas.core.rows import EPOCH, Head, Published, Row, Span, Work, entered, move
from lambdas.core.windows import Window
from local.memory.ledger import Memory
from local.memory.meter import Meter
from tests.core.making import NOW, row, window

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
# For what only the room of DynamoDB can meet.
on_dynamodb = pytest.mark.parametrize("ledger", ["dynamodb"], indirect=True)


@pytest.fixture(params=["dynamodb", "memory"])
def ledger(request: pytest.FixtureRequest, ledger: Ledger) -> Ledger:
    """An empty ledger: on moto, and in memory, where its reads and writes are counted."""
    return ledger if request.param == "dynamodb" else Memory(Meter())


def asked(ledger: Ledger, **fields: object) -> Row:
    """A row that waits for its report."""
    told = {"tag": "cdr1.x", "run": 1, "report_id": "7", "give_up_at": NOW + 9 * SECOND, **fields}
    one = row(Work.ASKED, **told)
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
    told = ledger.apply(gone, entered(gone))
    assert now(ledger) == told
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
    one = row(state, tag="cdr1.x", give_up_at=NOW + SECOND)
    ledger.add([one])
    heard = ledger.hear("main", window(), "cdr1.x", NOW)
    assert heard == replace(one, heard_at=NOW, wakes=1) == now(ledger)


@pytest.mark.parametrize("state", [state for state in Work if state not in (Work.ASKING, Work.ASKED)])
def test_a_callback_that_nobody_waits_for_changes_nothing(ledger: Ledger, state: Work) -> None:
    """Late ones are no special case."""
    one = row(state, tag="cdr1.x", give_up_at=NOW + SECOND)
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
    assert (one.heeded, stored.wakes, stored.heeded) == (0, 1, 1)


def test_a_capability_dies_when_its_row_says(ledger: Ledger) -> None:
    """At the deadline itself, and where the row names none."""
    asked(ledger, give_up_at=NOW)
    ledger.add([row(Work.ASKED, tag="cdr1.z", window=window(20))])
    assert ledger.hear("main", window(), "cdr1.x", NOW) is None
    assert ledger.hear("main", window(20), "cdr1.z", NOW) is None
    assert ledger.hear("main", window(), "cdr1.x", NOW - SECOND) is not None


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
    assert ledger.head("main") == Head("main", ticked=NOW)


def test_many_heads_are_read_at_once(ledger: Ledger) -> None:
    """In the order in which they are asked for, more than one answer holds; before its first tick each is empty."""
    ledger.take("main", "first", NOW, NOW + SECOND)
    names = [*(f"e{number}" for number in range(130)), "main"]
    found = ledger.heads(names)
    assert [one.export for one in found] == names
    assert found[0] == Head("e0")
    assert found[-1] == ledger.head("main")


@on_dynamodb
def test_a_table_that_answers_a_part_is_asked_again_and_not_for_ever(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With pauses; then it is said."""
    monkeypatch.setattr(heads, "PAUSES", (0.0, 0.0, 0.0))
    genuine, calls = ledger._client.batch_get_item, list[int]()

    def throttled(RequestItems: Any) -> Any:  # noqa: N803 # boto3's own name
        calls.append(len(calls))
        answer = genuine(RequestItems=RequestItems)
        return answer if len(calls) == 3 else {**answer, "UnprocessedKeys": RequestItems, "Responses": {}}

    monkeypatch.setattr(ledger._client, "batch_get_item", throttled)
    assert ledger.heads(["main"]) == [Head("main")] and len(calls) == 3
    with pytest.raises(TryAgain, match="throttled"):
        ledger.heads(["main"])


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


@on_dynamodb
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


@on_dynamodb
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


def published(**fields: Any) -> Published:
    """A copy with every kind of value that a row holds."""
    told = {"asked": {"call_types": [1, 2], "min": 0.5, "source": "calls"}, "totals": {"rows": "2"}, "raw": ("a", "b")}
    given = {"revision": 0, "digest": "d", "key": "k", "etag": '"e"', "receipt": "r", "rows": 2, "when": NOW, **told}
    return Published(**{**given, "narrowed": ("source",), **fields})


def test_every_field_comes_back_as_it_was(ledger: Ledger) -> None:
    """Times, numbers, tuples and what lies within: also after it was changed to something else."""
    spare = {"tag": "cdr1.y", "fields": {"a": [1]}, "asked_at": NOW.isoformat()}
    times = {name: NOW + n * SECOND for n, name in enumerate(("asked_at", "give_up_at", "stale_since", "opened"))}
    one = row(Work.COPYING, run=1, fields={"a": 1.5}, spares=(spare,), reason="because", **times)
    ledger.add([one])
    assert now(ledger) == one
    done = ledger.apply(one, move(one, "publish", published=published(), due_at=None, spares=()))
    assert now(ledger) == done
    later = ledger.apply(done, move(done, "enter", published=published(etag='"f"', narrowed=())))
    assert now(ledger) == later


def test_what_is_news_is_due_before_all_else_and_then_when_it_was_meant(ledger: Ledger) -> None:
    """So the proof in S3 is written, whoever dies."""
    one = row(Work.COPYING, run=1, opened=NOW)
    ledger.add([one, row(window=window(20))])
    done = ledger.apply(one, move(one, "publish", published=published(), due_at=NOW + HOUR))
    assert (done.news, done.due_at, ledger.due("main", NOW)[0]) == (True, EPOCH, done)
    ledger.apply(done, entered(done))
    assert [one.window for one in ledger.due("main", NOW)] == [window(20)]
    assert now(ledger).due_at == NOW + HOUR and not now(ledger).news


def test_open_is_what_waits_for_its_first_copy_the_longest_waiting_first(ledger: Ledger) -> None:
    """Sparse: what is published, lost or closed is not in it, nor another export's windows."""
    rows = [row(window=window(day), opened=NOW - n * HOUR) for n, day in enumerate((17, 18, 19))]
    ledger.add([*rows, row(window=window(16), state=Work.UNREACHABLE), row(export="other", opened=NOW)])
    assert ledger.open("main") == [(one.window, one.opened) for one in reversed(rows)]
    ledger.apply(rows[1], move(rows[1], "forget", due_at=None))
    assert [one for one, _ in ledger.open("main")] == [window(19), window(17)]


def test_aside_is_what_somebody_has_to_look_at(ledger: Ledger) -> None:
    """By state, and only for as long as it is so; a loss until somebody accepts it."""
    states = (Work.STUCK, Work.LOST, Work.QUARANTINED, Work.DONE, Work.UNREACHABLE)
    rows = [row(one, window=window(day), due_at=None) for day, one in enumerate(states, 10)]
    ledger.add([*rows, row(Work.LOST, export="other")])
    assert ledger.aside("main") == [(window(11), "lost"), (window(12), "quarantined"), (window(10), "stuck")]
    ledger.apply(rows[1], move(rows[1], "accept", reason="the vendor's outage"))
    ledger.apply(rows[0], move(rows[0], "retry"))
    assert ledger.aside("main") == [(window(12), "quarantined")]


@on_dynamodb
def test_a_mark_that_an_older_version_left_is_gone_with_the_next_move(ledger: Ledger) -> None:
    """After a roll-back: 0.1.0 moves a row on, and knows nothing of the index."""
    stuck = row(Work.STUCK, due_at=None)
    ledger.add([stuck])
    left = replace(stuck, state=Work.DONE)
    ledger._client.update_item(
        TableName=ledger._table,
        Key=items.key("main", stuck.window.sk),
        UpdateExpression="SET #state = :done",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":done": {"S": "done"}},
    )
    assert ledger.aside("main") == [(window(), "stuck")]
    ledger.apply(left, move(left, "settle"))
    assert ledger.aside("main") == []


def test_what_an_operator_did_and_wants_is_kept(ledger: Ledger) -> None:
    """Whole, and until it is cleared."""
    done = row(Work.DONE, due_at=None)
    ledger.add([done])
    act = {"at": "2026-11-20T12:00:00+00:00", "by": "arn", "did": "backfill", "why": "new filter"}
    again = ledger.apply(done, move(done, "reexport", revision=1, anew=True, said=(act,)))
    assert now(ledger) == again and now(ledger).said == (act,) and now(ledger).anew
    over = ledger.apply(again, replace(move(again, "intend"), anew=False))
    assert now(ledger) == over and not now(ledger).anew


def test_between_is_a_source_s_rows_by_their_begin(ledger: Ledger) -> None:
    """The first instant belongs to it, the last does not, whatever state they are in and however long they are."""
    hours = [window(19, 3600, hour=hour) for hour in range(4)]
    others = [window(19, source="call-control"), window(18), window(20, 900)]
    ledger.add([row(window=one, state=Work.DONE, due_at=None) for one in (*reversed(hours), *others)])
    ledger.add([row(export="other", window=hours[0])])

    def found(since: Window, until: Window) -> list[Window]:
        return [one.window for one in ledger.between("main", "calls", since.start, until.start)]

    assert found(window(19), window(20)) == hours
    assert found(hours[1], hours[3]) == hours[1:3]
    assert found(window(18), window(21)) == [window(18), *hours, window(20, 900)]
    assert found(window(21), window(22)) == []


def test_a_slow_export_is_never_hurried(ledger: Ledger) -> None:
    """Of two that were told to wait the longer wait counts; a lease is neither needed nor touched."""
    ledger.slow("main", NOW + HOUR)
    ledger.slow("main", NOW)
    assert ledger.head("main").slow_until == NOW + HOUR
    ledger.take("main", "mine", NOW, NOW + SECOND)
    ledger.slow("main", NOW + 2 * HOUR)
    assert (ledger.head("main").slow_until, ledger.head("main").lease) == (NOW + 2 * HOUR, "mine")


def test_the_last_nine_durations_are_remembered(ledger: Ledger) -> None:
    """The oldest goes first; what a head holds beside it stays."""
    ledger.block("main", "refused", NOW)
    for seconds in range(12):
        ledger.learn(ledger.head("main"), seconds)
    assert ledger.head("main").took == tuple(range(3, 12))
    assert ledger.head("main").blocked == "refused"


def test_a_head_keeps_all_that_is_saved(ledger: Ledger) -> None:
    """Also zero, and what is emptied again."""
    head = ledger.take("main", "mine", NOW, NOW + SECOND)
    assert head is not None
    head = ledger.save(head, flying=2, waiting=3, spans={"calls": Span(NOW, NOW, 3600), "x": Span(NOW, NOW, 900)})
    assert ledger.head("main") == head
    head = ledger.save(head, flying=0, spans={})
    assert ledger.head("main") == head


def test_memory_has_every_operation_of_its_own() -> None:
    """A new one of the ledger is either in memory too, or this says so."""
    public = {name for one in Ledger.__mro__ for name in vars(one) if not name.startswith("_")}
    assert public <= set(vars(Memory))


def test_memory_counts_as_dynamodb_bills() -> None:
    """Reads by 4 KB and half of it where they may lag, writes by 1 KB, once more for each index that changes."""
    meter = Meter()
    ledger = Memory(meter)
    rows = [row(window=window(day), opened=NOW, reason="x" * 1500) for day in (17, 18, 19)]
    ledger.add(rows)
    assert (meter.used["add"].calls, meter.used["add"].writes) == (3, 3 * (2 + 2 + 1))
    ledger.due("main", NOW)
    assert (meter.used["due"].items, meter.used["due"].pages, meter.used["due"].reads) == (3, 1, 1.0)
    ledger.open("main")
    assert (meter.used["open"].items, meter.used["open"].reads) == (3, 0.5)
    ledger.get("main", window(1))
    assert (meter.used["get"].items, meter.used["get"].reads) == (0, 1)
    gone = ledger.apply(rows[0], move(rows[0], "forget", due_at=None, reason=None))
    assert (
        meter.used["apply"].writes == 2 + (2 + 1) + 1 + 1
    )  # the table, `due` under another key, out of `open`, `aside`
    with pytest.raises(Raced):
        ledger.apply(rows[0], gone)
    assert meter.used["apply"].writes == 7 + 1
    assert meter.total.calls == 3 + 1 + 1 + 1 + 2


def test_memory_reads_a_backlog_by_pages_of_a_megabyte() -> None:
    """As the index answers it."""
    meter = Meter()
    ledger = Memory(meter)
    ledger.add([row(window=window(day), reason="x" * 300_000) for day in range(1, 8)])
    assert len(ledger.due("main", NOW)) == 7 and meter.used["due"].pages == 3
