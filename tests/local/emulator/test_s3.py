"""Conditional writes, which MiniStack does evaluate: the copier relies on them."""

import pytest
from botocore.exceptions import ClientError

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud


def test_a_key_is_written_once(stack: Stack) -> None:
    """If-None-Match: * in a versioned bucket."""
    s3, bucket = stack.aws.client("s3"), stack.outputs["Bucket"]
    s3.put_object(Bucket=bucket, Key="once", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="once", Body=b"2", IfNoneMatch="*")


def test_only_the_known_version_is_replaced(stack: Stack) -> None:
    """If-Match."""
    s3, bucket = stack.aws.client("s3"), stack.outputs["Bucket"]
    tag = s3.put_object(Bucket=bucket, Key="match", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="match", Body=b"2", IfMatch=tag)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="match", Body=b"3", IfMatch=tag)


@pytest.mark.parametrize("condition", ["IfNoneMatch", "IfMatch"])
def test_a_multipart_upload_is_bound_as_well(stack: Stack, condition: str) -> None:
    """The condition is asked when the upload is completed."""
    s3, bucket, key = stack.aws.client("s3"), stack.outputs["Bucket"], f"parts-{condition}"
    s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"2")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    given = {condition: "*" if condition == "IfNoneMatch" else '"0123456789abcdef0123456789abcdef"'}
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload, MultipartUpload=parts, **given)
