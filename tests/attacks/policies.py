"""A small IAM: whether a synthesized template lets a role, or a stranger, do something to something.

An allow is needed and no deny, as AWS has it (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html),
among the policies that the template holds. A condition that it does not know is an error, not a guess.
"""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.infra.template import Resource, Template, many, text

Context = Mapping[str, str]
# Each: what the request has under the condition's key (None: nothing), and what the policy asks for.
TESTS: Mapping[str, Callable[[str | None, str], bool]] = {
    "StringEquals": lambda has, want: has == want,
    "StringNotEquals": lambda has, want: has != want,
    "ArnLike": lambda has, want: has is not None and fnmatchcase(has, want),
    "Bool": lambda has, want: has == want,
    "Null": lambda has, want: (has is None) == (want == "true"),
    "NumericLessThan": lambda has, want: has is not None and float(has) < float(want),
}


def may(made: Template, role: str, action: str, on: str, context: Context | None = None) -> bool:
    """Whether the role whose logical id starts so may do that."""
    effects = {effect for effect, row in _all(made, role) if _holds(row, action, on, context or {})}
    return effects == {"Allow"}


def denied(made: Template, action: str, on: str, context: Context) -> bool:
    """Whether a resource's own policy forbids it to everybody, an administrator too."""
    return any(effect == "Deny" and _holds(row, action, on, context) for effect, row in _resources(made))


def assumed(made: Template, role: str, service: str, context: Context) -> bool:
    """Whether a service may take on the role on behalf of somebody's resource."""
    ((_, one),) = [(name, one) for name, one in made.of("IAM::Role").items() if name.startswith(role)]
    return any(
        row["Principal"] == {"Service": service} and _met(row.get("Condition", {}), context)
        for row in one["AssumeRolePolicyDocument"]["Statement"]
    )


def grants(made: Template) -> Iterator[tuple[str, Resource]]:
    """Every statement of every role's policy, with the policy's logical id."""
    for name, one in made.of("IAM::Policy").items():
        yield from ((name, row) for row in one["PolicyDocument"]["Statement"])


def _all(made: Template, role: str) -> Iterator[tuple[str, Resource]]:
    yield from ((row["Effect"], row) for name, row in grants(made) if name.startswith(role))
    yield from _resources(made)


def _resources(made: Template) -> Iterator[tuple[str, Resource]]:
    for kind in ("S3::BucketPolicy", "SQS::QueuePolicy"):
        for one in made.of(kind).values():
            yield from ((row["Effect"], row) for row in one["PolicyDocument"]["Statement"])


def _holds(row: Resource, action: str, on: str, context: Context) -> bool:
    of = any(fnmatchcase(action, one) for one in many(row["Action"]))
    there = any(fnmatchcase(on, text(one)) for one in many(row["Resource"]))
    return of and there and _met(row.get("Condition", {}), context)


def _met(conditions: Resource, context: Context) -> bool:
    return all(
        any(TESTS[test](context.get(name), one) for one in _any(test, want))
        for test, keys in conditions.items()
        for name, want in keys.items()
    )


def _any(test: str, want: Any) -> list[str]:
    """A list means any of it, but to a test that negates none of it: which nothing here asks for."""
    assert not (isinstance(want, list) and "Not" in test)
    return [str(one) if isinstance(one, float) else text(one) for one in many(want)]
