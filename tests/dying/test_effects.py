"""An effect that nobody knows fails the harness, whatever way it takes out of the process."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambdas import poller
from lambdas.rooms import Rooms
from tests.dying.harness import play
from tests.dying.inside import Parts
from tests.dying.invariants import Broken, check
from tests.dying.scenarios import ALL
from tests.dying.stage import Deployed, Stage

SCENARIO = ALL["first"]


@pytest.fixture(name="stage", scope="module")
def _stage(found: Deployed) -> Iterator[Stage]:
    with Stage(found, SCENARIO.make, SCENARIO.text) as made:
        yield made


def dials(at: Rooms) -> None:
    """To a port where nobody listens."""
    with socket.socket() as one:
        one.connect_ex(("127.0.0.1", 9))


UNKNOWN: dict[str, tuple[Callable[[Rooms], object], str]] = {
    "a call of AWS": (lambda at: at.lake.write("a", 1), "poller: s3.PutObject"),
    "a vendor's operation": (
        lambda at: at.web.call("telnyx", "delete", "DELETE", f"{at.exports.exports[0].base_url}/other"),
        "poller: telnyx DELETE /other",
    ),
    "another host": (lambda at: at.web.call("x", "y", "GET", "http://127.0.0.1:9/z"), "poller: 127.0.0.1:9 GET /z"),
    "a connection": (dials, "socket.connect"),
    "a file": (lambda _: Path("/dev/null").write_text("it"), "open"),
    "a process": (lambda _: subprocess.run(["true"], check=True), "subprocess.Popen"),
}


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_an_unknown_effect_fails_the_harness(stage: Stage, unknown: str) -> None:
    """So that nobody adds one unseen."""
    does, told = UNKNOWN[unknown]

    def look(given: dict[str, Any], at: Rooms) -> dict[str, Any]:
        answer = poller.look(given, at)
        with suppress(Exception):  # the handler goes on: only the harness is to notice
            does(at)
        return answer

    sim = play(stage, SCENARIO, parts=replace(Parts(), look=look))
    with pytest.raises(Broken, match=f"an effect that nobody knows: {told}"):
        check(sim, SCENARIO)


def test_every_run_is_the_same(stage: Stage) -> None:
    """The same effects in the same order, so that a number names one for ever."""
    first, second = ([effect.name for effect in play(stage, SCENARIO).effects] for _ in range(2))
    assert first == second


def test_what_a_dead_process_still_tries_has_no_effect(stage: Stage) -> None:
    """Its `finally` runs here, for an exception is all that can be raised; nothing comes of it."""
    deaths: list[int] = []

    def at(sim: Any, effect: Any, when: str) -> None:
        if effect.number == 5 and when == "before" and not deaths:
            deaths.append(effect.invocation)
            sim.recorder.kill()

    sim = play(stage, SCENARIO, at)
    assert deaths == [1]
    assert [effect.number for effect in sim.effects if effect.invocation == 1] == [0, 1, 2, 3, 4, 5]
