"""The data bucket: the vendor's bytes, calls, receipts and the ledger's copy, each with its own life."""

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import buckets
from infra.checks import allow
from infra.settings import Settings
from lambdas.core import keys

# Below this, the colder classes charge for more than they save: each counts at least 128 KB an object.
SMALL = 128 * 1024
# What has expired is gone for good the day after, not only hidden behind a delete marker.
SOON = 1


class Lake(Construct):
    """One versioned bucket, so that what is replaced or deleted by mistake can be had again."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings) -> None:
        super().__init__(scope, name)
        self.bucket = buckets.closed(self, "Bucket", settings=settings, rules=rules(settings), versioned=True)
        allow(
            self.bucket,
            "S1",
            "Server access logs would copy every key into a third bucket; who needs an audit of reads "
            "turns on CloudTrail data events for this bucket, which also say who it was.",
        )
        size = "CDK writes the size filter as a number, the schema says text; CloudFormation takes either."
        allow(self.bucket, "W9003", size, pack="CloudFormation-Validate::")

    @property
    def id(self) -> str:
        """The bucket's logical id, by which cdk-nag's findings call it."""
        made = self.bucket.node.default_child
        assert isinstance(made, s3.CfnBucket)  # noqa: S101  # for the type checker
        return self.bucket.stack.get_logical_id(made)


def rules(settings: Settings) -> list[s3.LifecycleRule]:
    """The lives of the prefixes (the table of docs/schema.md)."""
    found = [_everything(settings), _raw_colder()]
    found += [_expiry(prefix, settings.quarantine_days) for prefix in keys.EXPIRING]
    if settings.raw_expire_days:
        found.append(_expiry(keys.RAW, settings.raw_expire_days))
    return found


def _everything(settings: Settings) -> s3.LifecycleRule:
    """What was replaced, left half uploaded or deleted, under any prefix."""
    return s3.LifecycleRule(
        id="everything",
        abort_incomplete_multipart_upload_after=Duration.days(1),
        noncurrent_version_expiration=Duration.days(settings.noncurrent_days),
        expired_object_delete_marker=True,
    )


def _raw_colder() -> s3.LifecycleRule:
    """Without an expiry of its own, because the size filter would hold for that too."""
    return s3.LifecycleRule(
        id="raw-colder",
        prefix=keys.RAW,
        object_size_greater_than=SMALL,
        transitions=[
            _colder(s3.StorageClass.INFREQUENT_ACCESS, 30),
            _colder(s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, 90),
        ],
    )


def _colder(storage: s3.StorageClass, days: int) -> s3.Transition:
    return s3.Transition(storage_class=storage, transition_after=Duration.days(days))


def _expiry(prefix: str, days: int) -> s3.LifecycleRule:
    """Delete markers of the prefix go by the rule for everything: S3 refuses both in one rule."""
    return s3.LifecycleRule(
        id=f"{prefix.rstrip('/')}-expire",
        prefix=prefix,
        expiration=Duration.days(days),
        noncurrent_version_expiration=Duration.days(SOON),
    )
