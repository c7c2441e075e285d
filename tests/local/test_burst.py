"""A burst of forged callbacks, mixed with true ones: every report is copied in time, and nothing else is touched."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.core import tags
from lambdas.core.exports import parse
from lambdas.core.rows import Published, Row, Work
from lambdas.core.windows import Window
from lambdas.vendors import FACTS
from local import toll
from local.burst import DAY, EXPORT, Wanted, Waves
from local.clock import Rehearsal
from local.forgers import KINDS, OVER, Flood, Forged, forged, shown
from local.toll import Sight
from local.vendors.report import Request
from tests.certificate import self_signed
from tests.local.runs import running

KEY = b"key"
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
FORGED, TRUE = 2000, 24


@pytest.mark.cloud
@pytest.mark.timeout(400)
def test_a_burst_loses_no_report_and_touches_nothing_else(tmp_path: Path) -> None:
    """Each forged one is refused; in the first round callbacks wake, in the second few get in: the rest is polled."""
    with running(tmp_path, "burst", "--forged", f"{FORGED}", "--true", f"{TRUE}", "--retry", "1.5") as one:
        one.until("a local cloud:")
        assert one.end() == 0, one.out
    assert "every report is copied, and nothing else has changed." in one.out
    shares = [tuple(map(int, found)) for found in re.findall(r"(\d+) reports woken, (\d+) polled", one.out)]
    assert [sum(share) for share in shares] == [TRUE, TRUE]
    assert shares[0][0] > 0
    assert shares[1][1] > 0
    assert one.out.count(" 429: ") > 0
    assert not one.left()


# The forgers.


def genuine(count: int = 5) -> list[str]:
    """Addresses that a vendor was given."""
    rows = [Row("one", Window(NOW - timedelta(days=n), 3600, "calls")) for n in range(count)]
    made = [tags.tag("0a1b2c3d", row, {}) for row in rows]
    return [f"https://localhost:1/_aws/execute-api/id/callbacks/{tag}/{tags.capability(KEY, tag)}" for tag in made]


def test_no_forged_request_opens_anything() -> None:
    """None is a POST to an address with its own word; only another method is ever tried on one."""
    made = list(islice(forged(genuine(), 7), 2000))
    for one in made:
        *_, tag, word = one.path.split("/")
        own = tags.read(tag) is not None and tags.genuine(KEY, tag, word)
        assert own == (one.kind == "the right address, another method"), one
        assert not own or one.method != "POST"
    assert len({one.kind for one in made}) == 9
    assert len(KINDS) == 20


def test_a_seed_makes_the_same_flood() -> None:
    """And another seed another one."""
    first, same, other = (list(islice(forged(genuine(), seed), 200)) for seed in (3, 3, 4))
    assert first == same != other


def test_a_flood_that_nobody_answers_is_counted(tmp_path: Path) -> None:
    """Each request, with 0 for its status; what passed meanwhile is told."""
    heard, requests = list[int](), iter([Forged("lost", "POST", "/")] * 50)
    flood = Flood("https://127.0.0.1:9", self_signed(tmp_path / "ca.pem"), requests)
    flood.send(30, heard.append)
    flood.send(20, heard.append)
    assert flood.answers == {("lost", 0): 50}
    assert max(heard) <= 30
    assert shown(flood.answers) == "  lost: 0: 50"


def test_a_request_that_the_gateway_holds_back_has_not_reached_the_function() -> None:
    """Its own 413 is of the body over its limit, the function's of a big one."""
    flood = Flood("https://127.0.0.1:9", Path("none"), iter(()))
    flood.answers.update({("a", 200): 1, ("a", 429): 2, ("a", 404): 4, (OVER, 413): 8, ("a big body", 413): 16})
    assert flood.reached == 17


# The rounds.


@pytest.mark.parametrize(("true", "exports", "each"), [(24, 1, 24), (50, 1, 50), (100, 2, 50), (101, 3, 34)])
def test_reports_are_shared_among_as_few_accounts_as_carry_them(true: int, exports: int, each: int) -> None:
    """Fifty are on their way for an export at most; a round's windows are those that came due since the last."""
    wanted = Wanted(10, true, 1.0, 1.0)
    assert (wanted.exports, wanted.each) == (exports, each)
    assert wanted.until(2) - wanted.until(1) == timedelta(hours=each)
    parsed = parse("".join(EXPORT.format(number=n, start=DAY, places=each) for n in range(exports)), "dev", FACTS)
    assert {one.max_in_flight for one in parsed.exports} == {each}


def test_true_callbacks_come_in_waves(tmp_path: Path) -> None:
    """As the flood passes, the clock is moved to where the next quarter is ready, and stays where it is till then."""
    clock = Rehearsal(tmp_path / "clock.json")
    clock.set(NOW)
    began = clock()
    ready = {f"{n}": SimpleNamespace(ready_at=began + timedelta(minutes=n)) for n in range(1, 9)}
    at: Any = SimpleNamespace(clock=clock, players={"one": Stand(ready)})
    waves = Waves(at, [replace(DONE, report_id=id) for id in ready], 100)
    moved = []
    for sent in (0, 29, 30, 60, 90, 100):
        waves(sent)
        moved.append(round((clock() - began) / timedelta(minutes=1)))
    assert moved == [0, 0, 2, 4, 8, 8]


