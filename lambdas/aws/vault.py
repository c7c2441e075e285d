"""The keys in Secrets Manager: read when needed, never logged."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.core.errors import Refused

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"  # Secrets Manager's names of a secret's last two values
# A key of one's own that our role may not use, or a secret marked for deletion: for the operator to mend.
UNREADABLE = ("AccessDeniedException", "DecryptionFailure", "InvalidRequestException")


class Vault:
    """Secrets by name or ARN."""

    def __init__(self, client: "SecretsManagerClient") -> None:
        self._client = client

    def text(self, secret: str, stage: str = CURRENT) -> str | None:
        """The secret's text, as it is now or was before; None while nobody has filled it in."""
        try:
            return self._client.get_secret_value(SecretId=secret, VersionStage=stage).get("SecretString")
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":
                return None
            if code in UNREADABLE:
                raise Refused(f"the secret {secret} cannot be read ({code}): its KMS key, or its deletion") from None
            raise

    def keys(self, secret: str, wanted: tuple[str, ...], stage: str = CURRENT) -> dict[str, str] | None:
        """The fields of a vendor's secret; None while it is empty. Raises Refused for one that does not fit."""
        text = self.text(secret, stage)
        if not text:
            return None
        shape = "{" + ", ".join(f'"{name}": "..."' for name in wanted) + "}"
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            raise Refused(f"the secret {secret} is not JSON: put {shape} into it") from None
        if not isinstance(found, dict) or not all(_key(found.get(name)) for name in wanted):
            raise Refused(f"the secret {secret} lacks a field, or one is no plain text: put {shape} into it")
        return {name: found[name] for name in wanted}


def _key(value: object) -> bool:
    """A header can carry it: a pasted key may hold a dash or a quote that only looks like one."""
    return isinstance(value, str) and bool(value) and value.isascii() and value.isprintable()
