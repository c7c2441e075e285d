"""Everything goes wrong, each kind of it at least once, and in the end every figure is true."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from lambdas.core import tags
from lambdas.core.rows import Head, Row, Work
from lambdas.core.windows import Window
from local.chaos import asked_twice
from local.clock import Rehearsal
from local.disorder import moments
from local.events import ACTS, EACH, KINDS, MANY, SOME, Blow, Score, Storm
from local.gate import Gate, Held, reader
from local.strangers import callbacks, lies
from local.vendors import Simulator
from local.vendors.flowroute import Flowroute
from local.vendors.report import Created
from local.vendors.telnyx import Telnyx
from local.watch import Sight
from tests.local.runs import running

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
DAY = datetime(2026, 11, 18, tzinfo=UTC)
WINDOW = Window(DAY, 86_400, "calls")
ROW = Row("one", WINDOW, state=Work.ASKED, due_at=NOW + timedelta(minutes=7))
KILL = re.compile(r"the copier, process \d+, is killed after ([\d,]+) of ([\d,]+) bytes")
READ = "import sys, urllib.request as u; u.build_opener(u.ProxyHandler({})).open(sys.argv[1]).read()"


@pytest.mark.cloud
@pytest.mark.timeout(600)
def test_whatever_goes_wrong_every_figure_is_true(tmp_path: Path) -> None:
    """Each kind of event strikes; copiers die while they copy; what was asked without an answer is adopted."""
    with running(tmp_path, "chaos", "--days", "1", "--per-day", "60", "--patience", "450") as one:
        one.until("disasters, a local cloud")
        assert one.end() == 0, one.out
    assert "every figure equals the truth" in one.out
    assert "never happened" not in one.out
    (struck,) = [line for line in one.out.splitlines() if line.startswith("went wrong: ")]
    assert all(f"{kind} " in struck for kind in KINDS)
    kills = [[int(number.replace(",", "")) for number in found] for found in KILL.findall(one.out)]
    assert kills
    assert all(0 < sent < whole for sent, whole in kills)
    assert "adopted: 2 of the reports" in one.out
    assert not one.left()


# The score, without a cloud.


@pytest.fixture
def players() -> Iterator[dict[str, Simulator]]:
    """One account of each, running."""
    with (
        Telnyx(1, "one", clock=lambda: NOW, per_day=40, build_s=(0, 0)) as polled,
        Flowroute(1, "two", clock=lambda: NOW, per_day=40, callbacks="never") as called,
    ):
        yield {"one": polled, "two": called}


def test_a_seed_makes_the_same_score(players: dict[str, Simulator]) -> None:
    """And another seed another one."""
    assert Score.draw(3, players) == Score.draw(3, players)
    assert len({str(Score.draw(seed, players)) for seed in range(5)}) == 5


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_is_in_every_score(players: dict[str, Simulator], seed: int) -> None:
    """What only one vendor can play is that one's."""
    score = Score.draw(seed, players)
    assert {blow.kind for queue in score.blows.values() for blow in queue} | set(score.acts) == set(KINDS)
    assert set(score.acts) == set(ACTS)
    for name, queue in score.blows.items():
        assert {blow.fault for blow in queue} <= set(players[name].plays)
        assert set(EACH) <= set(queue)
    assert sum(map(len, score.blows.values())) == len(SOME) + len(players) * len(EACH)


def test_one_thing_strikes_after_the_other(players: dict[str, Simulator]) -> None:
    """Each is told once, when it has struck; then the next is prepared."""
    vendor, blows = players["one"], [Blow("a", "dropped", "A"), Blow("b", "failed", "B")]
    storm = Storm("one", vendor, blows)
    assert storm.struck() is None
    assert [one["fault"] for one in vendor.faults.pending] == ["dropped"]
    assert storm.struck() is None
    assert vendor.faults.take("dropped")
    assert storm.struck() == blows[0]
    assert vendor.faults.take("failed")
    assert storm.struck() == blows[1]
    assert storm.struck() is None
    assert storm.over


def test_a_vendor_that_is_down_refuses_until_it_is_told(players: dict[str, Simulator]) -> None:
    """It is told once, and the refusals are counted."""
    vendor, down = players["one"], Blow("down", "broken", "is down", times=MANY)
    storm = Storm("one", vendor, [down])
    storm.struck()
    assert storm.refused == 0
    assert vendor.faults.take("broken")
    assert storm.struck() == down
    assert vendor.faults.take("broken")
    assert storm.struck() is None
    assert storm.refused == 2
    storm.clear()
    assert (storm.over, storm.refused, vendor.faults.pending) == (True, 0, [])


# The gate.


def asked(vendor: Simulator) -> str:
    """A link to a report's file."""
    keys = {"x-api-user": vendor.credentials["user"], "x-api-token": vendor.credentials["token"]}
    body = {"start_time": "2026-11-18T00:00:00Z", "end_time": "2026-11-19T00:00:00Z"}
    url = f"{vendor.base_url}/reporting/cdr_requests"
    with requests.Session() as session:
        session.trust_env = False
        id = session.post(url, json=body, headers=keys).json()["id"]
        return str(session.get(f"{url}/{id}", headers=keys).json()["report_url"])


