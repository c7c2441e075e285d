"""Each alarm's metric is driven over its threshold by real traffic, and read as the deployed alarm reads it."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.budget import budget
from infra.rings import RINGS as SILENCE
from infra.rings import Parts, rings
from lambdas.core.exports import parse
from lambdas.vendors import FACTS
from tests.local.ringing import TEXT, Rung, rung

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(300)]
PARTS = Parts("cdr-exporter/dev", "r", "c", "m", "f")
EXPORTS = parse(TEXT, "dev", FACTS)
RINGS = {one.name: one for one in (*rings(EXPORTS, FACTS, PARTS), budget(PARTS, {}, 0.01))}
# Silence is the last test's; and of the exports each has its own trouble.
QUIET = {"requester", "lag-disagrees", "lag-refused", "aside-refused", "aside-late", "loss-refused"}
COMPARE = {
    "GreaterThanOrEqualToThreshold": float.__ge__,
    "GreaterThanThreshold": float.__gt__,
    "LessThanThreshold": float.__lt__,
}


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rung]:
    with rung(tmp_path_factory.mktemp("ringing")) as made:
        yield made


def test_everything_that_rings_is_deployed(at: Rung) -> None:
    """As it is defined, and nothing else."""
    assert {name.removeprefix("cdr-dev-") for name in at.alarms()} == set(RINGS)


def test_nothing_rings_before_the_keys_are_filled_in(at: Rung) -> None:
    """Neither between the deploy and the first tick, nor after it."""
    assert not set(at.before.values()) & {"ALARM"}
    assert at.early == []


@pytest.mark.parametrize("name", [name for name in RINGS if name not in QUIET])
def test_its_metric_goes_over_its_threshold(at: Rung, name: str) -> None:
    """By namespace, name, dimensions and statistic of the alarm as it is deployed."""
    alarm = at.alarms()[f"cdr-dev-{name}"]
    over = COMPARE[alarm["ComparisonOperator"]]
    found = at.figures(alarm)
    assert any(over(float(value), float(alarm["Threshold"])) for value in found), found
    if alarm["DatapointsToAlarm"] == 1:
        assert alarm["StateValue"] == "ALARM"


def test_whoever_listens_is_told_where_the_cure_is(at: Rung) -> None:
    """Each alarm that one period suffices for has rung, and its message names the entry of the runbook."""
    at.states()
    told = {one["AlarmName"].removeprefix("cdr-dev-"): one for one in at.mails() if one["NewStateValue"] == "ALARM"}
    assert set(told) >= {name for name, one in RINGS.items() if one.enough == 1} - QUIET
    assert all(one["AlarmDescription"].endswith(f"docs/runbook.md#{RINGS[name].entry}") for name, one in told.items())


def test_silence_rings_and_only_where_it_must(at: Rung) -> None:
    """No tick for two hours: the requester's alarm and each export's lag have no data, and say so; nobody else does."""
    before = at.states()
    assert {before[name] for name in RINGS} <= {"OK", "ALARM"}
    at.mails()
    at.ahead(minutes=30)
    at.states()
    assert not _silent(at.mails())
    at.ahead(hours=2)
    after = at.states()
    loud = {name for name, one in RINGS.items() if one.missing == SILENCE}
    assert {name for name, state in after.items() if state == "INSUFFICIENT_DATA"} == loud
    assert _silent(at.mails()) == loud == {"requester", "lag-disagrees", "lag-late", "lag-refused"}


def _silent(mails: list[dict[str, Any]]) -> set[str]:
    return {one["AlarmName"].removeprefix("cdr-dev-") for one in mails if one["NewStateValue"] == "INSUFFICIENT_DATA"}
