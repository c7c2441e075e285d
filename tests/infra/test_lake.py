"""The buckets."""

import json
from pathlib import Path

import pytest

from infra.lake import lifecycle
from infra.settings import settings
from lambdas.core import keys
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


def test_a_bucket_of_the_owner_s_gets_the_same_lives_below_our_prefixes(made: Template) -> None:
    """As `aws s3api` takes them; what else is in the bucket is not touched."""
    found = {one["ID"]: one for one in lifecycle(settings(lambda _: None))["Rules"]}
    ours = rules(made, "Lake")
    assert set(found) == {f"cdr-{prefix[:-1]}-everything" for prefix in keys.PREFIXES} | {
        "cdr-raw-colder", "cdr-quarantine-expire",
    }  # fmt: skip
    for prefix in keys.PREFIXES:
        one = found[f"cdr-{prefix[:-1]}-everything"]
        assert one["Filter"] == {"Prefix": prefix}
        assert one["NoncurrentVersionExpiration"] == ours["everything"]["NoncurrentVersionExpiration"]
        assert one["AbortIncompleteMultipartUpload"] == ours["everything"]["AbortIncompleteMultipartUpload"]
        assert one["Expiration"] == {"ExpiredObjectDeleteMarker": True}
    assert found["cdr-quarantine-expire"]["Expiration"] == {"Days": ours["quarantine-expire"]["ExpirationInDays"]}
    assert found["cdr-raw-colder"]["Filter"] == {"And": {"Prefix": "raw/", "ObjectSizeGreaterThan": 131072}}
    assert [(one["Days"], one["StorageClass"]) for one in found["cdr-raw-colder"]["Transitions"]] == [
        (one["TransitionInDays"], one["StorageClass"]) for one in ours["raw-colder"]["Transitions"]
    ]


def test_the_page_on_deploying_holds_these_rules() -> None:
    """They can be pasted."""
    page = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text("utf-8")
    block = page.partition("```json\n")[2].partition("```")[0]
    assert json.loads(block) == lifecycle(settings(lambda _: None))
