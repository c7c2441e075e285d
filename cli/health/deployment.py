"""Whether the stack is what this machine would deploy: its status, its functions' version, its exports.toml."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.health.check import Check, again, fail, ok, warn
from cli.stack import FUNCTIONS, Stack
from lambdas import VERSION
from lambdas.core.exports import Exports

WELL = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


def formation(stack: Stack) -> Iterator[Check]:
    """What CloudFormation says of the stack."""
    status = str(stack.told.get("StackStatus", "?"))
    if status in WELL:
        yield ok("stack", f"{stack.name} is {status}")
    elif status.endswith("_IN_PROGRESS"):
        yield warn("stack", f"{stack.name} is {status}", "wait until it is over, and look again")
    elif status == "UPDATE_ROLLBACK_COMPLETE":
        yield warn("stack", f"{stack.name} is {status}: what was deployed last failed", _deploy(stack))
    else:
        yield fail(
            "stack",
            f"{stack.name} is {status}",
            f"its events in CloudFormation's console say why; then {_deploy(stack)}",
        )


def functions(stack: Stack, exports: Exports) -> Iterator[Check]:
    """Version and exports.toml of the bundles, as the variables of each function tell them."""
    told = {one: stack.configuration(one) for one in FUNCTIONS}
    asleep = [one for one, how in told.items() if how.get("State", "Active") not in ("Active", "Inactive")]
    if asleep:
        yield fail("functions", f"{', '.join(asleep)}: not active", _deploy(stack))
    variables = {one: how.get("Environment", {}).get("Variables", {}) for one, how in told.items()}
    yield _version(variables, _deploy(stack))
    yield _exports(variables, exports, _deploy(stack))
    if (level := variables["Requester"].get("POWERTOOLS_LOG_LEVEL", "INFO")) != "INFO":
        yield warn("log level", f"it is {level}", f"cdr show and cdr tail need INFO: {_deploy(stack)}")


def _deploy(stack: Stack) -> str:
    return f"deploy again: {again(stack)}"


def _version(variables: Mapping[str, Mapping[str, Any]], deploy: str) -> Check:
    found = {str(one.get("CDR_VERSION", "unknown")) for one in variables.values()}
    if found == {VERSION}:
        return ok("version", f"the functions are of {VERSION}, as this cdr")
    told = ", ".join(sorted(found))
    return warn(
        "version", f"the functions are of {told}, this cdr is {VERSION}", f"{deploy}; or use the cdr of that version"
    )


def _exports(variables: Mapping[str, Mapping[str, Any]], exports: Exports, deploy: str) -> Check:
    found = {one.get("CDR_EXPORTS") for one in variables.values()}
    if found == {exports.digest}:
        return ok("exports.toml", "the deployed one says what the one here says")
    if found == {None}:
        return warn("exports.toml", "what is deployed does not tell which one it has", deploy)
    return fail("exports.toml", "the one here is not the one that is deployed", f"{deploy}; or take the file that was")
