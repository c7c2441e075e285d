"""What runs is counted, what lies in queues is told, and alarms are judged, as CloudWatch does it."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud
SPACE = "tests"
MAY = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}
WATCH = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "AlarmName": "dear",
        "Threshold": 10,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "TreatMissingData": "notBreaching",
        "Metrics": [
            {"Id": "cost", "Expression": "2 * SUM([3 * FILL(one, 0), FILL(other, 0)])", "ReturnData": True},
            *(
                {
                    "Id": name,
                    "ReturnData": False,
                    "MetricStat": {"Metric": {"Namespace": SPACE, "MetricName": name}, "Period": 86400, "Stat": "Sum"},
                }
                for name in ("one", "other")
            ),
        ],
    },
}


def figure(stack: Stack, space: str, name: str, statistic: str = "Sum", **of: str) -> float | None:
    """What a metric of exactly these dimensions came to."""
    now = datetime.now(UTC)
    points = stack.aws.client("cloudwatch").get_metric_statistics(
        Namespace=space, MetricName=name, Statistics=[statistic], Period=86400,
        Dimensions=[{"Name": key, "Value": value} for key, value in of.items()],
        StartTime=now - timedelta(days=2), EndTime=now + timedelta(minutes=1),
    )["Datapoints"]  # fmt: skip
    return sum(point[statistic] for point in points) if points else None


def grown(stack: Stack, name: str, function: str) -> float:
    return figure(stack, "AWS/Lambda", name, FunctionName=stack.outputs[function]) or 0.0


def test_a_line_of_emf_is_a_metric(stack: Stack) -> None:
    """With its dimensions, and without any."""
    names = [{"Name": "Heard", "Unit": "Count"}]
    for at, (where, more) in enumerate((([["who"]], {"who": "me"}), ([[]], {}))):
        told = {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": SPACE, "Dimensions": where, "Metrics": names}]}
        stack.call({"do": "tell", "line": {"_aws": told, **more, "Heard": [2.0 + at]}})
    assert figure(stack, SPACE, "Heard", "Maximum", who="me") == 2.0
    watch = stack.aws.client("cloudwatch").list_metrics(Namespace=SPACE, MetricName="Heard")["Metrics"]
    assert sorted(len(one["Dimensions"]) for one in watch) == [0, 1]


def test_a_run_is_counted_whoever_calls(stack: Stack) -> None:
    """Through the API, by a machine, by a schedule; and an error as one."""
    runs, errors = grown(stack, "Invocations", "Function"), grown(stack, "Errors", "Function")
    stack.call({})
    stack.call({"do": "fail"})
    stack.ended(stack.begin("Handing", {"key": "counted"}))
    stack.schedule("counting", {"do": "note", "key": "clocked"})
    assert stack.noted("counted") and stack.noted("clocked")
    until = time.monotonic() + 5
    while grown(stack, "Invocations", "Function") < runs + 4 and time.monotonic() < until:
        time.sleep(0.1)
    assert grown(stack, "Invocations", "Function") == runs + 4
    assert grown(stack, "Errors", "Function") == errors + 1
    assert grown(stack, "Duration", "Function") > 0


def test_executions_are_counted_by_their_end(stack: Stack) -> None:
    """Started, succeeded, failed, aborted; and how long they took."""
    ok, sad, long = stack.outputs["Waiting"], stack.outputs["Trespassing"], stack.outputs["Listening"]
    stack.ended(stack.begin("Waiting", {"wait": 0}))
    stack.ended(stack.begin("Trespassing", {"key": "sad"}))
    run = stack.begin("Listening", {"do": "listen", "key": "stopped", "wait": 60})
    assert stack.noted("stopped")
    stack.aws.client("stepfunctions").stop_execution(executionArn=run)
    for machine, ends in ((ok, "Succeeded"), (sad, "Failed"), (long, "Aborted"), (ok, "Started")):
        assert (figure(stack, "AWS/States", f"Executions{ends}", StateMachineArn=machine) or 0) >= 1
    assert figure(stack, "AWS/States", "ExecutionTime", StateMachineArn=ok) is not None


def test_an_execution_that_takes_too_long_times_out_and_catches_nothing(stack: Stack) -> None:
    """At its next task, by the machine's own time."""
    end = stack.ended(stack.begin("Short", {"key": "short"}))
    assert (end["status"], end["output"]) == ("TIMED_OUT", None)
    assert figure(stack, "AWS/States", "ExecutionsTimedOut", StateMachineArn=stack.outputs["Short"]) == 1
    stack.aws.scale(4)
    try:
        assert stack.ended(stack.begin("Short", {"key": "scaled"}), patience=3)["status"] == "RUNNING"
    finally:
        stack.aws.scale(1)


