"""A deployed stack on which everything that rings an alarm happens once, and what CloudWatch says of it."""

import json
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from local.cast import Cast, named, simulated
from local.clock import Rehearsal
from local.cloud import Cloud, cloud
from local.deploy import deploy, synth
from local.stack import Stack

UNTIL = datetime(2026, 11, 20, 6, tzinfo=UTC)
CONTEXT = {
    "target": "host",
    "removal": "destroy",
    "stage": "dev",
    "nag": "off",
    "copier_mb": "512",
    "rate": "1000",
    "burst": "1000",
    "budget_usd": "0.01",
}
TEXT = """
[[export]]
name = "disagrees"
vendor = "flowroute"
start = 2026-11-19

[[export]]
name = "late"
vendor = "telnyx"
start = "-29d"
options = { source = "calls" }
max_in_flight = 2

[[export]]
name = "refused"
vendor = "telnyx"
start = 2026-11-19
options = { source = "calls" }
"""
FORGED, ALONGSIDE = 400, 24
PATIENCE = 60.0


@dataclass
class Rung:
    """The stack, and what rang before the keys were filled in."""

    stack: Stack
    cast: Cast
    clock: Rehearsal
    queue: str
    early: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)  # the states of the alarms then

    @property
    def cloud(self) -> Cloud:
        return self.stack.cloud

    def alarms(self) -> dict[str, dict[str, Any]]:
        """The alarms as they are deployed, by name, with their states now."""
        pages = self.cloud.client("cloudwatch").get_paginator("describe_alarms").paginate()
        return {one["AlarmName"]: one for page in pages for one in page["MetricAlarms"]}

    def states(self) -> dict[str, str]:
        return {name.removeprefix("cdr-dev-"): one["StateValue"] for name, one in self.alarms().items()}

    def mails(self) -> list[dict[str, Any]]:
        """What the topic has told, once."""
        sqs, found = self.cloud.client("sqs"), list[dict[str, Any]]()
        while some := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(json.loads(one["Body"])["Message"]) for one in some]
            for one in some:
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=one["ReceiptHandle"])
        return found

    def figures(self, alarm: dict[str, Any]) -> list[float]:
        """What the alarm's own metric or expression was in each of its periods."""
        now = datetime.now(UTC)
        when = {"StartTime": now - timedelta(days=2), "EndTime": now + timedelta(minutes=1)}
        watch = self.cloud.client("cloudwatch")
        if alarm.get("Metrics"):
            (found,) = watch.get_metric_data(MetricDataQueries=alarm["Metrics"], **when)["MetricDataResults"]
            return list(found["Values"])
        told = {name: alarm[name] for name in ("Namespace", "MetricName", "Period")} | when
        what = {"Dimensions": alarm.get("Dimensions", []), "Statistics": [alarm["Statistic"]]}
        points = watch.get_metric_statistics(**what, **told)["Datapoints"]
        return [point[alarm["Statistic"]] for point in points]

    @contextmanager
    def broken(self, function: str) -> Iterator[None]:
        """While the function is not told which table is the ledger."""
        client, of = self.cloud.client("lambda"), self.stack.outputs[function]
        told = client.get_function_configuration(FunctionName=of)["Environment"]["Variables"]
        less = {name: value for name, value in told.items() if name != "CDR_TABLE"}
        client.update_function_configuration(FunctionName=of, Environment={"Variables": less})
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=of, Environment={"Variables": told})

    def tick(self) -> None:
        """Each schedule once, until its tick has ended."""
        since = time.time()
        fired = set(self.stack.fire())
        await_(lambda: self.stack.ticked(since) >= fired)

    def ahead(self, **by: float) -> None:
        """For the alarms alone it is so much later now; without anything it is as late as it is."""
        told = {"MetricName": "Ahead", "Value": timedelta(**by).total_seconds()}
        self.cloud.client("cloudwatch").put_metric_data(Namespace="local/emulator", MetricData=[told])

    def turn(self, **by: float) -> None:
        self.clock.turn(timedelta(**by))
        self.stack.tell("CDR_REHEARSAL", self.clock.setting())


def await_(come: Callable[[], Any]) -> None:
    until = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(0.2)


@contextmanager
def rung(folder: Path) -> Iterator[Rung]:
    """Deployed with empty secrets, ticked, filled in; then everything goes wrong."""
    clock = Rehearsal(folder / "clock.json")
    clock.set(UNTIL)
    text, secrets = named(TEXT, "dev", {})
    with cloud(folder) as up, simulated(text, "dev", clock, secrets, up.ca, 40) as cast:
        file = folder / "exports.toml"
        file.write_text(cast.text)
        synth(folder / "cdk.out", file, context=CONTEXT)
        stack = Stack(up, deploy(up, folder / "cdk.out"))
        at = Rung(stack, cast, clock, _queue(up, stack.outputs["Alarms"]))
        stack.tell("CDR_REHEARSAL", clock.setting())
        at.before = at.states()
        at.tick()
        at.early = [*[{"state": one} for one in at.states().values() if one == "ALARM"], *at.mails()]
        up.scale(0.02)
        _wrong(at)
        yield at


def _queue(up: Cloud, topic: str) -> str:
    sqs = up.client("sqs")
    url = str(sqs.create_queue(QueueName="mails")["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    may = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    up.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def _wrong(at: Rung) -> None:
    """Everything once: the vendors', the strangers', ours."""
    stack, players = at.stack, at.cast.players
    stack.fill(at.cast.secrets)
    players["disagrees"].faults.add("count", times=9)
    players["late"].faults.add("stuck", times=99)
    players["refused"].faults.add("unauthorized", times=99)
    with at.broken("Poller"):  # an execution fails
        at.tick()
        await_(lambda: _ended(stack, "FAILED"))
    at.turn(minutes=20)
    at.tick()  # the key is refused again
    for arn in list(stack.executions().values())[:1]:
        stack.stop(arn)
    flood(at)
    at.turn(hours=10)
    at.tick()
    await_(lambda: any(row.state == "quarantined" for row in stack.rows()))
    at.cloud.scale(1e-6)  # a day, and it is over
    at.tick()
    await_(lambda: _ended(stack, "TIMED_OUT"))
    at.cloud.scale(0.02)
    at.tick()
    with at.broken("Requester"):
        stack.fire()
        await_(lambda: at.figures(at.alarms()["cdr-dev-failures"])[-1:] >= [1.0])
    with at.broken("Callback"):
        post(at, "a/b")


def _ended(stack: Stack, how: str) -> bool:
    states, machine = stack.cloud.client("stepfunctions"), stack.outputs["Machine"]
    return bool(states.list_executions(stateMachineArn=machine, statusFilter=how)["executions"])


def flood(at: Rung) -> None:
    """Callbacks of strangers."""
    with ThreadPoolExecutor(ALONGSIDE) as some:
        assert set(some.map(lambda n: post(at, f"tag-{n}/word"), range(FORGED))) == {200}


def post(at: Rung, path: str) -> int:
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(at.cloud.ca)))
    opener = urllib.request.build_opener(trust, urllib.request.ProxyHandler({}))
    url = f"{at.stack.outputs['Api']}/callbacks/{path}"
    request = urllib.request.Request(url, b"{}", {"content-type": "application/json"})  # noqa: S310  # https
    try:
        with opener.open(request) as answer:
            return int(answer.status)
    except HTTPError as refused:
        refused.close()
        return refused.code
