"""A deployed small stack, and what a test asks of it."""

import datetime
import json
import ssl
import time
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError

from local.cloud import Cloud
from tests.local.template import TEMPLATE

PATIENCE = 20.0


@dataclass(frozen=True)
class Stack:
    aws: Cloud
    outputs: dict[str, str]

    def call(self, event: dict[str, Any], function: str = "Function") -> Any:
        """What the function answers; its error's payload if it fails."""
        answer = self.aws.client("lambda").invoke(FunctionName=self.outputs[function], Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    def begin(self, machine: str, given: dict[str, Any]) -> str:
        states = self.aws.client("stepfunctions")
        run: str = states.start_execution(stateMachineArn=self.outputs[machine], input=json.dumps(given))[
            "executionArn"
        ]
        return run

    def ended(self, run: str, patience: float = PATIENCE) -> dict[str, Any]:
        """The execution when it has ended, or as it is when patience has."""
        until = time.monotonic() + patience
        while (end := self._execution(run))["status"] == "RUNNING" and time.monotonic() < until:
            time.sleep(0.1)
        return end

    def _execution(self, run: str) -> dict[str, Any]:
        told = self.aws.client("stepfunctions").describe_execution(executionArn=run)
        return {**told, "output": json.loads(told.get("output") or "null")}

    def noted(self, key: str, patience: float = PATIENCE) -> str | None:
        """The token that the function wrote into the table under that key, when it has."""
        rows, until = self.aws.client("dynamodb"), time.monotonic() + patience
        while time.monotonic() < until:
            if row := rows.get_item(TableName=self.outputs["Table"], Key={"pk": {"S": key}}).get("Item"):
                return str(row["token"]["S"])
            time.sleep(0.1)
        return None

    def logged(self, function: str) -> str:
        """What the function has written so far."""
        logs = self.aws.client("logs")
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{self.outputs[function]}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return ""
        return "\n".join(event["message"] for event in events)

    def schedule(self, name: str, event: dict[str, Any], role: str = "ScheduleRoleArn") -> None:
        """Clones the stack's schedule as a one-shot that is due in a second."""
        scheduler = self.aws.client("scheduler")
        target = scheduler.get_schedule(Name=self.outputs["Schedule"])["Target"]
        soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1)
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={**target, "RoleArn": self.outputs[role], "Input": json.dumps(event)},
        )

    def post(self, api: str, body: str) -> int:
        """The status of a callback that comes from outside."""
        url = f"{self.aws.endpoint}/_aws/execute-api/{self.outputs[api]}/callbacks/tag/word"
        return post(self.aws, url, body)

    def query(self, text: str) -> tuple[list[str], list[list[str | None]]]:
        """Athena's columns and rows; a query that fails is an AssertionError with Athena's reason."""
        athena = self.aws.client("athena")
        place = {"QueryExecutionContext": {"Database": "small"}, "WorkGroup": "small"}
        run = athena.start_query_execution(QueryString=text, **place)["QueryExecutionId"]
        while (status := athena.get_query_execution(QueryExecutionId=run)["QueryExecution"]["Status"])["State"] in {
            "QUEUED",
            "RUNNING",
        }:
            time.sleep(0.02)
        assert status["State"] == "SUCCEEDED", status["StateChangeReason"]
        rows = athena.get_query_results(QueryExecutionId=run)["ResultSet"]["Rows"]
        told = [[cell.get("VarCharValue") for cell in row["Data"]] for row in rows]
        return [str(name) for name in told[0]], told[1:]


def make(aws: Cloud, name: str = "small") -> Stack:
    """Lets CloudFormation make the template."""
    formation = aws.client("cloudformation")
    formation.create_stack(StackName=name, TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_IAM"])
    formation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    made = formation.describe_stacks(StackName=name)["Stacks"][0]
    return Stack(aws, {one["OutputKey"]: one["OutputValue"] for one in made["Outputs"]})


def post(aws: Cloud, url: str, body: str) -> int:
    trust = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(aws.ca)))
    opener = urllib.request.build_opener(trust, urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, body.encode(), {"content-type": "text/plain"})  # noqa: S310  # https
    try:
        with opener.open(request) as answer:
            return int(answer.status)
    except HTTPError as refused:
        refused.close()
        return refused.code
