"""What anybody may cause is counted in the log's few lines, and in the metric that an alarm watches."""

import json
from datetime import timedelta

import pytest

from lambdas.counted import Counted
from local.vendors.telnyx import Telnyx
from tests.world import Clock, world

EXPORT = """
[[export]]
name = "t"
vendor = "telnyx"
start = "-1d"
base_url = "{0.base_url}"
download_from = ["{1}/"]
options = {{ source = "calls" }}
"""


def counts(told: str, name: str = "CallbacksRefused") -> list[float]:
    """The values of the metric, one for each line of it."""
    lines = [json.loads(line) for line in told.splitlines() if line.startswith('{"_aws"')]
    return [value for line in lines for value in line.get(name, [])]


def test_the_metric_counts_each_once_however_many_lines_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """The first at once, at ten, at a hundred; the rest with the first of the next minute."""
    clock = Clock()
    counted = Counted(clock)
    for _ in range(150):
        counted.add("forged", metric="CallbacksRefused")
    assert counts(capsys.readouterr().out) == [1, 10, 90]
    clock.now += timedelta(minutes=1)
    for _ in range(10):
        counted.add("forged", metric="CallbacksRefused")
    assert counts(capsys.readouterr().out) == [50]
    clock.now += timedelta(minutes=1)
    counted.add("forged", metric="CallbacksRefused")
    assert counts(capsys.readouterr().out) == [10]


def test_what_has_no_metric_costs_none(capsys: pytest.CaptureFixture[str]) -> None:
    """Only what an alarm watches is one."""
    Counted(Clock()).add("late")
    assert counts(capsys.readouterr().out) == []


def test_the_metric_has_no_dimension(capsys: pytest.CaptureFixture[str]) -> None:
    """So that the alarm on the stack finds it, whoever counts."""
    Counted(Clock()).add("forged", metric="CallbacksRefused")
    (line,) = [json.loads(one) for one in capsys.readouterr().out.splitlines() if one.startswith('{"_aws"')]
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]


def test_a_poller_that_is_refused_twice_in_a_row_counts_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The first time may pass by itself, and so may another one after a look that saw something."""
    clock = Clock()
    with (
        Telnyx(3, "counted", clock=clock, per_day=20, build_s=(9000, 9000)) as vendor,
        world(EXPORT.format(vendor, vendor.files_url), clock) as at,
    ):
        vendor.faults.add("unauthorized", on="retrieve")
        at.tick("t")
        at.run(looks=2)
        assert counts(capsys.readouterr().out, "Refused") == []
        vendor.faults.add("unauthorized", on="retrieve", times=3)
        at.ran = 0
        at.run(looks=3)
        assert counts(capsys.readouterr().out, "Refused") == [1, 1]


def test_a_copier_that_is_refused_twice_in_a_row_counts_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Here a file at an address that the export does not name: it waits until somebody adds the line."""
    clock = Clock()
    with (
        Telnyx(3, "counted", clock=clock, per_day=20) as vendor,
        world(EXPORT.format(vendor, "https://files.example"), clock) as at,
    ):
        at.tick("t")
        at.run()
        assert counts(capsys.readouterr().out, "Refused") == []
        clock.turn(minutes=30)
        at.tick("t")
        at.run()
        assert counts(capsys.readouterr().out, "Refused")[:1] == [1]
