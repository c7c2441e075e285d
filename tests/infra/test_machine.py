"""The state machine, as it is deployed."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lambdas.copier import COPY
from lambdas.core.polling import END, ROUND
from tests.infra.conftest import ROOT
from tests.infra.template import Template

SERVICE = {
    *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    *("Lambda.TooManyRequestsException", "Lambda.ClientExecutionTimeoutException"),
}

States = dict[str, dict[str, Any]]


@pytest.fixture
def all_states(states: dict[str, Any]) -> States:
    return dict(states["States"])


def tasks(all_states: States) -> States:
    return {name: one for name, one in all_states.items() if one["Type"] == "Task"}


def ways(one: dict[str, Any]) -> set[str]:
    """Where a state may lead."""
    found = [one, *one.get("Choices", []), *one.get("Catch", [])]
    return {step[key] for step in found for key in ("Next", "Default") if key in step}


def test_asl_validator_accepts_it(states: dict[str, Any], tmp_path: Path) -> None:
    """Every state is reached, every next exists, every path parses."""
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(states))
    command = [str(ROOT / "node_modules/.bin/asl-validator"), "--json-path", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_call_is_a_lambda_and_is_tried_again(all_states: States) -> None:
    """With growing distance, a bound on it, and chance in it; no task touches the ledger by itself."""
    found = tasks(all_states)
    assert set(found) == {"Listen", "Look", "Copy", "Tick", "TickAfterFailure"}
    for one in found.values():
        assert one["Resource"].startswith("arn:aws:states:::lambda:invoke")
        assert set(one["Retry"][0]["ErrorEquals"]) == SERVICE
        for retry in one["Retry"]:
            assert retry["BackoffRate"] > 1
            assert retry["MaxDelaySeconds"] > retry["IntervalSeconds"]
            assert retry["JitterStrategy"] == "FULL"


def test_the_machine_repeats_nothing_for_a_vendor_s_sake(all_states: States) -> None:
    """How long a busy vendor is left alone is decided with what it said, and counted, by the poller."""
    assert {name: len(one["Retry"]) for name, one in tasks(all_states).items()} == dict.fromkeys(tasks(all_states), 1)


def test_every_loop_goes_through_a_look(all_states: States) -> None:
    """Without it no state is reached twice, so nothing runs on without asking the ledger."""

    def after(name: str, seen: tuple[str, ...]) -> None:
        assert name not in seen, f"a loop: {seen}"
        for to in ways(all_states[name]) - {"Look"}:
            after(to, (*seen, name))

    after("Route", ())
    after("Look", ())


def test_every_end_ticks_the_requester(all_states: States) -> None:
    """A backlog drains as reports end, well or badly, and the tick waits for nobody."""
    for name in ("Tick", "TickAfterFailure"):
        assert all_states[name]["Parameters"]["InvocationType"] == "Event"
        assert all_states[name]["Parameters"]["Payload"] == {"export.$": "$.export"}
    before = {name for name, one in all_states.items() if ways(one) & {"Done", "RunFailed"}}
    assert before == {"Tick", "TickAfterFailure"}
    assert all_states["RunFailed"]["Type"] == "Fail"


def test_a_failed_look_or_copy_fails_the_execution_after_its_tick(all_states: States) -> None:
    """So that ExecutionsFailed rings."""
    for name in ("Look", "Copy"):
        assert [(one["ErrorEquals"], one["Next"]) for one in all_states[name]["Catch"]] == [
            (["States.ALL"], "TickAfterFailure")
        ]


def test_a_callback_only_shortens_the_wait(all_states: States) -> None:
    """Woken or timed out, a look follows; a poller that cannot take the token makes it a plain wait."""
    listen = all_states["Listen"]
    assert listen["Resource"].endswith(".waitForTaskToken")
    assert listen["TimeoutSecondsPath"] == "$.wait"
    assert listen["Parameters"]["Payload"] == {"do": "listen", "token.$": "$$.Task.Token", "at.$": "$"}
    assert listen["Next"] == "Look"
    assert [(one["ErrorEquals"], one["Next"]) for one in listen["Catch"]] == [
        (["States.Timeout"], "Look"),
        (["States.ALL"], "Wait"),
    ]


def test_only_a_look_changes_the_state(all_states: States) -> None:
    """Its answer replaces it; all other results and errors are dropped, which takes a null that CDK would strip."""
    assert all_states["Look"]["OutputPath"] == "$.Payload"
    assert "ResultPath" not in all_states["Look"]
    for name in ("Listen", "Copy", "Tick", "TickAfterFailure"):
        assert all_states[name]["ResultPath"] is None
    for one in tasks(all_states).values():
        assert [caught["ResultPath"] for caught in one.get("Catch", [])] == [None] * len(one.get("Catch", []))


def test_an_execution_ends_within_a_day(states: dict[str, Any]) -> None:
    """Whatever the vendor does."""
    assert states["TimeoutSeconds"] == 86_400


def test_the_log_holds_errors_and_no_data(made: Template) -> None:
    """An execution's data names files and reports."""
    machine = made.one("StepFunctions::StateMachine")
    told = machine["LoggingConfiguration"]
    assert (told["Level"], told["IncludeExecutionData"]) == ("ERROR", False)
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["StateMachineName"] == "cdr-dev-poller"


def test_the_poller_and_the_copier_count_the_transitions_as_the_machine_makes_them(all_states: States) -> None:
    """Along the way of a report: a round until the decision, the copy, and the end."""
    way, name = list[str](), "Route"
    while name:
        way.append(name)
        one = all_states[name]
        name = "Copy" if name == "Decide" else one.get("Default") or one.get("Next", "")
    assert way.index("Decide") + 1 == ROUND
    assert way[ROUND:] == ["Copy", "Tick", "Done"]
    assert len(way[ROUND:]) == COPY + END
    called = next(choice["Next"] for choice in all_states["Route"]["Choices"])
    assert all_states[called]["Next"] == all_states["Wait"]["Next"] == "Look"
