"""The doctor's checks: each finding has its level and what to do, and one that may not look hides no other."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from moto import mock_aws

from cli.commands import main
from cli.health import accounts, alerts, deployment, names, ticking
from cli.health.check import Check, Level, again, fail, looked, ok
from cli.stack import Place, Stack
from lambdas import VERSION
from lambdas.core.errors import Denied, Refused, TryAgain, Unclear
from lambdas.core.exports import parse
from lambdas.core.rows import Head
from lambdas.vendors import FACTS
from local.vendors.telnyx import Telnyx
from tests import world

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEXT = '[[export]]\nname = "main"\nvendor = "telnyx"\nstart = "-7d"\noptions = { source = "calls" }\n'
EXPORTS = parse(TEXT, "dev", FACTS)
ONE = EXPORTS.get("main")
SAME = {"CDR_VERSION": VERSION, "CDR_EXPORTS": EXPORTS.digest}
KEYS = {"user": "me@example.com", "token": "a-token"}


def levels(found: Iterator[Check]) -> list[str]:
    return [str(one.level) for one in found]


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Look")


def test_a_check_that_may_not_look_is_a_warning_and_what_was_found_before_it_stays() -> None:
    """The stack may be well all the same."""

    def half() -> Iterator[Check]:
        yield ok("first", "is there")
        raise client_error("AccessDeniedException")

    first, second = looked("half", half)
    assert (first.level, second.level) == (Level.OK, Level.WARN)
    assert "may not Look" in second.said


@pytest.mark.parametrize("error", [client_error("Throttling"), ValueError("2065550123")])
def test_a_check_that_breaks_fails_alone(error: Exception) -> None:
    """In words, without a number."""

    def broken() -> list[Check]:
        raise error

    (one,) = looked("broken", broken)
    assert one.level is Level.FAIL
    assert "2065550123" not in one.said


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("CREATE_COMPLETE", "ok"), ("UPDATE_COMPLETE", "ok"), ("UPDATE_IN_PROGRESS", "warn"),
        ("UPDATE_ROLLBACK_COMPLETE", "warn"), ("ROLLBACK_COMPLETE", "FAIL"), ("UPDATE_ROLLBACK_FAILED", "FAIL"),
    ],
)  # fmt: skip
def test_the_stack_s_status(status: str, level: str) -> None:
    """What runs on after a failed deploy is worth a look."""
    assert levels(deployment.formation(Stack(Place("dev"), {}, "cdr-dev", {"StackStatus": status}))) == [level]


class Configured(Stack):
    """A stack whose functions have these variables."""

    def configuration(self, function: str) -> dict[str, Any]:
        return {"Environment": {"Variables": self.outputs}, "State": "Active", "FunctionName": function}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (SAME, ["ok", "ok"]),
        ({**SAME, "CDR_VERSION": "0.0.1"}, ["warn", "ok"]),
        ({**SAME, "CDR_EXPORTS": "0" * 16}, ["ok", "FAIL"]),
        ({}, ["warn", "warn"]),  # an older stack tells neither
        (
            {"CDR_VERSION": VERSION, "CDR_EXPORTS": EXPORTS.digest, "POWERTOOLS_LOG_LEVEL": "ERROR"},
            ["ok", "ok", "warn"],
        ),
    ],
)
def test_what_is_deployed_against_what_is_here(variables: Mapping[str, str], expected: list[str]) -> None:
    """Version, exports.toml, and the level of the log that `cdr show` reads."""
    assert levels(deployment.functions(Configured(Place("dev"), variables), EXPORTS)) == expected


def test_the_digest_of_exports_sees_fields_and_no_comments() -> None:
    """A remark is no drift."""
    assert parse(f"# a remark\n{TEXT}", "dev", FACTS).digest == EXPORTS.digest
    assert parse(TEXT.replace("main", "mein"), "dev", FACTS).digest != EXPORTS.digest


def test_ticks_are_late_after_three() -> None:
    """A retired export's is daily."""
    late = Head("main", ticked=NOW - timedelta(hours=3))
    assert levels(ticking.ticks(EXPORTS, {"main": Head("main", ticked=NOW)}, NOW)) == ["ok"]
    assert levels(ticking.ticks(EXPORTS, {"main": late}, NOW)) == ["FAIL"]
    assert levels(ticking.ticks(EXPORTS, {"main": Head("main")}, NOW)) == ["FAIL"]
    retired = replace(EXPORTS, exports=(replace(ONE, state="retired"),))
    assert levels(ticking.ticks(retired, {"main": late}, NOW)) == ["ok"]


@pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (100, "ok"), (-200, "warn"), (200, "warn")])
def test_a_clock_is_held_against_the_date_of_an_answer(seconds: int, level: str) -> None:
    """Two minutes are no trouble yet."""
    told = "Fri, 20 Nov 2026 12:00:00 GMT"
    assert str(ticking.apart("clock", "AWS", told, NOW + timedelta(seconds=seconds)).level) == level
    assert ticking.apart("clock", "AWS", None, NOW).level is Level.WARN


