"""Encryption at rest: under keys of AWS's own, or under the owner's KMS key, and then who may use it for what."""

from collections.abc import Iterable, Mapping

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.settings import Settings

DECRYPT, GENERATE, DESCRIBE = "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"
# The table's key is decrypted for each caller, who writes as well as who reads, five minutes after its last call:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
_TABLE = (DECRYPT, DESCRIBE)
# What one of our actions needs of the key that its object lies under.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "s3:GetObject": (DECRYPT,),
    # To decrypt, because the parts of an upload are encrypted under the key that its beginning generated.
    "s3:PutObject": (DECRYPT, GENERATE),
    **dict.fromkeys(("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"), _TABLE),
    "secretsmanager:GetSecretValue": (DECRYPT,),
    "sqs:SendMessage": (DECRYPT, GENERATE),
}


def key(scope: Construct, settings: Settings) -> kms.IKey | None:
    """The owner's key, which is theirs to make and to end; None where AWS's own are used."""
    return kms.Key.from_key_arn(scope, "Key", settings.kms_key) if settings.kms_key else None


def uses(actions: Iterable[str], arn: str | None) -> list[iam.PolicyStatement]:
    """What a role must be let do with the key to do these: through that service alone, never by itself."""
    wanted: dict[str, set[str]] = {}
    for action in actions if arn else ():
        if needs := NEEDS.get(action):
            wanted.setdefault(action.partition(":")[0], set()).update(needs)
    return [
        iam.PolicyStatement(
            actions=sorted(needs),
            resources=[arn or ""],
            conditions={"StringEquals": {"kms:ViaService": f"{service}.{Aws.REGION}.{Aws.URL_SUFFIX}"}},
        )
        for service, needs in wanted.items()
    ]


def within(*actions: str, arn: str, context: str, value: str) -> iam.PolicyStatement:
    """What a role may do with the key where what is encrypted belongs to one resource, as its context says."""
    test = "ArnLike" if value.endswith("/*") else "StringEquals"
    conditions = {test: {f"kms:EncryptionContext:{context}": value}}
    return iam.PolicyStatement(actions=list(actions), resources=[arn], conditions=conditions)
