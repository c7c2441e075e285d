"""The deployed stack, seen from outside with the operator's rights: secrets, schedules, ledger, lake, queries."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lambdas.aws import items
from lambdas.core.rows import Head, Row
from local.clock import real
from local.cloud import Cloud

SOON = timedelta(seconds=1)
FUNCTIONS = ("Requester", "Callback", "Poller", "Copier")


class QueryFailed(RuntimeError):
    """Athena did not answer a query."""


@dataclass(frozen=True)
class Stack:
    """One deployed stage on a local cloud."""

    cloud: Cloud
    outputs: Mapping[str, str]

    def fill(self, secrets: Mapping[str, str]) -> None:
        """What the operator does once: the keys into the empty secrets."""
        vault = self.cloud.client("secretsmanager")
        for name, value in secrets.items():
            vault.put_secret_value(SecretId=name, SecretString=value)

    def tell(self, name: str, value: str | None) -> None:
        """Set one variable of every function; None takes it away."""
        functions = self.cloud.client("lambda")
        for one in FUNCTIONS:
            told = functions.get_function_configuration(FunctionName=self.outputs[one])["Environment"]["Variables"]
            kept = {key: text for key, text in told.items() if key != name}
            new = kept | ({name: value} if value is not None else {})
            if new != told:
                functions.update_function_configuration(FunctionName=self.outputs[one], Environment={"Variables": new})

    def fire(self) -> list[str]:
        """Let each deployed schedule that is on fire now, by a one-shot clone of it; which exports they are for."""
        scheduler, group = self.cloud.client("scheduler"), self.outputs["Schedules"]
        names = [one["Name"] for one in self._pages(scheduler, "list_schedules", "Schedules", GroupName=group)]
        fired = []
        for name in names:
            with suppress(scheduler.exceptions.ResourceNotFoundException):  # a clone of before, which is over by now
                told = scheduler.get_schedule(Name=name, GroupName=group)
                if told["State"] == "ENABLED" and not told["ScheduleExpression"].startswith("at("):
                    self._clone(told)
                    fired.append(str(json.loads(told["Target"]["Input"])["export"]))
        return fired

    def ticked(self, since: float) -> set[str]:
        """The exports of which a tick has ended since then, as the requester's log tells."""
        return {str(line["export"]) for line in self.logged("Requester", "tick", since)}

    def logged(self, function: str, message: str, since: float = 0.0) -> list[dict[str, Any]]:
        """The lines of a function's log with that message."""
        told = self.cloud.client("lambda").get_function_configuration(FunctionName=self.outputs[function])
        lines = self._pages(
            self.cloud.client("logs"), "filter_log_events", "events",
            logGroupName=told["LoggingConfig"]["LogGroup"], startTime=int(since * 1000),
        )  # fmt: skip
        return [json.loads(line["message"]) for line in lines if f'"message":"{message}"' in line["message"]]

    def _clone(self, told: Mapping[str, Any]) -> None:
        # In the same group, because the schedules' role trusts no other.
        at = (real() + SOON).strftime("at(%Y-%m-%dT%H:%M:%S)")
        self.cloud.client("scheduler").create_schedule(
            Name=f"{told['Name'][:40]}-{time.time_ns()}",
            GroupName=told["GroupName"],
            ScheduleExpression=at,
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target=told["Target"],
        )

    def rows(self) -> list[Row]:
        """Every window of the ledger."""
        return [items.row(item) for item in self.items() if item["sk"]["S"] != items.HEAD]

    def heads(self) -> dict[str, Head]:
        """The head of each export that had a tick."""
        return {item["export"]["S"]: items.head(item) for item in self.items() if item["sk"]["S"] == items.HEAD}

    def items(self) -> list[dict[str, Any]]:
        """The whole ledger, as it is."""
        table = self.outputs["Table"]
        return list(self._pages(self.cloud.client("dynamodb"), "scan", "Items", TableName=table, ConsistentRead=True))

    def running(self) -> int:
        """How many executions run."""
        return len(self.executions())

    def executions(self) -> dict[str, str]:
        """The executions that run: each one's ARN by its name."""
        pages = self._pages(
            self.cloud.client("stepfunctions"), "list_executions", "executions",
            stateMachineArn=self.outputs["Machine"], statusFilter="RUNNING",
        )  # fmt: skip
        return {one["name"]: one["executionArn"] for one in pages}

    def stop(self, execution: str) -> None:
        """Stop an execution, as an operator may."""
        self.cloud.client("stepfunctions").stop_execution(executionArn=execution)

    def objects(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Key and ETag of every current object."""
        listed = self._pages(
            self.cloud.client("s3"), "list_objects_v2", "Contents", Bucket=self.outputs["Bucket"], Prefix=prefix
        )
        return ((one["Key"], one["ETag"]) for one in listed)

    def read(self, key: str) -> bytes:
        """One object's bytes."""
        return bytes(self.cloud.client("s3").get_object(Bucket=self.outputs["Bucket"], Key=key)["Body"].read())

    def query(self, sql: str) -> list[dict[str, str | None]]:
        """The rows of a query, as Athena tells them: texts by column name. Raises QueryFailed."""
        athena = self.cloud.client("athena")
        started = athena.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.outputs["Database"]},
            WorkGroup=self.outputs["Workgroup"],
        )["QueryExecutionId"]
        while (now := athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"])["State"] in (
            "QUEUED",
            "RUNNING",
        ):
            time.sleep(0.1)
        if now["State"] != "SUCCEEDED":
            raise QueryFailed(f"{now['State']}: {now.get('StateChangeReason', '')}")
        found = list(self._results(athena, started))
        names = [cell.get("VarCharValue", "") for cell in found[0]["Data"]]
        return [dict(zip(names, (cell.get("VarCharValue") for cell in row["Data"]), strict=True)) for row in found[1:]]

    def _results(self, athena: Any, started: str) -> Iterator[Any]:
        for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=started):
            yield from page["ResultSet"]["Rows"]

    @staticmethod
    def _pages(client: Any, call: str, what: str, **how: Any) -> Iterator[Any]:
        for page in client.get_paginator(call).paginate(**how):
            yield from page.get(what, [])