class Kept:
    """A vault with one secret, or what reading it raises."""

    def __init__(self, keys: dict[str, str] | Exception | None) -> None:
        self._keys = keys

    def keys(self, _secret: str, _wanted: tuple[str, ...]) -> dict[str, str] | None:
        if isinstance(self._keys, Exception):
            raise self._keys
        return self._keys


@pytest.mark.parametrize(
    ("keys", "level"),
    [
        (None, "FAIL"),
        (Refused("the secret cdr/dev/main lacks a field"), "FAIL"),
        (Refused("the secret cdr/dev/main cannot be read (AccessDeniedException)"), "warn"),
    ],
)
def test_a_secret_that_is_not_right_is_told_with_its_form(keys: Any, level: str) -> None:
    """Never with what is in it; where only the functions may read it, the vendor is not asked."""
    (one,) = accounts.account(Kept(keys), ONE)  # type: ignore[arg-type] # it has the one method that is used
    assert str(one.level) == level
    assert ('"user": "..."' in one.do) is (level == "FAIL")


@pytest.mark.parametrize(("keys", "level"), [(KEYS, "ok"), ({**KEYS, "token": "another"}, "FAIL")])
def test_the_vendor_is_asked_with_the_key(keys: dict[str, str], level: str) -> None:
    """By the real adapter, over HTTP; nothing is made there."""
    with Telnyx(1, "main", credentials=KEYS, clock=lambda: datetime.now(UTC)) as vendor:
        export = replace(ONE, base_url=vendor.base_url)
        first, *clock = accounts.account(Kept(keys), export)  # type: ignore[arg-type] # as above
        assert str(first.level) == level
        assert [one.what for one in clock] == (["clock of telnyx (main)"] if level == "ok" else [])
        assert not vendor.created


@pytest.mark.parametrize("problem", [Denied("401"), TryAgain("not reachable"), Refused("403"), Unclear("a page")])
def test_whatever_the_vendor_says_instead_is_a_failure(problem: Exception) -> None:
    """With words of what to do."""

    class No:
        def fields(self, _: Any) -> dict[str, Any]:
            return {}

        def find(self, *_: Any) -> None:
            raise problem

    one = accounts.asked(ONE, No(), NOW)
    assert one.level is Level.FAIL
    assert one.do


def alarm(name: str, topic: str, state: str = "OK", **how: Any) -> None:
    watch: Any = boto3.client("cloudwatch", world.REGION)
    watch.put_metric_alarm(
        AlarmName=name, AlarmDescription="It is late. What to do: docs/runbook.md#lag", AlarmActions=[topic],
        ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1, Period=60, Threshold=1, MetricName="Lag",
        Namespace="x", Statistic="Maximum", **how,
    )  # fmt: skip
    watch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test")


def test_alarms_that_are_off_or_ring_are_told_with_their_entry() -> None:
    """And none at all is no comfort."""
    with mock_aws():
        stack = Stack(Place("dev", region=world.REGION), {"Alarms": "arn:aws:sns:us-east-1:1:mine"}, "cdr-dev")
        assert levels(alerts.alarms(stack)) == ["FAIL"]
        alarm("cdr-dev-lag-main", stack.outputs["Alarms"])
        alarm("cdr-dev-two-lag", "arn:aws:sns:us-east-1:1:other", "ALARM")
        assert levels(alerts.alarms(stack)) == ["ok"]
        alarm("cdr-dev-loss-main", stack.outputs["Alarms"], "ALARM")
        (one,) = alerts.alarms(stack)
        assert (one.level, one.do) == (Level.FAIL, "docs/runbook.md#lag")
        alarm("cdr-dev-aside-main", stack.outputs["Alarms"], ActionsEnabled=False)
        assert levels(alerts.alarms(stack)) == ["FAIL", "FAIL"]


PENDING = "PendingConfirmation"


class Topic(Place):
    """Stands for SNS, whose subscriptions moto confirms by itself."""

    subscribed: tuple[str, ...] = ()

    def client(self, service: str) -> Any:
        assert service == "sns"
        return self

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"Subscriptions": [{"SubscriptionArn": one} for one in self.subscribed]}]


@pytest.mark.parametrize(
    ("subscribed", "level"),
    [((), "FAIL"), (("PendingConfirmation",), "FAIL"), (("PendingConfirmation", "arn:x"), "ok")],
)
def test_somebody_must_have_confirmed(subscribed: tuple[str, ...], level: str) -> None:
    """A mail that nobody opened rings nobody."""
    place = Topic("dev")
    object.__setattr__(place, "subscribed", subscribed)
    assert levels(alerts.topic(Stack(place, {"Alarms": "arn:x"}))) == [level]
    assert levels(alerts.topic(Stack(place, {}))) == ["FAIL"]


