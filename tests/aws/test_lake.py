"""The lake: an object is there whole or not at all, and replaces only what it was meant to replace."""

import os
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.aws import lake as room
from lambdas.aws.lake import Fenced, Lake
from tests.world import REGION

KEY = "calls/a.parquet"
BIG = os.urandom(1 << 20) * 25  # three parts


@pytest.fixture
def s3(lake: Lake) -> Any:
    return boto3.client("s3", REGION)


def body(s3: Any, key: str = KEY) -> bytes:
    return bytes(s3.get_object(Bucket="lake", Key=key)["Body"].read())


def unfinished(s3: Any) -> list[Any]:
    return list(s3.list_multipart_uploads(Bucket="lake").get("Uploads", []))


def put(lake: Lake, data: bytes, **fence: Any) -> str:
    with lake.upload(KEY, "application/octet-stream", {"turn": "r0.a1.k1"}) as upload:
        upload.write(data)
        return upload.finish(**fence)


@pytest.mark.parametrize("size", [0, 1, room.PART, 2 * room.PART - 1])
def test_what_is_small_is_one_put(lake: Lake, s3: Any, size: int) -> None:
    """Of whatever was written until the end; its ETag is no multipart one."""
    etag = put(lake, BIG[:size])
    assert body(s3) == BIG[:size]
    assert "-" not in etag
    assert lake.etag(KEY) == (etag, {"turn": "r0.a1.k1"})


@pytest.mark.parametrize("step", [1 << 16, 9 << 20, 25 << 20])
def test_what_is_large_goes_in_parts(lake: Lake, s3: Any, step: int) -> None:
    """However it is written; type and metadata come along, and no upload is left open."""
    with lake.upload(KEY, "text/csv", {"tag": "cdr1"}) as upload:
        for at in range(0, len(BIG), step):
            upload.write(BIG[at : at + step])
        assert lake.etag(KEY) is None
        etag = upload.finish()
    assert body(s3) == BIG and upload.size == len(BIG)
    assert etag.strip('"').endswith("-3")
    head = s3.head_object(Bucket="lake", Key=KEY)
    assert (head["ContentType"], head["Metadata"]) == ("text/csv", {"tag": "cdr1"})
    assert unfinished(s3) == []


@pytest.mark.parametrize("size", [100, len(BIG)])
def test_what_is_not_finished_leaves_nothing(lake: Lake, s3: Any, size: int) -> None:
    """Neither an object nor an open upload, also when the writer dies."""
    with pytest.raises(RuntimeError), lake.upload(KEY, "text/csv") as upload:
        upload.write(BIG[:size])
        raise RuntimeError
    assert upload.closed
    assert lake.etag(KEY) is None and unfinished(s3) == []


def test_a_part_that_fails_fails_the_whole(lake: Lake, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the latest when it is finished, and nothing is left open."""

    def broken(self: room.Upload, number: int, data: bytes) -> dict[str, Any]:
        raise RuntimeError("no network")

    monkeypatch.setattr(room.Upload, "_part", broken)
    with pytest.raises(RuntimeError, match="no network"), lake.upload(KEY, "text/csv") as upload:
        upload.write(BIG)
        upload.finish()
    assert lake.etag(KEY) is None and unfinished(s3) == []


def test_the_first_publish_is_only_where_nothing_is(lake: Lake, s3: Any) -> None:
    """A second one with the same fence is told, and what was there stays."""
    put(lake, b"one", fenced=True)
    with pytest.raises(Fenced, match="calls/a"):
        put(lake, b"two", fenced=True)
    assert body(s3) == b"one"


def test_a_replacement_replaces_what_it_read(lake: Lake, s3: Any) -> None:
    """By its ETag; versioning keeps what was replaced."""
    first = put(lake, b"one", fenced=True)
    second = put(lake, b"two", fence=first, fenced=True)
    with pytest.raises(Fenced):
        put(lake, b"three", fence=first, fenced=True)
    assert body(s3) == b"two" and lake.etag(KEY) == (second, {"turn": "r0.a1.k1"})
    assert len(s3.list_object_versions(Bucket="lake", Prefix=KEY)["Versions"]) == 2


def test_a_replacement_of_what_is_gone_is_fenced(lake: Lake) -> None:
    """Somebody deleted it: the ledger and the lake disagree."""
    first = put(lake, b"one")
    boto3.client("s3", REGION).delete_object(Bucket="lake", Key=KEY)
    with pytest.raises(Fenced):
        put(lake, b"two", fence=first, fenced=True)
    assert lake.etag(KEY) is None


def test_a_refused_completion_can_be_tried_again_without_a_byte_twice(lake: Lake, s3: Any) -> None:
    """A large file whose fence was wrong: its last part is sent once."""
    first = put(lake, b"one")
    with lake.upload(KEY, "text/csv") as upload:
        upload.write(BIG)
        with pytest.raises(Fenced):
            upload.finish(fenced=True)
        upload.finish(fence=first, fenced=True)
    assert body(s3) == BIG and unfinished(s3) == []


def test_a_small_thing_is_written_as_json(lake: Lake, s3: Any) -> None:
    """On one line, times and money as texts."""
    lake.write("receipts/a.json", {"a": [1, None], "b": "ü"})
    assert body(s3, "receipts/a.json") == b'{"a":[1,null],"b":"\\u00fc"}'
    assert s3.head_object(Bucket="lake", Key="receipts/a.json")["ContentType"] == "application/json"


def test_what_is_not_there_has_no_etag(lake: Lake) -> None:
    """And another error is no absence."""
    assert lake.etag("nothing") is None
    with pytest.raises(ClientError, match="403"):
        Lake(_forbidden(), "lake").etag("nothing")


def _forbidden() -> Any:
    """A client to which S3 says no."""
    client = boto3.client("s3", REGION)
    stub = Stubber(client)
    stub.add_client_error("head_object", "403", "Forbidden", 403)
    stub.activate()
    return client


def test_what_comes_after_the_end_begins_nothing_anew(lake: Lake, s3: Any) -> None:
    """A writer that an error interrupted may write its footer whenever it is collected."""
    with pytest.raises(OSError, match="broke off"), lake.upload(KEY, "text/csv") as upload:
        upload.write(BIG[: 2 * room.PART - 1])
        raise OSError("the download broke off")
    assert upload.write(BIG) == len(BIG)
    assert unfinished(s3) == [] and lake.etag(KEY) is None
