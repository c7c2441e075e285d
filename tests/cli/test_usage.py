"""What a month used: what never ran is nothing, what cannot be read is unknown, and why is said."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.bill import Item
from cli.stack import Place, Stack
from cli.usage import SILENT, Usage, month
from tests import world

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOPIC = "arn:aws:sns:us-east-1:1:mine"
OUTPUTS = {
    **{one: one.lower() for one in ("Requester", "Poller", "Copier", "Callback", "Machine", "Workgroup")},
    "Table": "ledger", "Bucket": "lake", "Schedules": "cdr-dev", "Secrets": '["a", "b"]', "Alarms": TOPIC,
    "Api": "https://door.execute-api.us-east-1.amazonaws.com",
}  # fmt: skip
RAN = {("Invocations", "requester"): 3000.0, ("Duration", "requester"): 60_000.0, ("Invocations", "copier"): 5.0,
       ("Duration", "copier"): 10_000.0}  # fmt: skip
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetMetricStatistics")


class Watched(Place):
    """Stands for CloudWatch's figures, which moto has for no service, and for the functions' memory."""

    figures: Mapping[tuple[str, str], float]
    refuses: str = ""

    def client(self, service: str) -> Any:
        if service in ("cloudwatch", "lambda"):
            return self
        return super().client(service)

    def get_metric_statistics(self, **how: Any) -> dict[str, Any]:
        of = how["Dimensions"][-1]["Value"]
        if of == self.refuses:
            raise DENIED
        found = self.figures.get((how["MetricName"], of))
        return {"Datapoints": [] if found is None else [{how["Statistics"][0]: found}]}

    def get_paginator(self, _: str) -> Any:
        return SimpleNamespace(paginate=lambda **_: [])

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        return {"MemorySize": 512}


def used(figures: Mapping[tuple[str, str], float], refuses: str = "", **outputs: str) -> tuple[dict[str, Item], Usage]:
    place = Watched("dev", region=world.REGION)
    object.__setattr__(place, "figures", figures)
    object.__setattr__(place, "refuses", refuses)
    with mock_aws():
        world.ledger()
        world.lake()
        usage = Usage(Stack(place, {**OUTPUTS, **outputs}, "cdr-dev"), *month(NOW.replace(day=1)), NOW)
        return {one.what: one for one in usage.items()}, usage


def test_a_function_that_never_ran_is_no_unknown() -> None:
    """Such as the callback where no vendor calls back; that the requester has figures says that they are counted."""
    found, usage = used(RAN)
    assert found["Lambda, requests"].amount == 3005
    assert found["Lambda, time"].amount == (60 + 10) / 2
    assert found["callbacks"].amount == 0
    assert not {"Lambda, requests", "Lambda, time", "callbacks"} & usage.untold.keys()


def test_without_the_requester_s_figures_nothing_is_known_and_it_is_said_why() -> None:
    """A month that CloudWatch has forgotten is no month without cost."""
    found, usage = used({})
    for what in ("Lambda, requests", "Lambda, time", "callbacks", "DynamoDB, reads", "S3, StandardStorage", "ticks"):
        assert found[what].amount is None
        assert usage.untold[what] == SILENT


def test_what_may_not_be_read_of_one_function_leaves_the_sum_unknown() -> None:
    """A refusal is no silence."""
    found, usage = used(RAN, refuses="callback")
    assert found["Lambda, requests"].amount is None
    assert "AccessDenied" in usage.untold["Lambda, requests"]


def test_an_index_that_may_not_be_read_leaves_the_sum_unknown() -> None:
    """And one that nobody used is nothing."""
    figures = {("ConsumedReadCapacityUnits", "ledger"): 7.0}
    assert used(figures)[0]["DynamoDB, reads"].amount == 7
    assert used(figures, refuses="open")[0]["DynamoDB, reads"].amount is None


def test_the_colder_classes_hold_nothing_in_the_first_months() -> None:
    """Which S3 does not tell, though it tells the standard one."""
    found, usage = used({("BucketSizeBytes", "StandardStorage"): 5e9})
    classes = [one.amount for what, one in found.items() if what.startswith("S3, ")]
    assert classes == [5.0, 0.0, 0.0]
    assert not [what for what in usage.untold if what.startswith("S3, ")]


@pytest.mark.parametrize(("outputs", "secrets"), [({}, 3), ({"Pseudonym": "cdr/dev/pseudonym"}, 4)])
def test_the_secret_of_pseudonyms_is_one_more(outputs: dict[str, str], secrets: int) -> None:
    """Where there is one."""
    assert used({}, **outputs)[0]["secrets"].amount == secrets


def alarm(name: str, topic: str, **how: Any) -> None:
    client: Any = boto3.client("cloudwatch", world.REGION)
    client.put_metric_alarm(
        AlarmName=name, AlarmActions=[topic], ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1,
        Threshold=1, **how,
    )  # fmt: skip


def test_an_alarm_is_charged_by_the_metrics_that_it_watches_and_another_stack_s_is_not_ours() -> None:
    """An expression watches several; a stack's name may begin like ours."""
    stat = {"Metric": {"Namespace": "x", "MetricName": "y"}, "Period": 60, "Stat": "Sum"}
    queries = [{"Id": f"m{n}", "MetricStat": stat, "ReturnData": False} for n in range(9)]
    one = {"MetricName": "Lag", "Namespace": "x", "Statistic": "Maximum", "Period": 60}
    with mock_aws():
        alarm("cdr-dev-lag", TOPIC, **one)
        alarm("cdr-dev-budget", TOPIC, Metrics=[{"Id": "e", "Expression": "m0 + m1", "ReturnData": True}, *queries])
        alarm("cdr-dev-2-lag", "arn:aws:sns:us-east-1:1:other", **one)
        usage = Usage(Stack(Place("dev", region=world.REGION), OUTPUTS, "cdr-dev"), *month(NOW), NOW)
        found = {item.what: item.amount for item in usage.items()}
    assert found["alarms"] == 1 + 9


class Sized(Place):
    """A table of 3 GB with an index of 1 GB, which moto weighs as nothing."""

    recovery: str

    def client(self, service: str) -> Any:
        if service != "dynamodb":
            return super().client(service)
        table = {"TableSizeBytes": 3 * 10**9, "GlobalSecondaryIndexes": [{"IndexSizeBytes": 10**9}]}
        told = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": self.recovery}}
        return SimpleNamespace(
            describe_table=lambda **_: {"Table": table},
            describe_continuous_backups=lambda **_: {"ContinuousBackupsDescription": told},
        )


@pytest.mark.parametrize(("recovery", "charged"), [("ENABLED", 3), ("DISABLED", 0)])
def test_recovery_is_charged_by_what_the_table_holds(recovery: str, charged: int) -> None:
    """Unless the owner of a table of his own has switched it off; what is stored is with the indexes."""
    place = Sized("dev", region=world.REGION)
    object.__setattr__(place, "recovery", recovery)
    with mock_aws():
        usage = Usage(Stack(place, OUTPUTS, "cdr-dev"), *month(NOW), NOW)
        found = {item.what: item for item in usage.items()}
    one = found["DynamoDB, recovery"]
    assert (one.amount, one.charge, found["DynamoDB, stored"].amount) == (charged, "restore", 4)
