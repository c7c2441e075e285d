"""AWS::Athena::NamedQuery, which MiniStack's CloudFormation does not know, though its Athena keeps such queries.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-athena-namedquery.html
"""

import json
from typing import Any

from ministack.services import athena
from ministack.services.cloudformation import provisioners

TYPE = "AWS::Athena::NamedQuery"
NEEDED = ("Database", "QueryString")


def apply() -> None:
    provisioners._RESOURCE_HANDLERS[TYPE] = {"create": create, "update": update, "delete": delete}


def create(logical: str, props: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
    """Ref is the query's id."""
    for name in NEEDED:
        if not props.get(name):
            raise ValueError(f"Property validation failure: [The property {{/{name}}} is required]")
    if props.get("WorkGroup", "primary") not in athena._workgroups:
        raise ValueError(f"WorkGroup {props['WorkGroup']} is not found")
    _, _, body = athena._create_named_query({"Name": logical, **props})
    made = str(json.loads(body)["NamedQueryId"])
    return made, {"NamedQueryId": made}


def update(query: str, _old: dict[str, Any], new: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    """Every property is replaced by a new query."""
    made = create(query, new, stack)
    delete(query, new)
    return made


def delete(query: str, _props: dict[str, Any]) -> None:
    athena._delete_named_query({"NamedQueryId": query})