def test_names_that_the_file_does_not_have_are_told() -> None:
    """Their calls are in no query."""
    with mock_aws():
        world.lake()
        stack = Stack(Place("dev", region=world.REGION), {"Bucket": "lake"}, "cdr-dev")
        assert levels(names.names(stack, EXPORTS, {"main": Head("main")})) == ["warn"]
        s3: Any = boto3.client("s3", world.REGION)
        s3.put_object(Bucket="lake", Key="calls/export=main/dt=2026-11-20/x.parquet", Body=b"")
        assert levels(names.names(stack, EXPORTS, {"main": Head("main", born=NOW)})) == ["ok"]
        s3.put_object(Bucket="lake", Key="raw/export=older/dt=2026-11-20/x.csv.gz", Body=b"")
        (one,) = names.names(stack, EXPORTS, {"main": Head("main", born=NOW)})
        assert (one.level, one.said) == (Level.FAIL, "not in exports.toml: older")


def test_a_check_is_plain_for_a_program() -> None:
    """Texts, and nothing that moves a terminal."""
    one = fail("a", "b\x1b[2J", "c").plain()
    assert json.loads(json.dumps(one)) == {"what": "a", "level": "FAIL", "said": "b?[2J", "do": "c"}


DEPLOY = "npx cdk deploy -c stage=prod -c bucket=mine"


def test_what_deploys_again_is_the_stage_s_own_command() -> None:
    """`npx cdk deploy` alone would make another stack, or take from this one what it was deployed with."""
    assert again(Stack(Place("prod"), {"Deploy": DEPLOY})) == DEPLOY
    without = again(Stack(Place("prod"), {}))
    assert without == "npx cdk deploy -c stage=prod and the settings it was deployed with"


def test_every_advice_to_deploy_is_the_stage_s_own_command() -> None:
    """Whatever it is that lacks."""
    outputs = {"Deploy": DEPLOY, "Schedules": "cdr-prod", "Alarms": "arn:x"}
    topic = Topic("prod")
    with mock_aws():
        stack = Stack(Place("prod", region=world.REGION), outputs, "cdr-prod", {"StackStatus": "ROLLBACK_COMPLETE"})
        schedule("cdr-prod", "other")
        found = [
            *deployment.formation(stack),
            *deployment.functions(Configured(Place("prod"), {"Deploy": DEPLOY}), EXPORTS),
            *ticking.schedules(stack, EXPORTS),
            *alerts.topic(Stack(topic, {"Deploy": DEPLOY})),
            *alerts.topic(Stack(topic, outputs)),
            *alerts.alarms(stack),
        ]
    assert len(found) == 7
    assert all(DEPLOY in one.do for one in found)


def schedule(group: str, name: str, expression: str = "rate(15 minutes)", state: str = "ENABLED") -> None:
    client: Any = boto3.client("scheduler", world.REGION)
    if group not in [one["Name"] for one in client.list_schedule_groups()["ScheduleGroups"]]:
        client.create_schedule_group(Name=group)
    client.create_schedule(
        Name=f"{group}-{name}", GroupName=group, ScheduleExpression=expression, State=state,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:lambda:us-east-1:1:function:f", "RoleArn": "arn:aws:iam::1:role/r"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "state", "resting", "level"),
    [
        (ONE.schedule, "ENABLED", "active", "ok"), (ONE.schedule, "DISABLED", "active", "FAIL"),
        ("rate(7 hours)", "ENABLED", "active", "FAIL"), (ONE.schedule, "ENABLED", "retired", "FAIL"),
        ("rate(1 day)", "ENABLED", "retired", "ok"),
    ],
)  # fmt: skip
def test_schedules_are_on_and_tick_as_the_file_says(expression: str, state: str, resting: str, level: str) -> None:
    """A retired export's daily, as it is deployed."""
    exports = replace(EXPORTS, exports=(replace(ONE, state=resting),))
    with mock_aws():
        schedule("cdr-dev", "main", expression, state)
        stack = Stack(Place("dev", region=world.REGION), {"Schedules": "cdr-dev"}, "cdr-dev")
        assert levels(ticking.schedules(stack, exports)) == [level]


def test_a_late_tick_names_the_command_that_finds_why() -> None:
    """Far enough back, and only what went wrong."""
    (one,) = ticking.ticks(EXPORTS, {"main": Head("main")}, NOW)
    assert "cdr tail --export main --since 1d --level WARNING --once" in one.do


def test_the_stage_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At three in the morning it is typed once, and no command looks at another stack."""
    (tmp_path / "exports.toml").write_text(TEXT)
    asked = list[str]()

    class Formation:
        meta = boto3.client("s3", world.REGION).meta

        def describe_stacks(self, StackName: str) -> Any:  # noqa: N803 # boto3's own name
            asked.append(StackName)
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, "DescribeStacks")

    monkeypatch.setattr(Place, "client", lambda *_: Formation())
    monkeypatch.setenv("CDR_STAGE", "prod")
    words = ["doctor", "--exports", str(tmp_path / "exports.toml")]
    CliRunner().invoke(main, words)
    CliRunner().invoke(main, [*words, "--stage", "try"])
    assert asked == ["cdr-prod", "cdr-try"]
