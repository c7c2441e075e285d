"""How a deployed stack is found: by its outputs in CloudFormation, on AWS or wherever an endpoint says."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from cli.wrong import Wrong
from infra import settings
from lambdas.aws import items
from lambdas.aws.ledger import Ledger
from lambdas.core import keys
from lambdas.core.exports import Exports, Mistakes, parse, pseudonym_secret
from lambdas.core.rows import Head, Row
from lambdas.vendors import FACTS

FUNCTIONS = ("Requester", "Poller", "Copier", "Callback")  # as the outputs name them
THREADS = 16  # that ask at the same time, where many things are to be asked
CONFIG = Config(
    connect_timeout=5, read_timeout=30, retries={"max_attempts": 4, "mode": "standard"}, max_pool_connections=THREADS
)
# The local cloud has one name for all buckets, and nobody resolves a bucket's name before it.
NEAR = Config(s3={"addressing_style": "path"}, inject_host_prefix=False)


@dataclass(frozen=True)
class Place:
    """A stage, and where AWS is for it."""

    stage: str
    profile: str | None = None
    region: str | None = None
    endpoint: str | None = None

    @cached_property
    def session(self) -> boto3.Session:
        return boto3.Session(profile_name=self.profile, region_name=self.region)

    def client(self, service: str) -> Any:
        """A client of a service, there."""
        make: Any = self.session.client  # the stubs know one overload for each service, here it is any of them
        return make(service, endpoint_url=self.endpoint, config=CONFIG.merge(NEAR) if self.endpoint else CONFIG)

    def stack(self) -> "Stack":
        """The stack that is deployed there. Raises Wrong."""
        try:
            name = settings.settings({"stage": self.stage}.get).name
        except Mistakes as wrong:
            raise Wrong("\n".join(wrong.mistakes).replace("context: stage", "--stage")) from None
        cloud = self.client("cloudformation")
        where = self.endpoint or cloud.meta.region_name
        try:
            found = cloud.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in error.response["Error"].get("Message", ""):
                raise
            raise Wrong(f"no stack {name} in {where}: are --stage, --region and --profile right?") from None
        outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
        if not {"Table", "Bucket"} <= outputs.keys():
            raise Wrong(f"the stack {name} in {where} is {found['StackStatus']} and tells no table: deploy it again")
        return Stack(self, outputs, name, found)


@dataclass(frozen=True)
class Stack:
    """A deployed stack, as its outputs name what is in it."""

    place: Place
    outputs: Mapping[str, str]
    name: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)  # what CloudFormation says of it

    def index(self, name: str) -> dict[str, list[items.Item]]:
        """All that is in a sparse index of the ledger, by export: a few reads, however many exports there are."""
        found = dict[str, list[items.Item]]()
        scan = self.place.client("dynamodb").get_paginator("scan")
        for page in scan.paginate(TableName=self.outputs["Table"], IndexName=name):
            for item in page["Items"]:
                found.setdefault(item["export"]["S"], []).append(item)
        return found

    @property
    def pseudonym(self) -> str:
        """The secret under which numbers get their pseudonyms: the stack's own, or one of before that it was given."""
        return self.outputs.get("Pseudonym") or pseudonym_secret(self.place.stage)

    def books(self) -> Ledger:
        """The ledger as the Lambdas see it."""
        return Ledger(self.place.client("dynamodb"), self.outputs["Table"])

    def configuration(self, function: str) -> dict[str, Any]:
        """Of one of the four functions: its memory, its variables, its log group."""
        told = self.place.client("lambda").get_function_configuration(FunctionName=self.outputs[function])
        return dict(told)

    def logs(self) -> dict[str, str]:
        """The log group of each function, and of the machine, if it has one."""
        groups = {one: str(self.configuration(one)["LoggingConfig"]["LogGroup"]) for one in FUNCTIONS}
        machine = self.place.client("stepfunctions").describe_state_machine(stateMachineArn=self.outputs["Machine"])
        for one in machine.get("loggingConfiguration", {}).get("destinations", []):
            arn = one["cloudWatchLogsLogGroup"]["logGroupArn"]
            groups["Machine"] = str(arn).partition(":log-group:")[2].removesuffix(":*")
        return groups

    def ledger(self, export: str, count: Callable[[int], None] = lambda _: None) -> tuple[Head, list[Row]]:
        """The head and every row of an export, read consistently; `count` is told how many were read, at times.

        The head comes first, and a head says of a row only after the row is there: so what it says has rows, has.
        """
        head, rows = Head(export), list[Row]()
        pages = self.place.client("dynamodb").get_paginator("query").paginate(
            TableName=self.outputs["Table"],
            KeyConditionExpression="#export = :export",
            ExpressionAttributeNames={"#export": "export"},  # a reserved word
            ExpressionAttributeValues={":export": items.wire(export)},
            ConsistentRead=True,
        )  # fmt: skip
        for page in pages:
            for item in page["Items"]:
                if item["sk"]["S"] == items.HEAD:
                    head = items.head(item)
                else:
                    rows.append(items.row(item))
            count(len(rows))
        return head, rows

    def proven(self) -> Iterator[str]:
        """The exports of which the lake holds a proof of coverage: all that ever exported something."""
        pages = self.place.client("s3").get_paginator("list_objects_v2").paginate(
            Bucket=self.outputs["Bucket"], Prefix=keys.LEDGER, Delimiter="/"
        )  # fmt: skip
        for page in pages:
            for one in page.get("CommonPrefixes", []):
                yield one["Prefix"].removeprefix(f"{keys.LEDGER}export=").rstrip("/")


def exports(file: Path, stage: str) -> Exports:
    """The exports of a file. Raises Wrong with every mistake."""
    try:
        return parse(file.read_text("utf-8"), stage, FACTS)
    except Mistakes as wrong:
        raise Wrong("\n".join(f"{file.name}: {line}" for line in wrong.mistakes)) from None
    except FileNotFoundError:
        raise Wrong(f"{file}: not found: run `cdr` where it lies, or name it by --exports FILE") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Wrong(f"{file}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
