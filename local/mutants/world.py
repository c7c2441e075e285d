"""One deployed stack and the vendors around it; each mutant gets a day of its own, in an empty table and bucket.

The day is one further back each time: the head says that all later ones are planned, so the next tick plans it alone.
So the functions stay as they are, warm, and no name of an execution is used twice.
"""

import io
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import tomlkit
from botocore.exceptions import ClientError
from rich.console import Console

from lambdas.aws import items
from lambdas.aws.ledger import Ledger
from lambdas.core import keys
from lambdas.core.rows import Span
from lambdas.core.windows import DAY, Window, midnight
from local.cast import Role
from local.clock import Rehearsal
from local.demo import Asked, Set, Teller, deployed
from local.emulator.surroundings import certificate
from local.mutants.parts import Mutant, read, without
from local.mutants.vendors import Hasty, Wide
from local.vendors.flowroute import Flowroute

STACK, SEED, PER_DAY = "cdr-dev", 31, 30
NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
SETTLED = midnight(NOW)
SCALE = 0.2  # a callback is waited for for a minute, the others wait a second: their reports used to be prompt
PROMPT = (5,)  # seconds
SOURCE, SECONDS = "calls", 86_400
CALLED, EARLY, POLLED, LARGE, UNHEARD, FAILING = "called", "early", "polled", "large", "unheard", "failing"
BACK = (CALLED, EARLY)  # whose vendors call back
# The fault that strikes the first report of each.
FAULTS = {CALLED: "empty", EARLY: "count", POLLED: "empty", LARGE: "cut", UNHEARD: "dropped", FAILING: "failed"}
FIELDS: Mapping[str, Any] = {"start": "-1d", "reexport": [], "max_in_flight": 6, "secret": "cdr/dev/flowroute"}
NAMED = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM")


@dataclass
class World:
    """The set, its exports' simulators, the template that was deployed, and the day that it is about."""

    at: Set
    players: Mapping[str, Flowroute]
    body: dict[str, Any]
    number: int = 0
    fresh: dict[str, str] = field(default_factory=dict)  # by function: told, so that it starts anew
    logs: dict[str, str] = field(default_factory=dict)  # by function
    began: float = 0.0  # the day's traffic, by the real clock

    @property
    def day(self) -> datetime:
        """The begin of the one window of each export."""
        return SETTLED - (self.number + 1) * DAY

    @property
    def window(self) -> Window:
        """The one window."""
        return Window(self.day, SECONDS, SOURCE)

    def next(self, gone: tuple[Mutant, ...] = ()) -> None:
        """Deploy the template less these grants, and begin the next day with nothing."""
        self.stop()
        self.deploy(gone)
        self.number += 1
        self.empty()
        self._plan()
        self.began = time.time()

    def deploy(self, gone: tuple[Mutant, ...]) -> None:
        """By CloudFormation; a function that would not notice starts anew, now and when the grant is back."""
        stale = [name for name, word in self.fresh.items() if not word.endswith(".")]
        touched = [name for one in gone if one.sticky for name in self._functions(one)]
        self.fresh |= dict.fromkeys(stale, f"{self.number}.") | {name: str(self.number) for name in touched}
        made = without(self.body, gone)
        for name, one in made["Resources"].items():
            if one["Type"] == "AWS::Lambda::Function":
                told = {"CDR_REHEARSAL": self.at.clock.setting(), "MUTANT": self.fresh.get(name, "")}
                one["Properties"]["Environment"]["Variables"] |= told
        self._update(json.dumps(made))

    def _functions(self, mutant: Mutant) -> Iterator[str]:
        """Those that run under the role that a mutant is about."""
        for name, one in self.body["Resources"].items():
            if one["Type"] == "AWS::Lambda::Function" and name.startswith(mutant.of.who):
                yield name

    def _update(self, text: str) -> None:
        aws = self.at.stack.cloud.client
        aws("s3").put_object(Bucket="mutants", Key="template.json", Body=text.encode())
        url = f"{self.at.stack.cloud.endpoint}/mutants/template.json"
        try:
            aws("cloudformation").update_stack(StackName=STACK, TemplateURL=url, Capabilities=NAMED)
        except ClientError as error:
            if "No updates" not in str(error):
                raise
        while (status := _status(aws)).endswith("IN_PROGRESS"):
            time.sleep(0.05)
        if status != "UPDATE_COMPLETE" and status != "CREATE_COMPLETE":
            raise RuntimeError(f"the mutated template is not deployed: {status}")

    def stop(self) -> None:
        """End what runs; what a function is doing just now may still end."""
        stack = self.at.stack
        while running := stack.executions():
            for arn in running.values():
                stack.stop(arn)
        time.sleep(0.5)

    def empty(self) -> None:
        """Nothing in the table, the bucket and the queue; the vendors have forgotten everything."""
        stack, told = self.at.stack, self.at.stack.outputs
        aws, bucket = stack.cloud.client, told["Bucket"]
        for item in stack.items():
            aws("dynamodb").delete_item(TableName=told["Table"], Key={name: item[name] for name in ("export", "sk")})
        versions = aws("s3").list_object_versions(Bucket=bucket)
        found = [*versions.get("Versions", []), *versions.get("DeleteMarkers", [])]
        if gone := [{name: one[name] for name in ("Key", "VersionId")} for one in found]:
            aws("s3").delete_objects(Bucket=bucket, Delete={"Objects": gone, "Quiet": True})
        for one in self.unfinished():
            aws("s3").abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])
        aws("sqs").purge_queue(QueueUrl=told["FailureQueue"])
        for player in self.players.values():
            player.faults.clear()
            with player.lock:
                player.reports.clear()
                player.created.clear()
            player.caller.deliveries.clear()

    def unfinished(self) -> list[dict[str, Any]]:
        """Uploads that nobody ended."""
        found = self.at.stack.cloud.client("s3").list_multipart_uploads(Bucket=self.at.stack.outputs["Bucket"])
        return list(found.get("Uploads", []))

    def lines(self, function: str) -> list[str]:
        """What a function wrote to its log on this day."""
        aws = self.at.stack.cloud.client
        if function not in self.logs:
            told = aws("lambda").get_function_configuration(FunctionName=self.at.stack.outputs[function])
            self.logs[function] = told["LoggingConfig"]["LogGroup"]
        found = aws("logs").filter_log_events(logGroupName=self.logs[function], startTime=int(self.began * 1000))
        return [event["message"] for event in found["events"]]

    def _plan(self) -> None:
        """Heads by which only the day is left to plan, and faults for the first reports of it."""
        table = self.at.stack.outputs["Table"]
        ledger, now = Ledger(self.at.stack.cloud.client("dynamodb"), table), self.at.clock()
        for name, player in self.players.items():
            while (head := ledger.take(name, "mutants", now, now + timedelta(minutes=1))) is None:
                self._forget(name)  # a tick of before has begun anew meanwhile
            took = () if name in BACK else PROMPT
            head = ledger.save(head, born=self.day + DAY, spans=self._spans(planned=name == LARGE), took=took)
            ledger.drop(name, head.lease or "")
            player.faults.add(FAULTS[name])
        # A predecessor of the copier died before it said so: its object is where the copy belongs.
        key = keys.calls(POLLED, self.window)
        self.at.stack.cloud.client("s3").put_object(Bucket=self.at.stack.outputs["Bucket"], Key=key, Body=b"of old")

    def _forget(self, name: str) -> None:
        table, dynamo = self.at.stack.outputs["Table"], self.at.stack.cloud.client("dynamodb")
        dynamo.delete_item(TableName=table, Key=items.key(name, items.HEAD))

    def _spans(self, *, planned: bool) -> dict[str, Span]:
        return {SOURCE: Span(self.day if planned else self.day + DAY, SETTLED, SECONDS)}

    def open(self) -> None:
        """The large file costs most of a day's time: its turn comes when all else has been right."""
        ledger, now = Ledger(self.at.stack.cloud.client("dynamodb"), self.at.stack.outputs["Table"]), self.at.clock()
        if head := ledger.take(LARGE, "mutants", now, now + timedelta(minutes=1)):
            ledger.save(head, spans=self._spans(planned=False))
            ledger.drop(LARGE, "mutants")

    def wake(self, *names: str) -> None:
        """Everything is due, and no vendor rests."""
        table, dynamo = self.at.stack.outputs["Table"], self.at.stack.cloud.client("dynamodb")
        for name in names:
            rest = "REMOVE next_try, slow_until, blocked, refused"
            dynamo.update_item(TableName=table, Key=items.key(name, items.HEAD), UpdateExpression=rest)
            dynamo.update_item(
                TableName=table, Key=items.key(name, self.window.sk),
                UpdateExpression="SET due_at = :d", ExpressionAttributeValues={":d": {"N": "0"}},
            )  # fmt: skip


