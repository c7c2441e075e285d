"""The mutants of a template: a statement less one action on one resource, a permission, a trust."""

import copy
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from local.mutants.statements import Body, Statement, many, statements

# A document may not be empty: in place of its only statement stands one that lets nobody do anything.
NOTHING: dict[str, Any] = {"Effect": "Deny", "Action": "none:None", "Resource": "*"}
NOBODY: dict[str, Any] = {
    "Effect": "Deny",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "lambda.amazonaws.com"},
}
STICKY = "secretsmanager:"  # a function remembers what it read


@dataclass(frozen=True)
class Mutant:
    """One grant less; `action` and `resource` are places in the statement."""

    of: Statement
    action: int = 0
    resource: int = 0

    @property
    def name(self) -> str:
        """What is taken away, in one line."""
        one = self.of
        let = f" by {', '.join(one.others)}" if one.others else ""
        word = {"trust": "is trusted to be", "permission": "lets itself be called:"}.get(one.kind, "may")
        if one.kind in ("trust", "permission"):
            return f"{one.who} {word} {one.actions[0]}{let}"
        when = f", {one.when}" if one.when else ""
        return f"{one.who} {word} {one.actions[self.action]} on {one.resources[self.resource]}{let}{when}"

    @property
    def sticky(self) -> bool:
        """Whether a function that runs already would not notice."""
        return self.of.kind == "trust" or self.of.actions[self.action].startswith(STICKY)


def mutants(body: Body) -> Iterator[Mutant]:
    """The finest there are: who needs a part of a statement needs the statement."""
    for one in statements(body):
        if one.effect == "Allow":
            for action in range(len(one.actions)):
                yield from (Mutant(one, action, resource) for resource in range(len(one.resources)))


def without(body: Body, gone: Iterable[Mutant]) -> dict[str, Any]:
    """The template less these grants."""
    made: dict[str, Any] = copy.deepcopy(dict(body))
    by: dict[tuple[str, tuple[str | int, ...]], dict[int, set[tuple[int, int]]]] = {}
    for mutant in gone:
        if mutant.of.kind == "permission":
            _remove(made, mutant.of.logical)
        else:
            document = by.setdefault((mutant.of.logical, mutant.of.way), {})
            document.setdefault(mutant.of.index, set()).add((mutant.action, mutant.resource))
    for (logical, way), dropped in by.items():
        _less(made["Resources"][logical]["Properties"], way, dropped)
    return made


def _remove(made: dict[str, Any], logical: str) -> None:
    """A resource, and what others say that they wait for it."""
    del made["Resources"][logical]
    for one in made["Resources"].values():
        if logical in many(one.get("DependsOn", [])):
            one["DependsOn"] = [name for name in many(one["DependsOn"]) if name != logical]


def _less(properties: Any, way: tuple[str | int, ...], dropped: dict[int, set[tuple[int, int]]]) -> None:
    document = properties
    for step in way:
        document = document[step]
    rows = many(document["Statement"])
    left = [new for index, row in enumerate(rows) for new in _rest(row, dropped.get(index, set()))]
    empty = NOBODY if "AssumeRolePolicyDocument" in way else NOTHING
    document["Statement"] = left or [empty if "Principal" not in rows[0] or empty is NOBODY else _shut(rows[0])]


def _shut(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "Effect": "Deny"}


def _rest(row: dict[str, Any], dropped: set[tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """What a statement still allows, each action with the resources that are left to it."""
    if not dropped:
        yield row
        return
    actions, resources = many(row["Action"]), many(row.get("Resource", "*"))
    for a, action in enumerate(actions):
        left = [one for r, one in enumerate(resources) if (a, r) not in dropped]
        if left:
            yield {**row, "Action": action, **({"Resource": left} if "Resource" in row else {})}


def read(path: Any) -> dict[str, Any]:
    """A template's file."""
    return dict(json.loads(path.read_text()))
