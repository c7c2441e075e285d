"""MiniStack without us: each test fails on the day that upstream mends it, and a room of ours can go."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import WaiterError

from local import cloud as room
from tests.local.emulator.test_metrics import WATCH
from tests.local.stack import Stack, make

pytestmark = pytest.mark.cloud

# The same emulator, leash and all, with none of our additions made.
PLAIN = "import local.emulator.__main__ as run, local.emulator.additions as ours; ours.ROOMS = (); run.main()"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack on MiniStack as it comes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "COMMAND", (room.COMMAND[0], "-c", PLAIN))
        with room.cloud(tmp_path_factory.mktemp("plain")) as made:
            yield make(made)


def test_an_exception_loses_its_class(plain: Stack) -> None:
    """functions.py."""
    assert plain.call({"do": "fail"})["errorType"] == "Runtime.HandlerError"


def test_the_shell_leaks_into_functions(plain: Stack) -> None:
    """functions.py."""
    assert "MINISTACK_ACCOUNT_ID" in plain.call({"do": "look around"})["environment"]


def test_a_ref_to_a_secret_is_its_name(plain: Stack) -> None:
    """secrets.py."""
    assert not plain.outputs["Secret"].startswith("arn:")


def test_the_api_has_a_name_that_nobody_resolves(plain: Stack) -> None:
    """gateway.py."""
    assert f"//{plain.outputs['Api']}.execute-api." in plain.outputs["Endpoint"]


def test_a_throttle_is_kept_and_not_looked_at(plain: Stack) -> None:
    """limits.py."""
    shut = {"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 1}
    api = plain.aws.client("apigatewayv2")
    told = api.update_stage(ApiId=plain.outputs["Api"], StageName="$default", DefaultRouteSettings=shut)
    assert told["DefaultRouteSettings"] == shut
    assert 429 not in [plain.post("Api", "nobody waits") for _ in range(3)]
    assert plain.post("Api", "x" * (10 * 2**20 + 1)) != 413


def test_roles_of_services_are_not_asked(plain: Stack) -> None:
    """roles.py: a machine calls what it may not, with a role that it may not take; an API that is not let in."""
    assert plain.ended(plain.begin("Trespassing", {"key": "trespass"}))["status"] == "SUCCEEDED"
    assert plain.ended(plain.begin("Untrusted", {"key": "untrusted"}))["status"] == "SUCCEEDED"
    assert "errorMessage" not in plain.call({}, "Distrusted")
    assert plain.post("Closed", "nothing listens") != 500


def test_a_listening_task_hears_neither_its_time_nor_its_failure(plain: Stack) -> None:
    """tasks.py."""
    late = plain.begin("Listening", {"do": "listen", "key": "late", "wait": 1})
    failed = plain.begin("Listening", {"do": "fail", "key": "failed", "wait": 60})
    assert plain.ended(late, patience=3)["status"] == plain.ended(failed, patience=0)["status"] == "RUNNING"


def test_an_event_is_run_in_line(plain: Stack) -> None:
    """tasks.py."""
    assert plain.ended(plain.begin("Handing", {"key": "handed"}))["output"]["StatusCode"] == 200


def test_a_used_token_was_never_one(plain: Stack) -> None:
    """tasks.py."""
    states = plain.aws.client("stepfunctions")
    with pytest.raises(states.exceptions.TaskDoesNotExist):
        states.send_task_success(taskToken="no token", output="{}")


def test_a_name_is_taken_for_good(plain: Stack) -> None:
    """tasks.py."""
    states = plain.aws.client("stepfunctions")
    again = {"stateMachineArn": plain.outputs["Waiting"], "name": "again", "input": '{"wait": 30}'}
    states.start_execution(**again)
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(**again)


def test_what_a_schedule_calls_is_called_once(plain: Stack) -> None:
    """schedules.py; it takes a look every ten seconds only."""
    plain.schedule("failing", {"do": "note", "key": "first"})
    plain.schedule("broken", {"do": "fail", "word": "scheduled to fail"})
    assert plain.noted("first") == "none"
    assert plain.noted("second", patience=3) is None
    assert plain.logged("Function").count("Busy: scheduled to fail") <= 1


def test_athena_knows_neither_views_nor_trino(plain: Stack) -> None:
    """athena.py, catalog.py."""
    with pytest.raises(AssertionError, match="daily does not exist"):
        plain.query("SELECT * FROM daily")
    with pytest.raises(AssertionError, match="from_iso8601_timestamp does not exist"):
        plain.query("SELECT from_iso8601_timestamp('2026-11-20T09:00:00Z') AS moment")


def test_what_runs_is_not_counted_and_emf_is_a_line(plain: Stack) -> None:
    """metrics.py."""
    plain.ended(plain.begin("Waiting", {"wait": 0}))
    told = {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "m"}]}]}
    plain.call({"do": "tell", "line": {"_aws": told, "m": 1}})
    watch = plain.aws.client("cloudwatch")
    assert not [
        one for space in ("AWS/States", "AWS/SQS", "n") for one in watch.list_metrics(Namespace=space)["Metrics"]
    ]


def test_an_alarm_knows_neither_expressions_nor_silence(plain: Stack) -> None:
    """alarms.py."""
    watch, formation = plain.aws.client("cloudwatch"), plain.aws.client("cloudformation")
    formation.create_stack(StackName="dear", TemplateBody=json.dumps({"Resources": {"Dear": WATCH}}))
    with pytest.raises(WaiterError):
        formation.get_waiter("stack_create_complete").wait(StackName="dear", WaiterConfig={"Delay": 1})
    watch.put_metric_alarm(
        AlarmName="silent", Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="breaching",
    )  # fmt: skip
    assert watch.describe_alarms(AlarmNames=["silent"])["MetricAlarms"][0]["StateValue"] == "INSUFFICIENT_DATA"


def test_an_execution_has_all_the_time_in_the_world(plain: Stack) -> None:
    """expiry.py."""
    assert plain.ended(plain.begin("Short", {"key": "short"}))["status"] == "SUCCEEDED"
