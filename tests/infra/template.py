"""A synthesized template, asked by type of resource."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Resource = Mapping[str, Any]
# What CloudFormation would put in, for the few tests that want a text without holes.
KNOWN = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}


@dataclass(frozen=True)
class Template:
    """A stack's template; `out` is the assembly that it lies in, `said` what the app said on making it."""

    out: Path
    body: Mapping[str, Any]
    said: str

    @property
    def resources(self) -> Mapping[str, Resource]:
        """All resources by logical id."""
        return dict(self.body["Resources"])

    def of(self, kind: str) -> dict[str, Resource]:
        """The resources of a type, their properties by logical id."""
        return {
            name: one.get("Properties", {}) for name, one in self.resources.items() if one["Type"] == f"AWS::{kind}"
        }

    def one(self, kind: str) -> Resource:
        """The properties of the only resource of a type."""
        (found,) = self.of(kind).values()
        return found

    def statements(self, start: str) -> list[Resource]:
        """The statements of all policies of the role whose logical id starts with `start`."""
        policies = [one for name, one in self.of("IAM::Policy").items() if name.startswith(start)]
        return [statement for one in policies for statement in one["PolicyDocument"]["Statement"]]


def template(out: Path, said: str) -> Template:
    """The one template of an assembly."""
    (path,) = out.glob("*.template.json")
    return Template(out, json.loads(path.read_text()), said)


def text(value: Any) -> str:
    """A value with its intrinsics filled in: references become their logical id in angle brackets."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return KNOWN.get(name, f"<{name}>")
        case {"Fn::GetAtt": [name, what]}:
            return f"<{name}.{what}>"
        case {"Fn::Join": [glue, parts]}:
            return str(glue).join(map(text, parts))
    raise ValueError(f"not a text: {value}")


def many(value: Any) -> list[Any]:
    """What may stand alone or in a list."""
    return value if isinstance(value, list) else [value]


def references(value: Any) -> Iterator[str]:
    """The logical ids that a value refers to."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            yield name
        case dict():
            for one in value.values():
                yield from references(one)
        case list():
            for one in value:
                yield from references(one)
