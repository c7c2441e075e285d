"""Whether the operator may do what the commands do: their own calls, made so that they change nothing."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from cli.health.check import Check, ok, untold
from cli.lines import events
from cli.stack import THREADS, Stack
from lambdas.core import keys

NOTHING = "doctor"  # the name of what is not there
NO = {"S": NOTHING}
# What AWS says where the right is there and the thing is not, or where a condition fails, as it must.
ABSENT = (
    "NoSuchKey",
    "NoSuchVersion",
    "ExecutionDoesNotExist",
    "ConditionalCheckFailedException",
)
REST = "that to write into the lake shows only with --probe, or with the command itself"


@dataclass(frozen=True)
class Right:
    """One call of some commands: `of` names its arguments by the stack's outputs, `how` gives the others."""

    commands: str
    service: str
    call: str
    of: Mapping[str, str]
    how: Mapping[str, Any] = field(default_factory=dict)


TABLE, BUCKET, DATABASE = {"TableName": "Table"}, {"Bucket": "Bucket"}, {"DatabaseName": "Database"}
NONE = {"KeyConditionExpression": "#e = :e", "ExpressionAttributeNames": {"#e": "export"},
        "ExpressionAttributeValues": {":e": NO}, "Limit": 1}  # fmt: skip
# A write that its condition forbids: there is no such row.
NEVER = {"Key": {"export": NO, "sk": NO}, "UpdateExpression": "SET #s = :s", "ConditionExpression": "#s = :s",
         "ExpressionAttributeNames": {"#s": "state"}, "ExpressionAttributeValues": {":s": NO}}  # fmt: skip
MONTH = {"Namespace": "AWS/Lambda", "MetricName": "Invocations", "Period": 86_400, "Statistics": ["Sum"]}
RIGHTS = (
    Right("show, coverage, what changes windows", "dynamodb", "query", TABLE, NONE),
    *(Right("status", "dynamodb", "scan", TABLE, {"IndexName": index, "Limit": 1}) for index in ("open", "aside")),
    Right("what changes windows", "dynamodb", "update_item", TABLE, NEVER),
    Right("raw, show, cost", "s3", "list_objects_v2", BUCKET, {"MaxKeys": 1}),
    Right("show", "s3", "list_object_versions", BUCKET, {"MaxKeys": 1}),
    Right("show", "s3", "get_object", BUCKET, {"Key": f"{keys.RECEIPTS}{NOTHING}", "VersionId": "null"}),
    *(
        Right(f"{commands}, of {prefix}*", "s3", "get_object", BUCKET, {"Key": f"{prefix}{NOTHING}"})
        for prefix, commands in {
            keys.RECEIPTS: "raw, show, cost",
            keys.QUARANTINE: "raw, show, release",
            keys.RAW: "raw, release",
            keys.CALLS: "query, report, release, import",
        }.items()
    ),
    Right("query, report", "athena", "get_work_group", {"WorkGroup": "Workgroup"}),
    Right("query, report", "glue", "get_table", DATABASE, {"Name": "calls"}),
    Right("query, report", "glue", "get_partitions", DATABASE, {"TableName": "calls_all", "MaxResults": 1}),
    Right("query, report", "s3", "get_bucket_location", {"Bucket": "Results"}),
    Right("tail, show, cost", "lambda", "get_function_configuration", {"FunctionName": "Requester"}),
    Right("tail, show, cost", "stepfunctions", "describe_state_machine", {"stateMachineArn": "Machine"}),
    Right("status", "cloudwatch", "describe_alarms", {}, {"MaxRecords": 1}),
    Right("cost", "cloudwatch", "list_metrics", {}, {"Namespace": "cdr-exporter"}),
    Right("cost", "dynamodb", "describe_table", TABLE),
    Right("cost", "dynamodb", "describe_continuous_backups", TABLE),
    Right("cost", "athena", "list_query_executions", {"WorkGroup": "Workgroup"}, {"MaxResults": 1}),
)


def rights(stack: Stack) -> Iterator[Check]:
    """Who the operator is, and which commands his rights are not enough for."""
    who = str(stack.place.client("sts").get_caller_identity()["Arn"])
    looks: dict[tuple[str, str], Callable[[], Any]] = {
        (one.commands, f"{one.service} {n}"): partial(_try, stack, one) for n, one in enumerate(RIGHTS)
    }
    looks |= {
        ("tail, show", "logs"): partial(_logs, stack),
        ("show", "executions"): partial(_execution, stack),
        ("cost", "figures"): partial(_figures, stack),
    }
    with ThreadPoolExecutor(THREADS) as pool:
        refused = list(pool.map(_refused, looks.values()))
    lacking = [
        untold(f"rights for {commands}", error) for (commands, _), error in zip(looks, refused, strict=True) if error
    ]
    if not lacking:
        yield ok("rights", f"{who} may do all that was tried; {REST}")
    yield from lacking


def _refused(look: Callable[[], Any]) -> ClientError | None:
    """What AWS refuses; that there is no such thing is no refusal."""
    try:
        look()
    except ClientError as error:
        return None if error.response["Error"].get("Code") in ABSENT else error
    return None


def _try(stack: Stack, right: Right) -> None:
    told = {name: stack.outputs[output] for name, output in right.of.items() if output in stack.outputs}
    if len(told) == len(right.of):  # an older stack does not tell all of them
        getattr(stack.place.client(right.service), right.call)(**told, **right.how)


def _logs(stack: Stack) -> None:
    """The lines of the last minute."""
    client, group = stack.place.client("logs"), str(stack.configuration("Requester")["LoggingConfig"]["LogGroup"])
    client.describe_log_groups(logGroupNamePrefix=group)
    next(events(client, group, datetime.now(UTC) - timedelta(minutes=1)), None)


def _execution(stack: Stack) -> None:
    """One that never was."""
    arn = f"{stack.outputs['Machine'].replace(':stateMachine:', ':execution:')}:{NOTHING}"
    stack.place.client("stepfunctions").describe_execution(executionArn=arn)


def _figures(stack: Stack) -> None:
    now = datetime.now(UTC)
    stack.place.client("cloudwatch").get_metric_statistics(**MONTH, StartTime=now - timedelta(days=1), EndTime=now)