@pytest.fixture(scope="module")
def queue(stack: Stack) -> Iterator[tuple[str, str]]:
    """A queue that hears a topic: its address, and the topic."""
    sqs, sns = stack.aws.client("sqs"), stack.aws.client("sns")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [MAY]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="rung")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    yield url, topic


def heard(stack: Stack, url: str) -> list[tuple[str, str]]:
    sqs, found = stack.aws.client("sqs"), list[tuple[str, str]]()
    for one in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        told = json.loads(json.loads(one["Body"])["Message"])
        found.append((told["AlarmName"], told["NewStateValue"]))
        sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return found


def state(stack: Stack, name: str) -> str:
    (found,) = stack.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(found["StateValue"])


def test_a_queue_tells_what_lies_in_it(stack: Stack, queue: tuple[str, str]) -> None:
    """To whoever reads metrics."""
    sqs, url = stack.aws.client("sqs"), queue[0]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    assert figure(stack, "AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", QueueName="heard") == 1
    sqs.purge_queue(QueueUrl=url)


@pytest.mark.parametrize(
    ("missing", "quiet", "after"),
    [("missing", "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"), ("ignore", "INSUFFICIENT_DATA", "ALARM"),
     ("notBreaching", "OK", "OK"), ("breaching", "ALARM", "ALARM")],
)  # fmt: skip
def test_silence_is_what_the_alarm_takes_it_for(
    stack: Stack, queue: tuple[str, str], missing: str, quiet: str, after: str
) -> None:
    """Before the first figure, and after the last; a state that stays rings nothing."""
    watch, name = stack.aws.client("cloudwatch"), f"silent-{missing}"
    how: dict[str, Any] = {f"{when}Actions": [queue[1]] for when in ("Alarm", "OK", "InsufficientData")}
    watch.put_metric_alarm(
        AlarmName=name, Namespace=SPACE, MetricName=name, Statistic="Maximum", Period=60, EvaluationPeriods=2,
        DatapointsToAlarm=1, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData=missing,
        Dimensions=[], **how,
    )  # fmt: skip
    assert state(stack, name) == quiet
    rung = [(name, quiet)] if quiet != "INSUFFICIENT_DATA" else []
    assert heard(stack, queue[0]) == rung
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="the test says so")
    heard(stack, queue[0])
    assert state(stack, name) == after
    assert heard(stack, queue[0]) == ([(name, after)] if after != "ALARM" else [])


def test_so_many_periods_over_the_threshold_ring(stack: Stack) -> None:
    """One of two is not enough where two are wanted; another dimension is another metric."""
    watch, now = stack.aws.client("cloudwatch"), datetime.now(UTC)
    for enough in (1, 2):
        watch.put_metric_alarm(
            AlarmName=f"enough-{enough}", Namespace=SPACE, MetricName="Often", Statistic="Sum", Period=3600,
            EvaluationPeriods=2, DatapointsToAlarm=enough, Threshold=5, ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching", Dimensions=[{"Name": "who", "Value": "me"}],
        )  # fmt: skip
    for who, value in (("me", 6.0), ("you", 60.0)):
        point = {"MetricName": "Often", "Value": value, "Dimensions": [{"Name": "who", "Value": who}]}
        watch.put_metric_data(Namespace=SPACE, MetricData=[{**point, "Timestamp": now}])
    assert [state(stack, f"enough-{enough}") for enough in (1, 2)] == ["ALARM", "OK"]
    watch.put_metric_data(Namespace=SPACE, MetricData=[{**point, "Timestamp": now - timedelta(hours=1)}])
    assert state(stack, "enough-2") == "OK"


def test_an_alarm_on_an_expression_is_deployed_and_judged(stack: Stack) -> None:
    """A metric without data counts as nothing; the same expression is answered to who asks."""
    formation, watch = stack.aws.client("cloudformation"), stack.aws.client("cloudwatch")
    formation.create_stack(StackName="dear", TemplateBody=json.dumps({"Resources": {"Dear": WATCH}}))
    formation.get_waiter("stack_create_complete").wait(StackName="dear", WaiterConfig={"Delay": 1})
    assert state(stack, "dear") == "OK"
    watch.put_metric_data(Namespace=SPACE, MetricData=[{"MetricName": "one", "Value": 2.0}])
    assert state(stack, "dear") == "ALARM"
    now = datetime.now(UTC)
    (alarm,) = watch.describe_alarms(AlarmNames=["dear"])["MetricAlarms"]
    (found,) = watch.get_metric_data(
        MetricDataQueries=alarm["Metrics"], StartTime=now - timedelta(days=1), EndTime=now + timedelta(minutes=1)
    )["MetricDataResults"]
    assert found["Values"] == [12.0]
