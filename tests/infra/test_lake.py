"""The buckets."""

import pytest

from tests.infra.template import Resource, Template, many


def bucket(made: Template, start: str) -> Resource:
    (found,) = [one for name, one in made.of("S3::Bucket").items() if name.startswith(start)]
    return found


def rules(made: Template, start: str) -> dict[str, Resource]:
    return {one["Id"]: one for one in bucket(made, start)["LifecycleConfiguration"]["Rules"]}


def test_each_prefix_lives_as_designed(made: Template) -> None:
    """Colder only above 128 KB; what expires in a versioned bucket is gone, and so are its markers."""
    on = {"Status": "Enabled"}
    assert rules(made, "Lake") == {
        "everything": on
        | {
            "Id": "everything",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "ExpiredObjectDeleteMarker": True,
        },
        "raw-colder": on
        | {
            "Id": "raw-colder",
            "Prefix": "raw/",
            "ObjectSizeGreaterThan": 131072,
            "Transitions": [
                {"StorageClass": "STANDARD_IA", "TransitionInDays": 30},
                {"StorageClass": "GLACIER_IR", "TransitionInDays": 90},
            ],
        },
        "quarantine-expire": on
        | {
            "Id": "quarantine-expire",
            "Prefix": "quarantine/",
            "ExpirationInDays": 90,
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        },
    }


def test_raw_files_expire_when_asked(local: Template) -> None:
    """Small ones too: the rule has no size filter."""
    assert rules(local, "Lake")["raw-expire"] == {
        "Id": "raw-expire",
        "Prefix": "raw/",
        "ExpirationInDays": 400,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "Status": "Enabled",
    }


def test_results_of_queries_go_after_a_week(made: Template) -> None:
    """From a bucket without versions, so that they are gone."""
    assert "VersioningConfiguration" not in bucket(made, "Queries")
    assert rules(made, "Queries")["results"] == {
        "Id": "results",
        "ExpirationInDays": 7,
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "Status": "Enabled",
    }


def test_the_lake_keeps_what_was_replaced(made: Template) -> None:
    """Versions are what makes a replacement undoable."""
    assert bucket(made, "Lake")["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("start", ["Lake", "Queries"])
def test_a_bucket_is_closed(made: Template, start: str) -> None:
    """Encrypted, without access lists, not public, by TLS 1.2 only."""
    one = bucket(made, start)
    assert one["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert one["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert set(one["PublicAccessBlockConfiguration"].values()) == {True}
    (policy,) = [row for name, row in made.of("S3::BucketPolicy").items() if name.startswith(start)]
    denied = [row for row in policy["PolicyDocument"]["Statement"] if row["Effect"] == "Deny"]
    conditions = [row["Condition"] for row in denied if many(row["Action"]) == ["s3:*"]]
    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions
    assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in conditions
