"""The poller's state machine as plain Amazon States Language (JSONPath): wait, look, copy, tick.

`${Poller}`, `${Copier}` and `${Requester}` are filled in by CloudFormation.
"""

from typing import Any

State = dict[str, Any]

# Lambda's passing failures, as the Step Functions guide lists them for every Lambda task.
SERVICE = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
)
DAY = 86_400
# A little over the functions' own time-outs, for a Lambda that never answers.
LOOK_S, COPY_S = 90, 16 * 60


def definition(partition: str) -> dict[str, Any]:
    """The machine: a report's run from being asked for to its end. `partition` is aws, aws-us-gov or aws-cn."""
    states = {**_waiting(), **_looking(), **_ending()}
    for state in states.values():
        if state["Type"] == "Task":
            state["Resource"] = f"arn:{partition}:states:::{state['Resource']}"
    return {
        "Comment": "One run of one report. Each move of its state is a Lambda's conditional write in the ledger.",
        "StartAt": "Route",
        "TimeoutSeconds": DAY,
        "States": states,
    }


def _waiting() -> dict[str, State]:
    """A called-back report waits on a task token, which only shortens the wait; the others just wait."""
    called = {"Variable": "$.calls_back", "BooleanEquals": True, "Next": "Listen"}
    payload = {"do": "listen", "token.$": "$$.Task.Token", "at.$": "$"}
    return {
        "Route": {"Type": "Choice", "Choices": [called], "Default": "Wait"},
        "Wait": {"Type": "Wait", "SecondsPath": "$.wait", "Next": "Look"},
        "Listen": {
            **_invoke("Poller", payload, pattern=".waitForTaskToken"),
            "TimeoutSecondsPath": "$.wait",
            "ResultPath": None,
            "Catch": [_catch("States.Timeout", "Look"), _catch("States.ALL", "Wait")],
            "Next": "Look",
        },
    }


def _looking() -> dict[str, State]:
    """The poller's answer replaces the state and says what comes next."""
    return {
        "Look": {
            **_invoke("Poller", {"do": "look", "at.$": "$"}),
            "TimeoutSeconds": LOOK_S,
            "OutputPath": "$.Payload",
            "Catch": [_catch("States.ALL", "TickAfterFailure")],
            "Next": "Decide",
        },
        "Decide": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.next", "StringEquals": "wait", "Next": "Route"},
                {"Variable": "$.next", "StringEquals": "copy", "Next": "Copy"},
            ],
            "Default": "Tick",
        },
        "Copy": {
            **_invoke("Copier", {"at.$": "$"}),
            "TimeoutSeconds": COPY_S,
            "ResultPath": None,
            "Catch": [_catch("States.ALL", "TickAfterFailure")],
            "Next": "Tick",
        },
    }


def _ending() -> dict[str, State]:
    """Every end ticks the requester, so that a backlog drains at the vendor's pace; a failure rings too."""
    return {
        "Tick": {**_tick(), "Next": "Done"},
        "Done": {"Type": "Succeed"},
        "TickAfterFailure": {**_tick(), "Catch": [_catch("States.ALL", "RunFailed")], "Next": "RunFailed"},
        # A cause of ours: the Lambda's own may quote what a vendor wrote, and stays in the Lambda's log.
        "RunFailed": {
            "Type": "Fail",
            "Error": "RunFailed",
            "Cause": "The log of the poller or the copier says why.",
        },
    }


def _tick() -> State:
    task = _invoke("Requester", {"export.$": "$.export"})
    return {**task, "Parameters": {**task["Parameters"], "InvocationType": "Event"}, "ResultPath": None}


def _invoke(function: str, payload: State, *, pattern: str = "") -> State:
    return {
        "Type": "Task",
        "Resource": f"lambda:invoke{pattern}",
        "Parameters": {"FunctionName": f"${{{function}}}", "Payload": payload},
        "Retry": [_retry(SERVICE, 2, 6, 60)],
    }


def _retry(errors: tuple[str, ...], first: int, attempts: int, longest: int) -> State:
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": first,
        "BackoffRate": 2,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": longest,
        "JitterStrategy": "FULL",
    }


def _catch(error: str, then: str) -> State:
    """The error is not kept in the state. States.ALL catches neither DataLimitExceeded nor Runtime."""
    return {"ErrorEquals": [error], "ResultPath": None, "Next": then}
