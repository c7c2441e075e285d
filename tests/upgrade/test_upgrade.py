"""The release before this one, deployed and at work, is replaced by this one: nothing is lost, nothing asked twice."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from lambdas.core.exports import Exports, parse
from lambdas.core.rows import Published, Row, Work
from lambdas.vendors import FACTS
from local import truth
from local.cast import Role
from local.clock import real
from local.cloud import Cloud, cloud
from local.deploy import deploy
from local.stack import Stack
from local.vendors import Simulator
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from local.watch import Watch
from tests.upgrade import apps, previous

pytestmark = pytest.mark.cloud

TEXT = """
[[export]]
name = "{name}"
vendor = "{one.name}"
start = "-1d"
base_url = "{one.base_url}"
download_from = ["{one.download_from}"]
{rest}
"""
DONE, POLLED, CALLED = "done", "polled", "called"
KEPT = ("S3::Bucket", "DynamoDB::Table", "SecretsManager::Secret", "Logs::LogGroup")
PATIENCE = 90.0
PART = 0.4  # of the time that a wait takes: 24 s to the first look, and two minutes for a callback


@dataclass
class Held:
    """A clock that stands until it is let go: no report of its vendor is ready before."""

    since: datetime = field(default_factory=real)
    going: bool = False

    def __call__(self) -> datetime:
        return real() if self.going else self.since


@dataclass
class Upgraded:
    """What was before, and what is after."""

    stack: Stack
    exports: Exports
    vendors: Mapping[str, Simulator]
    running: Mapping[str, str]  # executions at the upgrade
    copied: list[Published | None]
    kept: tuple[dict[str, str], dict[str, str]]  # physical names by logical ids
    rows: list[Row]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """One export is copied, one waits between two looks, one for its callback; then comes this release."""
    folder, held = tmp_path_factory.mktemp("upgrade"), Held()
    with ExitStack() as stack:
        aws = stack.enter_context(cloud(folder))
        how: dict[str, Any] = {"per_day": 30, "build_s": (0.1, 0.3)}
        vendors: dict[str, Simulator] = {
            DONE: stack.enter_context(Telnyx(3, DONE, clock=real, **how)),
            POLLED: stack.enter_context(Telnyx(4, POLLED, clock=held, **how)),
            CALLED: stack.enter_context(Flowroute(5, CALLED, clock=held, ca=aws.ca, **how)),
        }
        aws.scale(0.02)
        text = "".join(
            TEXT.format(name=name, one=one, rest='options = { source = "calls" }' if one.name == "telnyx" else "")
            for name, one in vendors.items()
        )
        exports = parse(text, "dev", FACTS)
        (folder / "exports.toml").write_text(text)
        previous.synth(previous.unpack(folder), folder / "before", {"exports": str(folder / "exports.toml")})
        apps.make({folder / "after": {"exports": str(folder / "exports.toml")}})
        made = Stack(aws, deploy(aws, folder / "before"))
        made.fill({f"cdr/dev/{name}": json.dumps(dict(one.credentials)) for name, one in vendors.items()})
        tick(made, DONE)
        waits(lambda: [row.state for row in made.rows()] == [Work.DONE])
        aws.scale(PART)  # they stand still for long enough, and wait when the new functions come
        tick(made, POLLED, CALLED)
        waits(lambda: under_way(made.rows()))
        running, kept = made.executions(), ids(aws)
        copied = [row.published for row in made.rows() if row.export == DONE]
        made = Stack(aws, deploy(aws, folder / "after"))
        ends = {told(aws, arn)["export"]: ending(aws, arn) for arn in running.values()}
        assert ends == {POLLED: "RUNNING", CALLED: "RUNNING"}
        aws.scale(0.02)
        held.going = True
        ended = Watch(made, exports, real, None, lambda _: None, PATIENCE).wait()
        assert not ended.left, ended.advice
        yield Upgraded(made, exports, vendors, running, copied, (kept, ids(aws)), ended.rows)


def tick(made: Stack, *exports: str) -> None:
    """As the schedule sends it."""
    for name in exports:
        told = json.dumps({"export": name})
        made.cloud.client("lambda").invoke(FunctionName=made.outputs["Requester"], Payload=told)


def under_way(rows: list[Row]) -> bool:
    """One waits for its look, the other one for a callback that could wake it."""
    asked = {row.export: row for row in rows if row.state is Work.ASKED}
    return asked.keys() == {POLLED, CALLED} and asked[CALLED].token is not None


def waits(holds: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.3)


def ending(aws: Cloud, execution: str) -> str:
    """Its status, and why."""
    now = aws.client("stepfunctions").describe_execution(executionArn=execution)
    return " ".join(str(now[name]) for name in ("status", "error", "cause") if now.get(name))


def told(aws: Cloud, execution: str) -> dict[str, Any]:
    return dict(json.loads(aws.client("stepfunctions").describe_execution(executionArn=execution)["input"]))


def ids(aws: Cloud) -> dict[str, str]:
    """What outlives a stack, by its identity in it."""
    pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName="cdr-dev")
    found = [one for page in pages for one in page["StackResourceSummaries"]]
    kept = [one for one in found if one["ResourceType"].removeprefix("AWS::") in KEPT]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in kept}


def test_what_was_on_its_way_comes_home(done: Upgraded) -> None:
    """Every execution that ran goes on to its end with the new functions."""
    states = done.stack.cloud.client("stepfunctions")
    assert len(done.running) >= 2
    for arn in done.running.values():
        assert states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"


def test_everything_is_there_and_true(done: Upgraded) -> None:
    """What was copied before is as it was; Athena's answer is the vendors' truth."""
    assert {row.state for row in done.rows} == {Work.DONE}
    assert {row.export for row in done.rows} == {DONE, POLLED, CALLED}
    assert done.copied == [row.published for row in done.rows if row.export == DONE]
    roles = {name: Role.of(one) for name, one in done.vendors.items()}
    lines = truth.compare(truth.answered(done.stack), truth.true(done.exports, roles, done.rows), roles)
    assert {line.export for line in lines} == set(roles)
    assert all(line.right for line in lines)


def test_nothing_is_asked_twice(done: Upgraded) -> None:
    """Each window's report was created once, by the one release or the other."""
    for name, vendor in done.vendors.items():
        rows = [row for row in done.rows if row.export == name]
        assert len(vendor.created) == len(rows)
        assert {(row.revision, row.attempt) for row in rows} == {(0, 1)}


def test_what_outlives_the_stack_is_the_very_same(done: Upgraded) -> None:
    """Buckets, ledger, secrets and logs keep their identity and their names; others may be new."""
    before, after = done.kept
    assert len(before) >= 10
    assert before.items() <= after.items()
