"""Metrics of what runs: MiniStack keeps those that are put, and of its own only some of Lambda's; AWS counts by itself.

1. A line of EMF in a function's log is a metric, dimensions and all. Here it stays a line.
2. AWS/Lambda counts each run of a function, whoever called it. Here only calls through the API are counted.
3. AWS/States counts executions by how they ended. Here nothing is.
4. AWS/SQS tells how many messages lie in each queue. Here nothing is; told when somebody reads metrics or alarms.
"""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ministack.services import cloudwatch, lambda_svc, sqs, stepfunctions

ENDS = {"SUCCEEDED": "Succeeded", "FAILED": "Failed", "TIMED_OUT": "TimedOut", "ABORTED": "Aborted"}

_dispatch = lambda_svc._execute_function_dispatch
_logs = lambda_svc._emit_lambda_logs
_status = stepfunctions._emit_execution_status_event
_request = cloudwatch.handle_request


def apply() -> None:
    lambda_svc._execute_function_dispatch = dispatch
    lambda_svc._emit_lambda_metrics = throttled
    lambda_svc._emit_lambda_logs = logs
    stepfunctions._emit_execution_status_event = status
    cloudwatch.handle_request = request


def throttled(function: str, **told: Any) -> None:
    """What is run is counted where it is run; a throttle never is."""
    if told.get("throttle"):
        cloudwatch.record_metric("AWS/Lambda", "Throttles", 1, "Count", {"FunctionName": function})


def dispatch(func: Any, config: dict[str, Any], event: Any, request_id: str, started: float) -> Any:
    result = _dispatch(func, config, event, request_id, started)
    of = {"FunctionName": str(config.get("FunctionName"))}
    failed = isinstance(result, dict) and bool(result.get("error"))
    cloudwatch.record_metric("AWS/Lambda", "Invocations", 1, "Count", of)
    cloudwatch.record_metric("AWS/Lambda", "Errors", int(failed), "Count", of)
    cloudwatch.record_metric("AWS/Lambda", "Duration", (time.time() - started) * 1000, "Milliseconds", of)
    return result


def logs(func: Any, request_id: str, text: str, error: bool, duration_ms: int, **more: Any) -> None:
    _logs(func, request_id, text, error, duration_ms, **more)
    for line in str(text or "").splitlines():
        if line.startswith('{"_aws"'):
            for namespace, name, value, unit, of in embedded(json.loads(line)):
                cloudwatch.record_metric(namespace, name, value, unit, of)


def embedded(line: dict[str, Any]) -> Iterator[tuple[str, str, float, str, dict[str, str]]]:
    """Namespace, name, value, unit and dimensions of each metric of a line, for each of its sets of dimensions."""
    for told in line["_aws"]["CloudWatchMetrics"]:
        for names in told["Dimensions"]:
            of = {name: str(line[name]) for name in names}
            for metric in told["Metrics"]:
                values = line[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield told["Namespace"], metric["Name"], value, metric.get("Unit", "None"), of


def status(execution: dict[str, Any]) -> None:
    _status(execution)
    of = {"StateMachineArn": execution["stateMachineArn"]}
    if execution["status"] == "RUNNING":
        cloudwatch.record_metric("AWS/States", "ExecutionsStarted", 1, "Count", of)
    elif end := ENDS.get(execution["status"]):
        cloudwatch.record_metric("AWS/States", f"Executions{end}", 1, "Count", of)
        began, ended = (datetime.fromisoformat(str(execution[one])) for one in ("startDate", "stopDate"))
        took = (ended - began).total_seconds() * 1000
        cloudwatch.record_metric("AWS/States", "ExecutionTime", took, "Milliseconds", of)


async def request(method: str, path: str, headers: Any, body: Any, query: Any) -> Any:
    """Who reads is told what lies in the queues now; on AWS it is each minute."""
    for name, queue in queues():
        sqs._refresh_counts(queue)
        visible = int(queue["attributes"]["ApproximateNumberOfMessages"])
        of = {"QueueName": name}
        cloudwatch.record_metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", visible, "Count", of)
    return await _request(method, path, headers, body, query)


def queues() -> list[tuple[str, dict[str, Any]]]:
    with sqs._queues_lock:
        return [(str(one["name"]), one) for one in sqs._queues.values()]
