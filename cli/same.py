"""Whether the exports.toml and the code of this machine are the deployed ones, before an operator acts by them."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.health.check import again
from cli.stack import Stack
from cli.wrong import Wrong
from lambdas import VERSION
from lambdas.core.exports import Exports


def same(stack: Stack, exports: Exports) -> None:
    """For who publishes: under another privacy than the copier's, numbers would be there for good. Raises Wrong."""
    if "Copier" not in stack.outputs:
        raise Wrong(f"the stack {stack.name} does not tell which exports.toml it has: deploy again: {again(stack)}")
    if found := list(_others(stack, exports)):
        raise Wrong("\n".join(found))


def warned(stack: Stack, exports: Exports) -> list[str]:
    """What is another, for who only moves windows: nothing, where he may not look."""
    try:
        return list(_others(stack, exports)) if "Copier" in stack.outputs else []
    except (BotoCoreError, ClientError):
        return []


def _others(stack: Stack, exports: Exports) -> Iterator[str]:
    told: Mapping[str, Any] = stack.configuration("Copier").get("Environment", {}).get("Variables", {})
    if told.get("CDR_EXPORTS") != exports.digest:
        file = f"the exports.toml here is not the one that stage {stack.place.stage} was deployed with"
        yield f"{file}: take that file (--exports FILE), or deploy this one: {again(stack)}"
    if (version := told.get("CDR_VERSION", "an unknown version")) != VERSION:
        code = f"the copier is of {version}, this cdr is {VERSION}"
        yield f"{code}: use the cdr of that version, or deploy this one: {again(stack)}"
