"""The sweep of a deployed set: every place of the emulated cloud, the files of the deploy, and what was printed."""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from lambdas.core.windows import DAY
from local.demo import Set
from local.stack import FUNCTIONS, Stack
from local.vendors import Simulator
from tests.marks import Leak, Marks, flat
from tests.sweep import ASKED, Place, Stored, without

LARGEST = 3 << 20  # bytes of a file of the deploy that are read: wheels of others are larger


def marks(at: Set, simulators: Mapping[str, Simulator]) -> Marks:
    """The secrets as they are in the vault, the capabilities as the vendors were told, each caller and callee."""
    made, vault = Marks(), at.stack.cloud.client("secretsmanager")
    for one in pages(vault, "list_secrets", "SecretList"):
        with suppress(ClientError):  # an empty one
            made.secret(one["Name"], vault.get_secret_value(SecretId=one["ARN"]).get("SecretString", ""))
    for played in simulators.values():
        for asked in played.created:
            for word in re.findall(r"/callbacks/[^/\"]+/([^/\"?]+)", json.dumps(asked.body)):
                made.word("a capability", word)
            for past in range(4):
                for call in played.calls.day(asked.at.date() - past * DAY):
                    made.number(call.from_number)
                    made.number(call.to_number)
    return made


def leaks(at: Set, known: Marks, folder: Path, told: str) -> Iterator[Leak]:
    """What of it stands where it must not."""
    for place in places(at, folder, told):
        yield from known.found(place.name, place.said, numbers=place.numbers, kinds=place.kinds)


def places(at: Set, folder: Path, told: str) -> Iterator[Place]:
    """All that was emitted, stored outside the data zones, or printed."""
    stack = at.stack
    yield Place("printed", told)
    yield from logs(stack)
    yield from ledger(stack)
    yield from executions(stack)
    yield from objects(stack)
    yield from settings(stack)
    yield from questions(stack)
    yield from files(folder)


def logs(stack: Stack) -> Iterator[Place]:
    """Every line of every group, the metrics among them."""
    client = stack.cloud.client("logs")
    for group in pages(client, "describe_log_groups", "logGroups"):
        name = group["logGroupName"]
        for line in pages(client, "filter_log_events", "events", logGroupName=name):
            yield Place(f"log {name}", line["message"])


def ledger(stack: Stack) -> Iterator[Place]:
    """Every item; the exact request may hold a number."""
    for item in stack.items():
        yield Place("the ledger", flat(item), numbers=False)
        yield Place("the ledger, less the request", flat(without(item, ASKED)))


def executions(stack: Stack) -> Iterator[Place]:
    """Names, inputs, outputs and histories.

    The emulator's history has no parameters. AWS's shows the task token in those of `Listen`, by the pattern's nature:
    it is in no other state's input or output (tests/attacks/test_leaks.py), and dies with the task.
    """
    states = stack.cloud.client("stepfunctions")
    for one in pages(states, "list_executions", "executions", stateMachineArn=stack.outputs["Machine"]):
        yield Place("an execution", flat(states.describe_execution(executionArn=one["executionArn"])))
        history = states.get_execution_history(executionArn=one["executionArn"], maxResults=1000)["events"]
        yield Place("an execution's history", flat(history))


def objects(stack: Stack) -> Iterator[Place]:
    """Of every version in every bucket key and metadata; of what is no data, and no code of ours, the bytes."""
    client = stack.cloud.client("s3")
    for bucket in (one["Name"] for one in client.list_buckets()["Buckets"]):
        for one in pages(client, "list_object_versions", "Versions", Bucket=bucket):
            where = {"Bucket": bucket, "Key": one["Key"], "VersionId": one["VersionId"]}
            if one["VersionId"] == "null":
                del where["VersionId"]
            got = client.get_object(**where)
            data = got.pop("Body").read()
            # The emulator looks at the newest version alone, and there is none where that is a deletion.
            tags = client.get_object_tagging(**where)["TagSet"] if one["IsLatest"] else []
            yield Place(f"a key of {bucket}", one["Key"])
            yield Place(f"what is told of {one['Key']}", flat([got, tags]))
            if bucket == stack.outputs["Bucket"]:
                if not Stored(one["Key"], b"", "").zone:
                    yield Place(one["Key"], data)
            else:  # answers to questions, which are data, and bundles: neither has a secret
                yield from _packed(f"{bucket}/{one['Key']}", data)


def settings(stack: Stack) -> Iterator[Place]:
    """Of each function the environment, of each schedule its input; the template, outputs, queues, names of secrets."""
    aws = stack.cloud.client
    for one in FUNCTIONS:
        yield Place(one, flat(aws("lambda").get_function_configuration(FunctionName=stack.outputs[one])))
    for made in pages(aws("cloudformation"), "describe_stacks", "Stacks"):
        # The console's page of a secret is a link with a query: the region and the secret's name, which is none.
        yield Place("a stack's outputs", flat(made), kinds=False)
        template = aws("cloudformation").get_template(StackName=made["StackName"])["TemplateBody"]
        yield Place("a template", flat(template), kinds=False)
    for one in pages(aws("scheduler"), "list_schedules", "Schedules", GroupName=stack.outputs["Schedules"]):
        yield Place("a schedule", flat(aws("scheduler").get_schedule(Name=one["Name"], GroupName=one["GroupName"])))
    for queue in aws("sqs").list_queues().get("QueueUrls", []):
        yield Place("a queue", flat(aws("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)))
    for secret in pages(aws("secretsmanager"), "list_secrets", "SecretList"):
        yield Place("a secret's description", flat(secret))


def questions(stack: Stack) -> Iterator[Place]:
    """What Athena keeps: saved queries, and those that ran with their texts."""
    athena, group = stack.cloud.client("athena"), stack.outputs["Workgroup"]
    for one in pages(athena, "list_named_queries", "NamedQueryIds", WorkGroup=group):
        yield Place("a saved query", flat(athena.get_named_query(NamedQueryId=one)))
    for one in pages(athena, "list_query_executions", "QueryExecutionIds", WorkGroup=group):
        yield Place("a query", flat(athena.get_query_execution(QueryExecutionId=one)))


def files(folder: Path) -> Iterator[Place]:
    """The synthesized app with its bundles, and the picture, which has counts of calls and nobody's number."""
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_size < LARGEST and "tmp" not in path.relative_to(folder).parts:
            picture = path.suffix == ".html"
            yield Place(f"file {path.name}", path.read_bytes(), numbers=picture, kinds=False)


def pages(client: Any, call: str, what: str, **how: Any) -> Iterator[Any]:
    """One after the other; all of it where the emulator has no pages."""
    if client.can_paginate(call):
        for page in client.get_paginator(call).paginate(**how):
            yield from page.get(what, [])
    else:
        yield from getattr(client, call)(**how).get(what, [])


def _packed(name: str, data: bytes) -> Iterator[Place]:
    """A bundle's members, each for itself: what is packed cannot be searched; libraries' own are others' texts."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        yield Place(name, data, numbers=False, kinds=False)
        return
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        for one in packed.infolist():
            if one.filename.startswith("lambdas/") or "/" not in one.filename:
                yield Place(f"{name}: {one.filename}", packed.read(one), numbers=False, kinds=False)
