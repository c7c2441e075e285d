"""A machine's own TimeoutSeconds, which MiniStack ignores: an execution that is over it is TIMED_OUT at its next task.

It is scaled as waits are. What times out catches nothing, as on AWS.
"""

import json
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import stepfunctions

OVER = "States.Timeout"

_execute = stepfunctions._execute_task
_fail = stepfunctions._fail_execution


def apply() -> None:
    global _execute  # what tasks.py has put there by now
    _execute = stepfunctions._execute_task
    stepfunctions._execute_task = execute
    stepfunctions._fail_execution = fail


def execute(state: dict[str, Any], given: Any, execution: Any, context: Any) -> Any:
    if expired(execution):
        execution |= {"status": "TIMED_OUT", "stopDate": now_iso()}
        stepfunctions._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": OVER}})
        stepfunctions._emit_execution_status_event(execution)
        raise stepfunctions._ExecutionError(OVER, "the execution took too long")
    return _execute(state, given, execution, context)


def expired(execution: Any) -> bool:
    machine = stepfunctions._state_machines.get(execution.get("stateMachineArn"))
    most = json.loads(machine["definition"]).get("TimeoutSeconds") if machine else None
    if most is None or execution["status"] != "RUNNING":
        return False
    since = datetime.now(UTC) - datetime.fromisoformat(str(execution["startDate"]))
    return bool(since.total_seconds() > most * stepfunctions._SFN_WAIT_SCALE)


def fail(execution: Any, error: str, cause: str) -> None:
    """What has timed out, or was stopped, has ended."""
    if execution["status"] not in ("TIMED_OUT", "ABORTED"):
        _fail(execution, error, cause)
