"""Tasks of a state machine, where MiniStack leaves out what ours is built on.

1. TimeoutSecondsPath is ignored; and the wait for a token is not scaled, though a listening wait is a wait for us.
2. A function that fails while it takes a token is ignored and the task hangs; on AWS the task fails.
3. InvocationType "Event" is ignored and the function is run in line; on AWS it is handed over and answered 202.
4. A token is accepted until its task wakes; afterwards it "does not exist". On AWS a closed task is TaskTimedOut
   and a word that never was a token is InvalidToken.
5. A name used before is refused; on AWS StartExecution with the same name and input answers the running one.
"""

import json
import threading
import time
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import lambda_svc, stepfunctions

SLICE = 0.5  # seconds after which who waits looks whether the scale has changed
# For as long as the emulator runs: what was once handed out as a token.
_closed: set[str] = set()

_execute = stepfunctions._execute_task
_invoke = stepfunctions._invoke_resource
_await = stepfunctions._invoke_with_callback
_success = stepfunctions._send_task_success
_failure = stepfunctions._send_task_failure
_start = stepfunctions._start_execution


def apply() -> None:
    stepfunctions._execute_task = execute
    stepfunctions._invoke_resource = invoke
    stepfunctions._invoke_with_callback = listen
    stepfunctions._send_task_success = lambda data: answer(_success, data)
    stepfunctions._send_task_failure = lambda data: answer(_failure, data)
    stepfunctions._start_execution = start


def execute(state: dict[str, Any], given: Any, execution: Any, context: Any) -> Any:
    path = state.get("TimeoutSecondsPath")
    if path is None:
        return _execute(state, given, execution, context)
    seconds = stepfunctions._resolve_path_or_ctx(path, given, context)
    if not isinstance(seconds, int) or seconds < 1:
        raise stepfunctions._ExecutionError("States.Runtime", f"TimeoutSecondsPath {path} gives {seconds!r}")
    return _execute({**state, "TimeoutSeconds": seconds}, given, execution, context)


def invoke(resource: str, given: Any) -> Any:
    if "states:::lambda:invoke" not in resource or given.get("InvocationType") != "Event":
        return _invoke(resource, given)
    ref = stepfunctions._resolve_lambda_function_ref(given["FunctionName"], optimized=True)
    func, config, name = lambda_svc._get_func_record_for_ref(ref)
    if not func or not config:
        raise stepfunctions._ExecutionError("Lambda.ResourceNotFoundException", f"Function not found: {name}")
    record = lambda_svc._execution_record_for_config(func, config)
    lambda_svc.invoke_async_with_retry(record, given.get("Payload"))
    return {"StatusCode": 202, "Payload": {}}


def listen(resource: str, given: Any, token: str, state: dict[str, Any]) -> Any:
    if "states:::lambda:invoke" not in resource:
        return _await(resource, given, token, _scaled(state))
    woken = threading.Event()
    info = {"event": woken, "result": None, "error": None, "heartbeat": None}
    stepfunctions._task_tokens[token] = info
    try:
        ref = stepfunctions._resolve_lambda_function_ref(given["FunctionName"], optimized=True)
        stepfunctions._call_lambda(ref, given.get("Payload"))
        if not _wakes(woken, state.get("TimeoutSeconds")):
            raise stepfunctions._ExecutionError("States.Timeout", "Task timed out waiting for callback")
    finally:
        stepfunctions._task_tokens.pop(token, None)
        _closed.add(token)
    return _outcome(info)


def _wakes(woken: threading.Event, seconds: float | None) -> bool:
    """A scale that is changed meanwhile holds for who waits already, so that a test can end all waits at once."""
    since = time.monotonic()
    while seconds is None or (left := seconds * stepfunctions._SFN_WAIT_SCALE - (time.monotonic() - since)) > 0:
        if woken.wait(SLICE if seconds is None else min(left, SLICE)):
            return True
    return woken.is_set()


def _scaled(state: dict[str, Any]) -> dict[str, Any]:
    if "TimeoutSeconds" not in state:
        return state
    return {**state, "TimeoutSeconds": state["TimeoutSeconds"] * stepfunctions._SFN_WAIT_SCALE}


def _outcome(info: dict[str, Any]) -> Any:
    if error := info["error"]:
        raise stepfunctions._ExecutionError(error["Error"], error["Cause"])
    return json.loads(info["result"])


def answer(send: Any, data: dict[str, Any]) -> Any:
    token = data.get("taskToken")
    info = stepfunctions._task_tokens.get(token)
    if info is not None and not info["event"].is_set():
        return send(data)
    if info is not None or token in _closed:
        return error_response_json("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400)
    return error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)


def start(data: dict[str, Any]) -> Any:
    arn, name = data.get("stateMachineArn", ""), data.get("name")
    old = stepfunctions._executions.get(f"{arn.replace(':stateMachine:', ':execution:')}:{name}") if name else None
    if not old or old["status"] != "RUNNING" or old["input"] != data.get("input", "{}"):
        return _start(data)
    return json_response({"executionArn": old["executionArn"], "startDate": old["startDate"]})
