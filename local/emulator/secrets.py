"""Ref of an AWS::SecretsManager::Secret: MiniStack gives the secret's name, AWS gives its ARN.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-secretsmanager-secret.html
With the name, every `grant_read` of CDK allows the wrong resource.
"""

from typing import Any

from ministack.services.cloudformation import provisioners

TYPE = "AWS::SecretsManager::Secret"


def apply() -> None:
    provisioners._RESOURCE_HANDLERS[TYPE].update(create=create, update=update, delete=delete)


def create(logical: str, props: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    return _by_arn(provisioners._sm_secret_create(logical, props, stack))


def update(arn: str, old: dict[str, Any], new: dict[str, Any], stack: str, logical_id: str | None = None) -> Any:
    return _by_arn(provisioners._sm_secret_update(name(arn), old, new, stack, logical_id))


def delete(arn: str, props: dict[str, Any]) -> None:
    provisioners._sm_secret_delete(name(arn), props)


def name(arn: str) -> str:
    """`arn:aws:secretsmanager:R:A:secret:cdr/dev/telnyx-1a2b3c` is stored under `cdr/dev/telnyx`."""
    return arn.partition(":secret:")[2].rpartition("-")[0] if arn.startswith("arn:") else arn


def _by_arn(made: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    return made[1]["Arn"], made[1]
