"""Every field and word of the state machine that the interpreter plays; any other raises."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

State = Mapping[str, Any]
# Every field that is interpreted here, by where it stands.
TASK = "Type Resource Parameters Retry Catch ResultPath OutputPath TimeoutSeconds TimeoutSecondsPath Next"
FIELDS: Mapping[str, set[str]] = {
    name: set(text.split())
    for name, text in {
        "machine": "Comment StartAt TimeoutSeconds States",
        "Choice": "Type Choices Default",
        "rule": "Variable BooleanEquals StringEquals Next",
        "Wait": "Type SecondsPath Next",
        "Task": TASK,
        "Succeed": "Type",
        "Fail": "Type Error Cause",
        "Parameters": "FunctionName Payload InvocationType",
        "Retry": "ErrorEquals IntervalSeconds BackoffRate MaxAttempts MaxDelaySeconds JitterStrategy",
        "Catch": "ErrorEquals ResultPath Next",
    }.items()
}
RESOURCES = ("arn:*:states:::lambda:invoke", "arn:*:states:::lambda:invoke.waitForTaskToken")


class Unknown(Exception):
    """The machine holds something that this interpreter does not play."""


def checked(state: State) -> None:
    """Every field of a state, and every word of it, is one that is played here."""
    known(str(state["Type"]), state)
    for rule in state.get("Choices", ()):
        known("rule", rule)
    for one in ("Retry", "Catch"):
        for entry in state.get(one, ()):
            known(one, entry)
    for retry in state.get("Retry", ()):
        _only(retry["JitterStrategy"], "FULL")
    for where in (state, *state.get("Catch", ())):
        _only(where.get("ResultPath", "$"), None, "$")
    if any("ResultPath" not in caught for caught in state.get("Catch", ())):
        raise Unknown("a Catch that keeps its error in the state")
    if state["Type"] == "Task":
        known("Parameters", state["Parameters"])
        _only(state["Parameters"].get("InvocationType", "Event"), "Event")
        if not any(fnmatchcase(state["Resource"], known) for known in RESOURCES):
            raise Unknown(f"Resource {state['Resource']}")


def known(where: str, given: State) -> None:
    if where not in FIELDS:
        raise Unknown(f"Type {where}")
    if unknown := set(given) - FIELDS[where]:
        raise Unknown(f"{where}: {', '.join(sorted(unknown))}")


def _only(value: object, *known: object) -> None:
    if value not in known:
        raise Unknown(repr(value))