def held(gate: Gate) -> Held:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if one := gate.held():
            return one
        time.sleep(0.02)
    raise AssertionError("nobody came to the gate")


def started(link: str, function: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "AWS_LAMBDA_FUNCTION_NAME": function}
    return subprocess.Popen([sys.executable, "-c", READ, link], env=environment)


def test_who_reads_at_the_gate_is_found_and_killed(players: dict[str, Simulator]) -> None:
    """Half of the file has been sent; another function's process is not taken for it."""
    gate = Gate(players["one"])
    gate.armed = 1
    with started(asked(players["one"]), "Copier") as process:
        here = held(gate)
        assert 0 < here.sent < here.whole
        assert reader(os.getpid(), "Poller", here) is None
        assert reader(os.getpid(), "Copier", replace(here, port=1)) is None
        found = reader(os.getpid(), "Copier", here)
        assert found is not None
        assert found.pid == process.pid
        found.kill()
        here.go.set()
        assert process.wait(20) < 0


def test_a_gate_lets_the_rest_pass_afterwards(players: dict[str, Simulator]) -> None:
    """The file is whole, and is held no second time."""
    gate, link = Gate(players["one"]), asked(players["one"])
    gate.armed = 1
    with started(link, "Copier") as process:
        held(gate).go.set()
        assert process.wait(20) == 0
    gate.armed = 1
    with started(link, "Copier") as process:
        assert process.wait(20) == 0
    assert gate.held() is None
    assert [status for _, status in players["one"].downloads] == [200, 200]


# Strangers.


def test_a_stranger_s_words_are_no_capabilities() -> None:
    """His tag is well-formed; nothing that he says was ever said by us."""
    key = b"key"
    tag = tags.tag("0a1b2c3d", ROW, {"a": 1})
    genuine = f"https://example.com/callbacks/{tag}/{tags.capability(key, tag)}"
    for asked_tag in (tag, tags.tag("0a1b2c3d", replace(ROW, attempt=2), {"a": 1})):
        told = [url.split("/")[-2:] for url in lies(genuine, asked_tag)]
        assert all(tags.read(its) for its, _ in told)
        assert not any(tags.genuine(key, its, word) for its, word in told)
        assert told[2][0] not in (tag, asked_tag)


def test_callbacks_are_found_in_what_was_asked(players: dict[str, Simulator]) -> None:
    """Wherever in its body a vendor was told where to call back."""
    url = "https://example.com/prod/callbacks/tag/word"
    players["two"].created.append(Created("1", NOW, {"data": {"attributes": {"callback_url": url}}}))
    players["one"].created.append(Created("2", NOW, {"report_name": "tag"}))
    assert list(callbacks(players.values())) == [url]


# The account.


def made(*rows: Row) -> list[Created]:
    return [Created("1", NOW, {"name": tags.tag("0a1b2c3d", row, {})}) for row in rows]


def test_what_is_asked_twice_is_told() -> None:
    """The same tag twice, an attempt that nobody gave a reason for, a report without a tag."""
    again = replace(ROW, attempt=2)
    assert not list(asked_twice(made(ROW), {}))
    assert not list(asked_twice(made(ROW, again), {"one": "failed"}))
    assert "asked 2 times" in next(asked_twice(made(ROW, ROW), {}))
    assert "1 reports were asked for anew" in next(asked_twice(made(ROW, again), {}))
    assert "without a tag" in next(asked_twice([Created("1", NOW, {})], {}))


def sight(row: Row, **head: object) -> Sight:
    return Sight([row], {"one": replace(Head("one"), **head)}, (), 0)  # type: ignore[arg-type]  # fields by name


def test_the_next_moment_is_when_somebody_moves() -> None:
    """A row's own, or that at which its blocked vendor is asked again; what is done has none."""
    later = NOW + timedelta(minutes=9)
    assert next(moments(sight(ROW)))[0] == ROW.due_at
    assert next(moments(sight(ROW, blocked="away", next_try=later)))[0] == ROW.due_at
    assert next(moments(sight(replace(ROW, state=Work.PLANNED), blocked="away", next_try=later)))[0] == later
    assert not list(moments(sight(replace(ROW, state=Work.DONE))))


def test_the_clock_is_moved_and_the_plan_s_end_is_not(tmp_path: Path) -> None:
    """What is overdue sees the time; what is planned is bounded as before."""
    clock = Rehearsal(tmp_path / "clock.json")
    clock.set(NOW)
    clock.turn(timedelta(minutes=17))
    clock.turn(timedelta(hours=1))
    assert clock.until() == NOW
    assert timedelta(minutes=77) <= clock() - NOW < timedelta(minutes=78)
