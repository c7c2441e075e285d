"""A tick reads what is due and nothing of the history: a ledger twenty times as long costs the same calls and items."""

from collections import Counter
from collections.abc import Iterator
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from lambdas import requester
from lambdas.aws import items
from lambdas.aws.ledger import Ledger
from lambdas.core.rows import Published, Row, Span, Work
from lambdas.core.windows import midnight, tile
from local.memory.stage import Stage
from tests import world
from tests.world import NOW, Clock

TEXT = '[[export]]\nname = "main"\nvendor = "flowroute"\nwindow = "1h"\n'
HOUR = timedelta(hours=1)
Seen = tuple[Counter[str], Counter[str]]  # calls, and items that came back, by operation


def history(hours: int) -> list[Row]:
    """Windows that are done for good, the newest of them an hour before what comes due at NOW."""
    newest = NOW - 3 * HOUR  # `settle` and the window itself
    published = Published(
        0, "d" * 64, "k" * 90, '"' + "e" * 32 + '"', "r" * 90, ("w" * 100,), 9, NOW, {"rows": "9"}, asked={}
    )
    return [
        Row("main", window, Work.DONE, version=12, revision=2, aged=2, published=published)
        for window in tile(newest - hours * HOUR, newest, 3600, "calls")
    ]


def fill(rows: list[Row]) -> None:
    """Straight into the emulated table, which weighs every attribute of every item that is written otherwise."""
    table: Any = dynamodb_backends[DEFAULT_ACCOUNT_ID][world.REGION].tables["ledger"]
    filled = {name: items.wire(value) for name, value in items.flat(rows[0]).items() if value is not None}
    export = DynamoType(items.wire("main"))
    first = Item(export, None, {"export": export, **filled})
    for row in rows:
        one, sk = copy(first), DynamoType(items.wire(row.window.sk))
        one.range_key, one.attrs = sk, copy(first.attrs)
        dict.__setitem__(one.attrs, "sk", sk)
        table.items[export][sk] = one


@pytest.fixture
def seen(ledger: Ledger) -> Iterator[Seen]:
    """What DynamoDB is asked, and what it answers."""
    calls, found = Counter[str](), Counter[str]()

    def answered(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        calls[model.name] += 1
        found[model.name] += len(parsed.get("Items", ())) + ("Item" in parsed and "Error" not in parsed)

    ledger._client.meta.events.register("after-call.dynamodb", answered)  # the room's one door to the network
    yield calls, found


@pytest.mark.parametrize("hours", [1000, 20_000])
def test_a_tick_costs_the_same_after_any_history(ledger: Ledger, seen: Seen, hours: int) -> None:
    """One at which a window comes due and is asked for, and one with nothing to do: to the call and to the item."""
    calls, found = seen
    stage = made(ledger, history(hours))
    assert ticked(stage, seen) == 1 and stage.theirs.asked["ask"] == 1
    month = (NOW.day - 1) * 24 + 10  # the windows of this month, for its proof in S3; and the one that is open
    assert +found == Counter({"GetItem": 2, "Query": month + 1})
    assert calls == Counter({"UpdateItem": 5, "PutItem": 1, "GetItem": 2, "Query": 5})
    assert ticked(stage, seen) == 0
    assert +found == Counter({"GetItem": 2, "Query": 2})  # the head, twice; what is on its way, which is open too
    assert calls == Counter({"UpdateItem": 2, "GetItem": 2, "Query": 3})


def made(ledger: Ledger, rows: list[Row]) -> Stage:
    """The handlers over a ledger that holds these rows."""
    fill(rows)
    head = ledger.take("main", "mine", NOW - HOUR, NOW - HOUR)
    assert head is not None
    since = midnight(rows[0].window.start)
    ledger.save(head, born=since, keyed=True, spans={"calls": Span(since, rows[-1].window.end, 3600)})
    stage = Stage(f"{TEXT}start = {since:%Y-%m-%d}\n", Clock())
    stage.__dict__["ledger"] = ledger
    return stage


def ticked(stage: Stage, seen: Seen) -> int:
    """One tick, counted; the steps that it took."""
    for counted in seen:
        counted.clear()
    return int(requester.tick("main", stage)["did"])