def _status(aws: Any) -> str:
    return str(aws("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Deployed under a KMS key of its own, so that every statement is in the template."""
    players = _players(folder)
    with ExitStack() as stack:
        for one in players.values():
            stack.enter_context(one)
        file = folder / "written.toml"
        file.write_text(_written(players))
        asked = Asked(file, {}, NOW, None, 60.0, own_key=True)
        at = stack.enter_context(deployed(asked, folder, Teller(Console(file=io.StringIO()))))
        at.stack.cloud.scale(SCALE)
        at.stack.cloud.client("s3").create_bucket(Bucket="mutants")
        roles = {name: Role.of(one) for name, one in players.items() if name != LARGE}
        (path,) = (folder / "cdk.out").glob("*.template.json")
        yield World(replace(at, roles=roles, players=players), players, read(path))


def _players(folder: Path) -> dict[str, Flowroute]:
    common: dict[str, Any] = {"clock": Rehearsal(folder / "clock.json"), "per_day": PER_DAY, "build_s": (0.0, 0.05)}
    back: dict[str, Any] = {**common, "ca": certificate(folder.resolve() / "tmp"), "retry_s": 1.0}
    mute: dict[str, Any] = {**common, "callbacks": "never"}
    return {
        CALLED: Flowroute(SEED, CALLED, **back),
        EARLY: Hasty(SEED, EARLY, callbacks="early", **back),
        **{name: Flowroute(SEED, name, **mute) for name in (POLLED, UNHEARD, FAILING)},
        LARGE: Wide(SEED, LARGE, **mute),
    }


def _written(players: Mapping[str, Flowroute]) -> str:
    """Exports of one account, which share its secret."""
    tables = []
    for name, one in players.items():
        own: dict[str, Any] = {"numbers": "pseudonym"} if name == CALLED else {}
        where = {"base_url": one.base_url, "download_from": [one.download_from]}
        tables.append({"name": name, "vendor": one.name, **where, **FIELDS, **own})
    return tomlkit.dumps({"export": tables})
