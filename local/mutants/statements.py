"""Every grant of a synthesized template: of roles, of trust, of resources' own policies, and permissions."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Body = Mapping[str, Any]
Kind = Literal["policy", "trust", "resource", "permission"]
HASH = re.compile(r"[0-9A-F]{8}$")  # CDK's, at the end of a logical id
NOISE = re.compile(r"(FunctionRole|Function|Role)?(DefaultPolicy)?$")
ARN = re.compile(r"arn:[^:]*:([a-z0-9-]+):[^:]*:[^:]*:(.*)", re.DOTALL)
ALIKE = ("StringEquals", "ArnLike")
VENDOR, KEY = "a vendor's secret", "the owner's KMS key"


@dataclass(frozen=True)
class Statement:
    """One statement, and where it stands: the resource, and the way to its document within the properties."""

    logical: str
    way: tuple[str | int, ...]
    index: int
    kind: Kind
    who: str  # whom it lets do something, or whose it is
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]  # in words
    others: tuple[str, ...]  # whom it lets in, where it is not a role's own
    when: str  # on which condition, if any


def many(value: Any) -> list[Any]:
    """What may stand alone or in a list."""
    return value if isinstance(value, list) else [value]


def statements(body: Body) -> Iterator[Statement]:
    """Of all resources, in the template's order."""
    for logical, one in body["Resources"].items():
        if one["Type"] == "AWS::Lambda::Permission":
            yield _permission(body, logical, one["Properties"])
        for way, document in _documents(one.get("Properties", {}), ()):
            rows = many(document["Statement"])
            for index, row in enumerate(rows):
                yield _statement(body, logical, way, index, row)


def _documents(value: Any, way: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Wherever a policy stands in a resource's properties."""
    if isinstance(value, dict):
        if "Statement" in value:
            yield way, value
        else:
            for name, one in value.items():
                yield from _documents(one, (*way, name))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _documents(one, (*way, place))


def _statement(body: Body, logical: str, way: tuple[str | int, ...], index: int, row: Body) -> Statement:
    kind = _kind(body["Resources"][logical]["Type"], way)
    who = _owner(body, logical, kind)
    on = tuple(words(body, one) for one in many(row.get("Resource", {"Ref": logical} if kind == "trust" else "*")))
    others = tuple(f"{words(body, one)}" for one in _principals(row))
    actions, when = tuple(map(str, many(row["Action"]))), _condition(body, row.get("Condition", {}))
    return Statement(logical, way, index, kind, who, row["Effect"], actions, on, others, when)


def _permission(body: Body, logical: str, told: Body) -> Statement:
    function = words(body, told["FunctionName"])
    by = (words(body, told["Principal"]),)
    when = f"for {words(body, told['SourceArn'])}" if "SourceArn" in told else ""
    return Statement(logical, (), 0, "permission", function, "Allow", (told["Action"],), (function,), by, when)


def _kind(type: str, way: tuple[str | int, ...]) -> Kind:
    if "AssumeRolePolicyDocument" in way:
        return "trust"
    return "policy" if type.startswith("AWS::IAM::") else "resource"


def _owner(body: Body, logical: str, kind: Kind) -> str:
    roles = body["Resources"][logical]["Properties"].get("Roles") if kind == "policy" else None
    return words(body, roles[0]) if roles else pretty(logical)


def _condition(body: Body, told: Body) -> str:
    """Which key is what, of all conditions; how it is compared, where it is not with what must be alike."""
    found = [
        f"{'' if test in ALIKE else f'{test} '}{key} {' or '.join(words(body, one) for one in many(value))}"
        for test, keys in told.items()
        for key, value in keys.items()
    ]
    return ", ".join(found)


def _principals(row: Body) -> Iterator[Any]:
    told = row.get("Principal", {})
    for one in told.values() if isinstance(told, dict) else [told]:
        yield from many(one)


def pretty(logical: str) -> str:
    """A logical id as people would say it: CopierFunctionRole3C1DBB11 is the Copier."""
    return NOISE.sub("", HASH.sub("", logical)) or logical


def words(body: Body, value: Any) -> str:
    """A resource or a principal, without what differs from one account or exports.toml to the next."""
    text = _text(body, value)
    if text.startswith("arn:") and (parts := ARN.fullmatch(text)):
        service, rest = parts.groups()
        return {"secretsmanager": VENDOR, "kms": KEY}.get(service, f"{service} {rest}")
    return text


def _text(body: Body, value: Any) -> str:
    match value:
        case str():
            return value
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return name.replace("AWS::", "") if name.startswith("AWS::") else _named(body, name)
        case {"Fn::Join": [glue, parts]}:
            return str(glue).join(_text(body, part) for part in parts)
        case {"Fn::Sub": str(text)}:
            return text
    return str(value)


def _named(body: Body, name: str) -> str:
    one = body["Resources"].get(name, {})
    told = str(one.get("Properties", {}).get("Name", ""))
    if one.get("Type") == "AWS::SecretsManager::Secret" and told and not told.endswith("/pseudonym"):
        return VENDOR
    return pretty(name)
