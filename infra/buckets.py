"""Buckets that are shut: encrypted, private, by TLS only; and the one that has something to lose, guarded."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import encryption
from infra.settings import Settings

SSE = "s3:x-amz-server-side-encryption"
# Whoever means to destroy versions, or the bucket, puts this tag on the role that they do it with.
ERASER, YES = "cdr-erase", "yes"


def closed(
    scope: Construct, name: str, *, settings: Settings, rules: Sequence[s3.LifecycleRule], versioned: bool = False
) -> s3.Bucket:
    """A bucket whose policy allows nobody anything: who may come in, the roles of this account say."""
    key = encryption.key(scope, settings)
    removal = RemovalPolicy.RETAIN if settings.keep else RemovalPolicy.DESTROY
    bucket = s3.Bucket(
        scope,
        name,
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        bucket_key_enabled=True if key else None,  # one request to KMS for many objects
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        versioned=versioned,
        lifecycle_rules=list(rules),
        removal_policy=removal,
    )
    for denied in _denied(bucket, settings, guarded=versioned and settings.keep):
        bucket.add_to_resource_policy(denied)
    if bucket.policy:
        bucket.policy.apply_removal_policy(removal)  # a bucket that outlives the stack stays shut
    return bucket


def _denied(bucket: s3.Bucket, settings: Settings, *, guarded: bool) -> list[iam.PolicyStatement]:
    everything = bucket.arn_for_objects("*")
    # Under a key that comes with the request, nobody but its sender could read the object again.
    found = [_deny("s3:PutObject", on=[everything], when={"Null": {f"{SSE}-customer-algorithm": "false"}})]
    if settings.kms_key:
        # Who names an encryption names this key; a request that names none gets the bucket's own.
        other = {"Null": {SSE: "false"}, "StringNotEquals": {f"{SSE}-aws-kms-key-id": settings.kms_key}}
        found.append(_deny("s3:PutObject", on=[everything], when=other))
    if guarded:
        # Lifecycle rules are S3's own and go on. Versioning and rules may be changed: CloudFormation sets both.
        unmarked = {"StringNotEquals": {f"aws:PrincipalTag/{ERASER}": YES}}
        found.append(_deny("s3:DeleteObjectVersion", on=[everything], when=unmarked))
        found.append(_deny("s3:DeleteBucket", on=[bucket.bucket_arn], when=unmarked))
    return found


def _deny(action: str, *, on: list[str], when: dict[str, dict[str, str]]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=iam.Effect.DENY, principals=[iam.AnyPrincipal()], actions=[action], resources=on, conditions=when
    )