class Stand:
    """A vendor of whom only the reports matter."""

    def __init__(self, reports: dict[str, Any]) -> None:
        self.reports = reports


# What is looked at afterwards: each thing that may go wrong is told.


TAG = tags.tag("0a1b2c3d", Row("one", Window(NOW, 3600, "calls")), {})
DONE = Row(
    "one", Window(NOW, 3600, "calls"), state=Work.DONE, run=1, tag=TAG, report_id="7", give_up_at=NOW,
    published=Published(0, "d", "k", "e", "r", ("k",), 1, NOW - timedelta(hours=1)),
)  # fmt: skip
NAME = f"one {DONE.window.sk}"
BEFORE = Sight({NAME: 1, "one old": 1, "one head": 1}, {"old": "SUCCEEDED"}, {"calls/old": "e", "ledger/c": "e"}, 3)
AFTER = Sight(
    {NAME: 2, "one old": 1, "one head": 2},
    {"old": "SUCCEEDED", tags.execution(DONE): "SUCCEEDED"},
    {"calls/old": "e", "ledger/c": "f", "calls/new": "e", "raw/new": "e", "receipts/new": "e"},
    6,
)
ASKED = [Request("POST", "/v2/cdrs/exports", "", 202), *[Request("GET", "/v2/cdrs/exports/7", "", 200)] * 2]


def told(before: Sight = BEFORE, after: Sight = AFTER, row: Row = DONE, asked: list[Request] = ASKED) -> list[str]:
    at: Any = SimpleNamespace(players={"one": SimpleNamespace(requests=asked)})
    return list(toll.wrongs(before, after, [row], at, {"one": 0}))


def test_what_is_right_is_not_complained_about() -> None:
    """The head's row and the proof of coverage move with the work; a look at what was not ready has its reason."""
    assert told() == []
    assert told(row=replace(DONE, looks=1), asked=[*ASKED, ASKED[-1]]) == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"after": replace(AFTER, items={**AFTER.items, "one old": 2})}, "changed: one old"),
        ({"after": replace(AFTER, items={NAME: 2})}, "changed: one old"),
        ({"after": replace(AFTER, executions=BEFORE.executions)}, "0 executions were started for 1"),
        ({"after": replace(AFTER, executions={**AFTER.executions, "x": "SUCCEEDED"})}, "2 executions were started"),
        (
            {"after": replace(AFTER, executions={**AFTER.executions, tags.execution(DONE): "FAILED"})},
            f"execution {tags.execution(DONE)}: FAILED",
        ),
        ({"after": replace(AFTER, objects={**AFTER.objects, "calls/old": "f"})}, "object changed: calls/old"),
        ({"after": replace(AFTER, objects={**AFTER.objects, "quarantine/x": "e"})}, "new objects: "),
        ({"after": replace(AFTER, objects={**AFTER.objects, "calls/x": "e"})}, "new objects: "),
        ({"row": replace(DONE, state=Work.LOST)}, "lost"),
        ({"row": replace(DONE, give_up_at=NOW - timedelta(hours=2))}, "after its deadline"),
        ({"row": replace(DONE, attempt=2)}, "r0.a2.k1"),
        ({"asked": [*ASKED, ASKED[0]]}, "2 reports were asked for, of 1 windows"),
        ({"asked": [*ASKED, ASKED[-1]]}, "3 requests about its report, where 2 have a reason"),
    ],
)
def test_what_is_wrong_is_told(changed: dict[str, Any], complaint: str) -> None:
    """A row, an execution, an object or a request that a burst changed or caused."""
    assert any(complaint in line for line in told(**changed))


def test_what_forged_callbacks_alone_touch_is_told() -> None:
    """Anything at all."""
    assert list(toll.touched(BEFORE, BEFORE)) == []
    assert [line.split()[0] for line in toll.touched(BEFORE, AFTER)] == ["items", "executions", "objects", "the"]


def test_a_report_woken_by_nobody_is_told() -> None:
    """So many wakes as callbacks of its own came through are right."""
    delivered = [SimpleNamespace(export="7", status=status) for status in (429, 200)]
    at: Any = SimpleNamespace(players={"one": SimpleNamespace(callbacks=delivered)})
    assert list(toll.overheard([replace(DONE, wakes=1)], at)) == []
    assert list(toll.overheard([replace(DONE, wakes=2)], at)) == [f"{NAME}: woken 2 times by 1 callbacks"]


def test_a_process_that_grows_is_told() -> None:
    """More than a tenth and eight megabytes; one that was not there before has nothing to grow from."""
    mb = 2**20
    assert toll.grown({1: 50 * mb, 2: 50 * mb}, {1: 62 * mb, 2: 64 * mb, 3: 900 * mb}) == [2]


def test_a_log_that_a_flood_fills_is_told() -> None:
    """A line for each that was heard, and twenty-seven a minute beside."""
    assert list(toll.overflowing(100 + 54, 100, 50)) == []
    assert list(toll.overflowing(100 + 55, 100, 50)) == ["the callback wrote 155 lines, 154 are the most"]
