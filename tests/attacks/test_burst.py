"""A flood at the callback's address: what it costs, and whom it keeps from being heard."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from itertools import islice
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from flask import Flask

from lambdas import callback, poller
from lambdas.core.rows import Work
from local.cloud import ROOT
from local.forgers import forged
from local.strangers import callbacks
from local.vendors.callbacks import AGAIN, Mode
from local.vendors.flowroute import Flowroute
from local.vendors.http import Origin
from tests.attacks.flooded import Untouched
from tests.test_callback import event
from tests.world import NOW, Clock, World, signet, world

COUNT = 20_000
EXPORT = """
[[export]]
name = "called"
vendor = "flowroute"
start = "-1d"
window = "6h"
reexport = []
max_in_flight = 8
"""


@cache
def flooded() -> tuple[dict[str, Any], list[str]]:
    """What twenty thousand forged callbacks cost one process, and what it wrote meanwhile."""
    command = [sys.executable, "-m", "tests.attacks.flooded", str(COUNT)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stderr.splitlines()[-1]), done.stdout.splitlines()


def test_twenty_thousand_forged_callbacks_at_one_process() -> None:
    """Answered as a friend is: no row and no token is looked for, and the process holds no byte more for it."""
    cost, _ = flooded()
    assert set(cost["answers"]) == {"200", "404", "413"}
    assert sum(cost["answers"].values()) == COUNT
    assert cost["reached"] == 0
    assert cost["grown"] < 2**21  # of some 150 MB; each path kept would be 2 MB alone
    assert cost["objects"] < 100
    assert cost["mean"] < 0.002  # seconds of a core


def test_a_flood_that_has_the_secret_read_each_time() -> None:
    """Both versions of the secret are read once a minute, however many ask."""
    cost, _ = flooded()
    assert 2 <= cost["reads"] <= 2 * (cost["minutes"] + 1)


def test_a_log_filled_by_refused_callbacks() -> None:
    """One line a minute and one per power of ten, with their number; none quotes an address."""
    cost, lines = flooded()
    told = [json.loads(line) for line in lines]
    counts = [one["count"] for one in told if "count" in one]
    assert len(counts) <= cost["minutes"] + 1
    assert COUNT / 2 < sum(counts) <= COUNT + 1000
    assert {one["so_far"] for one in told if "so_far" in one} == {10, 100, 1000}
    said = [one for one in told if "level" in one]  # beside each stands its figure, for the alarm
    assert len(said) <= 4 * (cost["minutes"] + 1) and len(told) <= 2 * len(said)
    assert not any("cdr1." in line or "/callbacks/" in line for line in lines)


@pytest.mark.parametrize(
    "path",
    ["/callbacks/" + "a" * 8000, "/callbacks/" + "a/" * 4000, "/callbacks/" + "cdr1." * 1600 + "/x", "/" * 8000],
)
def test_an_address_as_long_as_the_gateway_takes(path: str) -> None:
    """No pattern of ours runs away with it: it is answered within a hundredth of a second."""
    app = callback.app(callback.Ear(Untouched(), Untouched(), signet(), lambda: NOW))  # type: ignore[arg-type] # stand-ins
    app.resolve(event(path), LambdaContext())
    since = time.process_time()
    for _ in range(10):
        assert app.resolve(event(path), LambdaContext())["statusCode"] in (200, 404)
    assert time.process_time() - since < 0.1


def test_a_body_of_six_megabytes() -> None:
    """Lambda takes no larger one: only its length is looked at, which takes no longer than none, and it is refused."""
    app = callback.app(callback.Ear(Untouched(), Untouched(), signet(), lambda: NOW))  # type: ignore[arg-type] # stand-ins
    large = event("/callbacks/tag/word", body="{" * (6 * 2**20))
    since = time.process_time()
    assert {app.resolve(large, LambdaContext())["statusCode"] for _ in range(100)} == {413}
    assert time.process_time() - since < 0.2


def test_forged_callbacks_around_each_true_one() -> None:
    """Each true one wakes its execution once; the forged ones change no row, and the vendor is asked nothing."""
    with called("never") as (at, vendor):
        urls, before, requests = list(callbacks([vendor])), at.rows("called"), len(vendor.requests)
        for _, told in list(at.executions.started):
            assert not poller.listen(told, f"token of {told['start']}", at)["woken"]
        flood, at.clock.now = forged(urls, 7), at.clock() + timedelta(minutes=1)
        for url in urls:
            assert not any(at.call_back(one.path) for one in islice(flood, 40) if one.method == "POST")
            assert at.call_back(url)
        assert not any(at.call_back(one.path) for one in islice(flood, 40) if one.method == "POST")
        assert len(at.executions.woken) == len(set(at.executions.woken)) == len(urls) == len(before)
        assert {(row.state, row.wakes) for row in at.rows("called")} == {(Work.ASKED, 1)}
        assert [row.version for row in at.rows("called")] == [row.version for row in before]
        assert len(vendor.requests) == requests


def test_a_flood_that_keeps_every_true_callback_out() -> None:
    """The vendor is answered 429 each time and gives up; every report is polled, and copied before its deadline."""
    with Origin(closed()) as door, called("once", door.url) as (at, vendor):
        at.quiet()
        rows = at.rows("called")
        assert {one.status for one in vendor.callbacks} == {429}
        assert len(vendor.callbacks) == (1 + AGAIN) * len(rows)
        assert {(row.state, row.wakes, row.heard_at) for row in rows} == {(Work.DONE, 0, None)}
        assert all(row.published and row.give_up_at and row.published.when < row.give_up_at for row in rows)
        assert len(vendor.created) == len(rows)


def closed() -> Flask:
    """A gateway whose throttle lets nobody in."""
    app = Flask("closed", static_folder=None)
    app.add_url_rule("/<path:_>", view_func=lambda _: ("{}", 429), methods=["POST"])
    return app


@contextmanager
def called(mode: Mode, door: str = "https://api.example.com") -> Iterator[tuple[World, Flowroute]]:
    """An export whose vendor calls back, all its windows asked for."""
    clock = Clock()
    with Flowroute(3, "called", clock=clock, per_day=30, callbacks=mode, retry_s=0.01) as vendor:
        text = f'base_url = "{vendor.base_url}"\ndownload_from = ["{vendor.download_from}"]\n'
        with world(EXPORT + text, clock, door) as at:
            at.tick("called")
            yield at, vendor
