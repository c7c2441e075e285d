"""A world for the handlers in one process: moto's rooms, simulated vendors, a clock that is turned by hand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from moto import mock_aws

from lambdas import callback, copier, poller, requester
from lambdas.aws import items
from lambdas.aws.lake import Lake
from lambdas.aws.ledger import Ledger
from lambdas.aws.vault import CURRENT, PREVIOUS, Vault
from lambdas.core import keys, tags
from lambdas.core.errors import TryAgain
from lambdas.core.exports import parse
from lambdas.core.rows import Row, Work
from lambdas.rooms import Rooms
from lambdas.settings import Settings
from lambdas.signet import Signet
from lambdas.vendors import FACTS
from local.vendors import SIMULATORS
from tests import marks, sweep

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
REGION = "us-east-1"
KEY = b"capability-key-of-the-tests-0123"
SECRETS = {name: json.dumps(dict(one.keys)) for name, one in SIMULATORS.items()}


@dataclass
class Clock:
    """A clock that stands until it is turned."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Executions:
    """Stands for Step Functions: what was started, and who was woken."""

    started: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)

    def start(self, name: str, told: dict[str, Any]) -> None:
        if name not in [one for one, _ in self.started]:
            self.started.append((name, told))

    def wake(self, token: str) -> bool:
        self.woken.append(token)
        return True


class World(Rooms):
    """Rooms whose outside is here."""

    def __init__(self, text: str, clock: Clock, callback_url: str = "") -> None:
        env = {"CDR_STACK": "0a1b2c3d", "CDR_TABLE": "ledger", "CDR_BUCKET": "lake", "CDR_CALLBACK_URL": callback_url}
        super().__init__(Settings({**env, "CDR_CAPABILITY_SECRET": "capability"}))
        self.clock, self.executions = clock, Executions()
        self.__dict__ |= {"exports": parse(text, "dev", FACTS), "workflow": self.executions}
        self.ran, self.emitted, self.known = 0, marks.Emitted(), marks.Marks()

    def now(self) -> datetime:
        return self.clock()

    def chance(self) -> float:
        return 0.5

    def row(self, export: str, start: datetime, source: str = "calls") -> Row:
        """The row of a window that begins at `start`."""
        rows = [row for row in self.rows(export) if row.window.start == start and row.window.source == source]
        assert len(rows) == 1
        return rows[0]

    def rows(self, export: str) -> list[Row]:
        """Every row of an export."""
        found = boto3.client("dynamodb", REGION).query(
            TableName="ledger", KeyConditionExpression="export = :e",
            ExpressionAttributeValues={":e": {"S": export}},
        )["Items"]  # fmt: skip
        return [items.row(item) for item in found if item["sk"]["S"] != "head"]

    def tick(self, export: str) -> None:
        """One tick, as the schedule sends it."""
        requester.tick(export, self)

    def run(self, looks: int = 60) -> None:
        """Run every execution to its end, turning the clock by its waits; what it ticks may start more."""
        while self.ran < len(self.executions.started):
            _, told = self.executions.started[self.ran]
            self.ran += 1
            for _ in range(looks):
                self.clock.turn(seconds=told["wait"])
                try:
                    told = poller.look(told, self)
                except TryAgain:  # the machine repeats it
                    continue
                if told["next"] != "wait":
                    break
            if told["next"] == "copy":
                copier.copy(told, self)
            self.tick(told["export"])

    def quiet(self, hours: int = 72) -> None:
        """Tick every quarter of an hour and run what that starts, until nothing is due for a day."""
        for _ in range(hours * 4):
            for export in self.exports.exports:
                self.tick(export.name)
            self.run()
            soon = self.clock() + timedelta(days=1)
            rows = [row for export in self.exports.exports for row in self.rows(export.name)]
            if not any(row.due_at and row.due_at < soon and row.state not in (Work.DONE, Work.STUCK) for row in rows):
                return
            self.clock.turn(minutes=15)

    def call_back(self, url: str) -> bool:
        """What the callback Lambda does with a POST to `url`."""
        tag, word = url.split("/")[-2:]
        return callback.Ear(self.ledger, self.executions, self.signet, self.clock).hear(tag, word)  # type: ignore[arg-type] # a stand-in

    def capability(self, tag: str) -> str:
        return tags.capability(KEY, tag)

    def written(self) -> dict[str, bytes]:
        """Every object that a copier wrote."""
        return {key: data for key, data in self.objects("").items() if not key.startswith(keys.LEDGER)}

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Every object below a prefix."""
        s3 = boto3.client("s3", REGION)
        listed = s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])
        return {one["Key"]: s3.get_object(Bucket="lake", Key=one["Key"])["Body"].read() for one in listed}


@contextmanager
def world(text: str, clock: Clock, callback_url: str = "", *, filled: bool = True) -> Iterator[World]:
    """A world with an empty table and bucket, and, if `filled`, the vendors' keys in their secrets.

    At its end nothing of what it must keep to itself stands anywhere but in the data.
    """
    with mock_aws(), marks.listening() as emitted:
        made = World(text, clock, callback_url)
        made.emitted = emitted
        vault: Any = boto3.client("secretsmanager", REGION)
        vault.create_secret(Name="capability", SecretString=KEY.decode())
        for secret, vendor in {export.secret_id: export.vendor for export in made.exports.exports}.items():
            vault.create_secret(Name=secret, **({"SecretString": SECRETS[vendor]} if filled else {}))
        made.__dict__ |= {"ledger": ledger(), "lake": lake(), "vault": Vault(vault)}
        yield made
        marks.clean(sweep.leaks(made))


class Keys(Vault):
    """A vault of one secret, without a client: its value now, and the one before."""

    def __init__(self, now: bytes | None = KEY, before: bytes | None = None) -> None:
        self.values, self.reads = {CURRENT: now, PREVIOUS: before}, 0

    def text(self, secret: str, stage: str = CURRENT) -> str | None:
        """Counts who reads."""
        self.reads += 1
        value = self.values[stage]
        return value.decode() if value else None

    def rotate(self, key: bytes) -> None:
        """As `aws secretsmanager put-secret-value` does."""
        self.values = {CURRENT: key, PREVIOUS: self.values[CURRENT]}


def signet() -> Signet:
    """What the tests' capabilities are made with."""
    return Signet(Keys(), "capability", lambda: NOW)


def ledger() -> Ledger:
    """An empty ledger on moto."""
    dynamo: Any = boto3.client("dynamodb", REGION)
    key = {"AttributeName": "export", "KeyType": "HASH"}
    dynamo.create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[key, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in (("export", "S"), ("sk", "S"), ("due_at", "N"), ("opened", "N"), ("aside", "S"))
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": name,
                "KeySchema": [key, {"AttributeName": by, "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": projected},
            }
            for name, by, projected in (
                ("due", "due_at", "ALL"),
                ("open", "opened", "KEYS_ONLY"),
                ("aside", "aside", "KEYS_ONLY"),
            )
        ],
    )
    return Ledger(dynamo, "ledger")


def lake() -> Lake:
    """An empty, versioned bucket on moto."""
    s3: Any = boto3.client("s3", REGION)
    s3.create_bucket(Bucket="lake")
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    return Lake(s3, "lake")
