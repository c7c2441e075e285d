"""Conditional writes and checksums, which MiniStack does evaluate: the copier relies on them."""

import os
from base64 import b64encode

import pytest
from botocore.exceptions import ClientError

from lambdas.aws.checksums import crc32, header
from lambdas.aws.lake import PART, Lake
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


def test_an_object_in_parts_is_held_to_the_checksum_of_the_whole(stack: Stack) -> None:
    """The copier's own upload passes."""
    s3, bucket = stack.aws.client("s3"), stack.outputs["Bucket"]
    data = os.urandom(2 * PART + 7)
    with Lake(s3, bucket).upload("whole", "text/csv") as upload:
        upload.write(data)
        upload.finish()
    assert s3.get_object(Bucket=bucket, Key="whole")["Body"].read() == data


def test_bytes_that_are_altered_on_the_way_are_refused(stack: Stack) -> None:
    """In an object of one piece, in a part, and in parts of which each is right and the whole is not."""
    s3, bucket = stack.aws.client("s3"), stack.outputs["Bucket"]
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(Bucket=bucket, Key="altered", Body=b"1", ChecksumSHA256=b64encode(b"0" * 32).decode())
    where = {"Bucket": bucket, "Key": "altered"}
    how = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
    upload = s3.create_multipart_upload(**where, **how)["UploadId"]
    where["UploadId"] = upload
    right, wrong = header(crc32(b"1")), header(crc32(b"2"))
    with pytest.raises(ClientError, match="BadDigest"):
        s3.upload_part(**where, PartNumber=1, Body=b"1", ChecksumCRC32=wrong)
    tag = s3.upload_part(**where, PartNumber=1, Body=b"1", ChecksumCRC32=right)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag, "ChecksumCRC32": right}]}
    with pytest.raises(ClientError, match="BadDigest"):
        s3.complete_multipart_upload(**where, MultipartUpload=parts, ChecksumCRC32=wrong, ChecksumType="FULL_OBJECT")
    s3.complete_multipart_upload(**where, MultipartUpload=parts, ChecksumCRC32=right, ChecksumType="FULL_OBJECT")
