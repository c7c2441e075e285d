"""`cdr status`: a line for each export, an exit status, and a number of reads that no history changes."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.stack import Place
from lambdas.core.rows import Published, Row, Work
from lambdas.core.windows import DAY, Window
from tests import world
from tests.cli.deployed import START, TEXT, UNTIL, Deployed, deployed

NOW = UNTIL + timedelta(hours=3)
AT = NOW.isoformat()


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    with deployed(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What AWS is asked, by operation."""
    counted, genuine = Counter[str](), Place.client

    def client(self: Place, service: str) -> Any:
        made = genuine(self, service)
        if service == "dynamodb":
            made.meta.events.register("before-call.dynamodb", lambda model, **_: counted.update([model.name]))
        return made

    monkeypatch.setattr(Place, "client", client)
    return counted


def ticked(stack: Deployed, **head: Any) -> None:
    """The head says that four days have rows, and that a tick was there a moment ago."""
    stack.plan(4, **head)
    stack.ledger.drop("main", (stack.ledger.take("main", "now", NOW, NOW) or pytest.fail("taken")).lease or "")


def told(stack: Deployed) -> tuple[int, Any]:
    done = stack.cdr("status", "--until", AT, "--json")
    return done.exit_code, json.loads(done.stdout)


def test_all_is_well(stack: Deployed) -> None:
    """Status 0, and a word for it."""
    stack.rows(*[Work.DONE] * 4)
    ticked(stack)
    done = stack.cdr("status", "--until", AT)
    assert done.exit_code == 0, done.output
    assert "2026-11-20" in done.output
    assert "nobody is needed" in done.output


def test_trouble_is_one_and_says_what_to_do(stack: Deployed) -> None:
    """For people and for programs."""
    stack.rows(Work.DONE, Work.LOST)
    stack.add(Work.QUARANTINED, START + 2 * DAY, opened=START + 3 * DAY)
    ticked(stack)
    status, found = told(stack)
    (one,) = found["exports"]
    assert status == 1
    assert found["needed"] is True
    assert (one["complete_to"], one["aside"]) == ("2026-11-17T00:00:00Z", {"quarantined": 1, "stuck": 0, "lost": 1})
    done = stack.cdr("status", "--until", AT)
    assert done.exit_code == 1
    assert "main: 1 lost: cdr import main FILE --from TIME --to TIME --yes" in done.output


def test_alarms_that_ring_are_told(stack: Deployed) -> None:
    """Those of this stack's topic alone; a stage whose name begins like ours has its own."""
    stack.rows(*[Work.DONE] * 4)
    ticked(stack)
    assert told(stack)[1]["alarms"] is None  # there is no topic
    stack.formation.outputs["Alarms"] = "arn:aws:sns:us-east-1:1:mine"
    watch: Any = boto3.client("cloudwatch", world.REGION)
    how = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Period": 60, "Threshold": 1}
    what = {"MetricName": "Lag", "Namespace": "x", "Statistic": "Maximum"}
    for name, topic in (("cdr-dev-lag-main", "mine"), ("cdr-dev-two-lag-main", "other"), ("cdr-dev-quiet", "mine")):
        actions = [f"arn:aws:sns:us-east-1:1:{topic}"]
        watch.put_metric_alarm(AlarmName=name, AlarmActions=actions, **how, **what)
        state = "OK" if "quiet" in name else "ALARM"
        watch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")
    status, found = told(stack)
    assert (status, found["alarms"]) == (1, ["lag-main"])


def test_an_unknown_export_is_two(stack: Deployed) -> None:
    """With the names that there are."""
    done = stack.cdr("status", "other")
    assert done.exit_code == 2
    assert "no export other: exports.toml has main" in done.stderr


@pytest.mark.parametrize("days", [10, 1000])
def test_the_reads_do_not_grow_with_the_history(stack: Deployed, calls: Counter[str], days: int) -> None:
    """The heads at once and two sparse indexes, whether there are ten rows or a thousand."""
    copy = Published(0, "d", "k", "e", "r", (), 7, UNTIL)
    stack.ledger.add(
        Row("main", Window(START - day * DAY, 86_400, "inbound"), Work.DONE, published=copy) for day in range(days)
    )
    ticked(stack)
    calls.clear()
    told(stack)
    assert calls == {"BatchGetItem": 1, "Scan": 2}


def test_fifty_exports_are_as_few_reads_as_one(stack: Deployed, calls: Counter[str]) -> None:
    """All heads at once, and all that waits, and all that was put aside."""
    named = [f"e{number}" for number in range(50)]
    stack.text = "".join(TEXT.replace('"main"', f'"{name}"') for name in named)
    stack.rows(Work.LOST, export="e7")
    done, found = told(stack)
    assert (done, len(found["exports"])) == (1, 50)
    assert [one["aside"]["lost"] for one in found["exports"] if one["export"] == "e7"] == [1]
    assert calls == {"BatchGetItem": 1, "Scan": 2}
