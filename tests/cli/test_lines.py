"""The lines of the logs: what of them is told, to whom it is, and each once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import pytest

from cli.lines import Line
from cli.tail import Tailing, tail

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MS = int(NOW.timestamp() * 1000)
MOVED = {
    "level": "INFO", "location": "moved:30", "message": "moved", "service": "copier",
    "export": "main", "window": "w#inbound#20261118T000000Z#86400", "from": "copying", "to": "done", "turn": "r0.a1.k1",
}  # fmt: skip
CRASH = "2026-11-20T12:00:00.000Z 4f0c Task timed out after 60.00 seconds"


def event(message: Any, at: int = MS, **more: Any) -> dict[str, Any]:
    return {"timestamp": at, "message": message if isinstance(message, str) else json.dumps(message), **more}


def read(message: Any, source: str = "copier") -> Line:
    line = Line.read(source, event(message))
    assert line is not None
    return line


def test_a_line_of_ours_says_of_which_window_it_is() -> None:
    """By the name that keys have; where in the code it was written interests nobody."""
    line = read(MOVED)
    assert (line.at, line.export, line.window) == (NOW, "main", "20261118T000000Z-86400.inbound")
    assert line.facts == {"from": "copying", "to": "done", "turn": "r0.a1.k1"}
    assert line.words().plain == (
        "11-20 12:00:00 copier    main 20261118T000000Z-86400.inbound moved  from=copying to=done turn=r0.a1.k1"
    )


def test_a_line_with_an_execution_s_input_is_of_its_window() -> None:
    """As the poller and the copier write it."""
    run = {"export": "main", "source": "inbound", "start": "2026-11-18T00:00:00+00:00", "seconds": 86400, "run": 1}
    line = read({"level": "WARNING", "message": "not reachable", "execution": run})
    assert (line.export, line.window) == ("main", "20261118T000000Z-86400.inbound")


@pytest.mark.parametrize("text", ["START RequestId: 1", "REPORT RequestId: 1 Duration: 3 ms", "", '{"_aws": {}}'])
def test_what_lambda_says_itself_and_metrics_are_left_out(text: str) -> None:
    """They are about an invocation, not about an export."""
    assert Line.read("copier", event(text)) is None


def test_what_is_no_line_of_ours_is_an_error_without_numbers() -> None:
    """A time-out, a crash before the logger was there."""
    assert read(CRASH).level == "ERROR"
    assert "2065550123" not in read("KeyError: 2065550123").message
    assert "2065550123" not in str(read({**MOVED, "exception": "ValueError: 2065550123"}).facts)


def test_the_machine_s_line_is_an_error_with_its_cause() -> None:
    """Step Functions logs nothing else here."""
    told = {"type": "ExecutionFailed", "execution_arn": "arn:x", "details": {"error": "RunFailed", "cause": "see log"}}
    line = read(told, "machine")
    assert (line.level, line.message, line.facts["error"]) == ("ERROR", "ExecutionFailed", "RunFailed")


def test_a_terminal_is_not_moved_by_a_line() -> None:
    """Whatever stands in it."""
    assert "\x1b" not in read({**MOVED, "message": "a\x1b[2Jb", "turn": "\x1b]0;x"}).words().plain


@pytest.mark.parametrize(
    ("export", "level", "passes"),
    [(None, "INFO", True), ("main", "INFO", True), ("other", "INFO", False), (None, "WARNING", False)],
)
def test_lines_are_chosen(export: str | None, level: str, passes: bool) -> None:
    """By the export that they are about, and by how grave they are."""
    assert read(MOVED).passes(export, level) is passes


class Logs:
    """Stands for CloudWatch Logs: two groups, to which a test adds."""

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {"g1": [], "g2": []}
        self.asked: list[int] = []

    def get_paginator(self, _: str) -> "Logs":
        return self

    def paginate(self, *, logGroupName: str, startTime: int) -> Iterator[dict[str, Any]]:  # noqa: N803 # boto3's own names
        self.asked.append(startTime)
        yield {"events": [one for one in self.groups[logGroupName] if one["timestamp"] >= startTime]}


class Enough(Exception):  # it is the test's end, no error
    """The test has seen what it wanted."""


def test_what_is_followed_is_told_once_and_in_order() -> None:
    """A line that arrives late is told all the same, as long as it is not later than the overlap."""
    logs = Logs()
    logs.groups["g1"].append(event({**MOVED, "message": "second"}, MS + 1, eventId="b"))
    logs.groups["g2"].append(event({**MOVED, "message": "first"}, MS, eventId="a"))
    coming = [
        [("g1", event({**MOVED, "message": "late"}, MS - 5000, eventId="c"))],
        [("g2", event({**MOVED, "message": "new"}, MS + 60_000, eventId="d"))],
    ]

    def pause(_: float) -> None:
        if not coming:
            raise Enough
        for group, one in coming.pop(0):
            logs.groups[group].append(one)

    seen = list[str]()
    with pytest.raises(Enough):
        for line in Tailing(logs, {"g1": "poller", "g2": "copier"}, pause).lines(NOW - timedelta(hours=1), follow=True):
            seen.append(line.message)  # it never ends by itself
    assert seen == ["first", "second", "late", "new"]
    assert logs.asked[-1] > logs.asked[0]


def test_once_ends_by_itself() -> None:
    """What there is, and no waiting."""
    logs = Logs()
    logs.groups["g1"].append(event(MOVED))
    assert len(list(Tailing(logs, {"g1": "copier"}).lines(NOW - timedelta(hours=1), follow=False))) == 1


def test_what_is_told_first_goes_back_over_several_ticks() -> None:
    """Of fifteen minutes each, by default: ten minutes would show nothing of one that works."""
    (since,) = [one for one in tail.params if one.name == "since"]
    assert since.get_default(click.Context(tail)) == "1h"
