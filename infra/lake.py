"""The data bucket: the vendor's bytes, calls, receipts and the ledger's copy, each with its own life."""

from typing import Any

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
    """One versioned bucket, so that what is replaced or deleted by mistake can be had again; or one of the owner's."""

    bucket: s3.IBucket
    shown: str  # its ARN, as cdk-nag's findings write it

    def __init__(self, scope: Construct, name: str, *, settings: Settings) -> None:
        super().__init__(scope, name)
        if settings.bucket:
            self.bucket = s3.Bucket.from_bucket_name(self, "Bucket", settings.bucket)
            self.shown = f"arn:<AWS::Partition>:s3:::{settings.bucket}"
        else:
            self._make(settings)

    def _make(self, settings: Settings) -> None:
        made = buckets.closed(self, "Bucket", settings=settings, rules=rules(settings), versioned=True)
        allow(
            made,
            "S1",
            "Server access logs would copy every key into a third bucket; who needs an audit of reads "
            "turns on CloudTrail data events for this bucket, which also say who it was.",
        )
        size = "CDK writes the size filter as a number, the schema says text; CloudFormation takes either."
        allow(made, "W9003", size, pack="CloudFormation-Validate::")
        inner = made.node.default_child
        assert isinstance(inner, s3.CfnBucket)  # noqa: S101  # for the type checker
        self.bucket, self.shown = made, f"<{made.stack.get_logical_id(inner)}.Arn>"


def lifecycle(settings: Settings) -> dict[str, Any]:
    """The same lives for a bucket of the owner's, as `aws s3api` wants them: below our prefixes, and nowhere else."""
    everything, *rest = rules(settings)
    whole = [_api(everything, f"{prefix.rstrip('/')}-everything", prefix) for prefix in keys.PREFIXES]
    return {"Rules": [*whole, *(_api(one, str(one.id), str(one.prefix)) for one in rest)]}


def _api(rule: s3.LifecycleRule, id: str, prefix: str) -> dict[str, Any]:
    size = {"ObjectSizeGreaterThan": int(rule.object_size_greater_than)} if rule.object_size_greater_than else {}
    told: dict[str, Any] = {
        "ID": f"cdr-{id}",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": prefix, **size}} if size else {"Prefix": prefix},
    }
    if rule.transitions:
        told["Transitions"] = [
            {"Days": _days(one.transition_after), "StorageClass": one.storage_class.value} for one in rule.transitions
        ]
    if rule.expiration:
        told["Expiration"] = {"Days": _days(rule.expiration)}
    if rule.expired_object_delete_marker:
        told["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if rule.noncurrent_version_expiration:
        told["NoncurrentVersionExpiration"] = {"NoncurrentDays": _days(rule.noncurrent_version_expiration)}
    if rule.abort_incomplete_multipart_upload_after:
        told["AbortIncompleteMultipartUpload"] = {
            "DaysAfterInitiation": _days(rule.abort_incomplete_multipart_upload_after)
        }
    return told


def _days(life: Duration | None) -> int:
    return int(life.to_days()) if life else 0


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
