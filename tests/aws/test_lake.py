"""The lake: an object is there whole or not at all, and replaces only what it was meant to replace."""

import os
import zlib
from base64 import b64encode
from hashlib import sha256
from threading import Event
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber

from lambdas.aws import lake as room
from lambdas.aws.checksums import combined, crc32
from lambdas.aws.lake import Fenced, Lake
from lambdas.core.errors import Broken
from local.memory.bucket import Bucket
from local.memory.bucket import lake as remembered
from tests.world import REGION

KEY = "calls/a.parquet"
BIG = os.urandom(3 * room.PART + (1 << 20))  # four parts


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


@pytest.mark.parametrize("size", [0, 1, room.PART])
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
    assert etag.strip('"').endswith("-4")
    head = s3.head_object(Bucket="lake", Key=KEY)
    assert (head["ContentType"], head["Metadata"]) == ("text/csv", {"tag": "cdr1"})
    assert unfinished(s3) == []


@pytest.mark.parametrize("data", [b"abc", bytearray(b"abc"), memoryview(b"abc"), memoryview(b"xabcx")[1:4]])
def test_bytes_of_any_kind_are_taken(lake: Lake, s3: Any, data: bytes) -> None:
    """And counted as such."""
    with lake.upload(KEY, "text/csv") as upload:
        assert upload.write(data) == 3
        upload.finish()
    assert body(s3) == b"abc" and upload.size == 3


@pytest.mark.parametrize("size", [0, 100, len(BIG)])
def test_the_digest_is_that_of_the_object(lake: Lake, s3: Any, size: int) -> None:
    """Before its end and after."""
    with lake.upload(KEY, "text/csv") as upload:
        upload.write(BIG[:size])
        before = upload.sha256
        upload.finish()
    assert before == upload.sha256 == sha256(body(s3)).hexdigest()


def test_what_is_written_may_be_written_over(lake: Lake, s3: Any) -> None:
    """The lake has its own copy: the download uses its buffer again."""
    piece, told = bytearray(3 << 20), bytearray()
    with lake.upload(KEY, "text/csv") as upload:
        for number in range(20):
            piece[:] = bytes([number]) * len(piece)
            told += piece
            upload.write(piece)
        upload.finish()
    assert body(s3) == told


class Altering(Bucket):
    """S3 at the end of a line that alters a byte, forgets a part or swaps two; `broken` says where."""

    def __init__(self, broken: str) -> None:
        super().__init__()
        self.broken = broken

    def put_object(self, **how: Any) -> dict[str, Any]:
        return super().put_object(**{**how, "Body": how["Body"][:-1] + b"?"})

    def upload_part(self, **how: Any) -> dict[str, Any]:
        if self.broken == "part" and how["PartNumber"] == 2:
            how["Body"] = how["Body"][:-1] + b"?"
        return super().upload_part(**how)

    def complete_multipart_upload(self, **how: Any) -> dict[str, Any]:
        parts = how["MultipartUpload"]["Parts"]
        if self.broken == "forgotten":
            del parts[1]
        if self.broken == "swapped":
            parts[:2] = reversed(parts[:2])
        return super().complete_multipart_upload(**how)


@pytest.mark.parametrize(("broken", "size", "told"), [
    ("put", 100, "SHA-256 [0-9a-f]{64} of 100 bytes"),
    ("part", len(BIG), f"CRC-32 [0-9a-f]{{8}} of {room.PART} bytes in part 2"),
    ("forgotten", len(BIG), f"CRC-32 [0-9a-f]{{8}} of {len(BIG)} bytes in 4 parts"),
    ("swapped", len(BIG), f"CRC-32 [0-9a-f]{{8}} of {len(BIG)} bytes in 4 parts"),
])  # fmt: skip
def test_what_is_altered_on_the_way_is_not_published(broken: str, size: int, told: str) -> None:
    """S3 counts for itself; nothing is left behind."""
    bucket = Altering(broken)
    with pytest.raises(Broken, match=told), remembered(bucket).upload(KEY, "text/csv") as upload:
        upload.write(BIG[:size])
        upload.finish()
    assert bucket.objects == {} and bucket.unfinished == 0


def test_s3_is_told_the_checksum_of_every_request_and_of_the_whole(lake: Lake, s3: Any) -> None:
    """Those that S3 compares; the whole's is made of the parts', without reading a byte twice."""
    asked: list[tuple[str, dict[str, Any]]] = []
    s3.meta.events.register("provide-client-params.s3", lambda params, model, **_: asked.append((model.name, params)))
    with Lake(s3, "lake").upload(KEY, "text/csv") as upload:
        upload.write(BIG)
        upload.finish()
    put(Lake(s3, "lake"), b"small")
    assert {name for name, how in asked if not [one for one in how if one.startswith("Checksum")]} == set()
    done = next(how for name, how in asked if name == "CompleteMultipartUpload")
    head = s3.get_object_attributes(Bucket="lake", Key=KEY, ObjectAttributes=["Checksum"])
    assert (done["ChecksumType"], done["ChecksumCRC32"]) == ("FULL_OBJECT", crc(BIG)) and head


def crc(data: bytes) -> str:
    """By the standard library."""
    return b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


@pytest.mark.parametrize("sizes", [(), (1,), (0, 5, 0), (100, 1, 70_000), (room.PART, room.PART, 3)])
def test_a_checksum_of_the_whole_is_made_of_the_parts(sizes: tuple[int, ...]) -> None:
    """As if it had been counted from its first byte to its last."""
    parts = [os.urandom(size) for size in sizes]
    assert combined((zlib.crc32(part), len(part)) for part in parts) == zlib.crc32(b"".join(parts))
    assert all(crc32(part) == zlib.crc32(part) for part in parts)


@pytest.mark.parametrize("size", [100, len(BIG)])
def test_what_is_not_finished_leaves_nothing(lake: Lake, s3: Any, size: int) -> None:
    """Neither an object nor an open upload, also when the writer dies."""
    with pytest.raises(RuntimeError), lake.upload(KEY, "text/csv") as upload:
        upload.write(BIG[:size])
        raise RuntimeError
    assert upload.closed
    assert lake.etag(KEY) is None and unfinished(s3) == []


class Failing(Bucket):
    """S3 that does not answer to one operation; `gone` is set once it has not."""

    def __init__(self, operation: str, *, number: int = 1) -> None:
        super().__init__()
        self.operation, self.number, self.gone = operation, number, Event()

    def upload_part(self, **how: Any) -> dict[str, Any]:
        if self.operation == "part" and how["PartNumber"] == self.number:
            self._fail()
        return super().upload_part(**how)

    def complete_multipart_upload(self, **how: Any) -> dict[str, Any]:
        if self.operation == "complete":
            self._fail()
        return super().complete_multipart_upload(**how)

    def abort_multipart_upload(self, **how: Any) -> None:
        if self.operation == "abort":
            self._fail()
        super().abort_multipart_upload(**how)

    def _fail(self) -> None:
        self.gone.set()
        raise EndpointConnectionError(endpoint_url="s3")


def test_a_part_that_fails_is_told_by_the_next_write() -> None:
    """Not after another gigabyte; nothing is left open."""
    bucket = Failing("part")
    with remembered(bucket).upload(KEY, "text/csv") as upload:
        upload.write(BIG[: room.PART + 1])
        assert bucket.gone.wait(5)
        with pytest.raises(EndpointConnectionError):
            while True:  # what failed is known an instant after it failed
                upload.write(b"")
    assert bucket.objects == {} and bucket.unfinished == 0


@pytest.mark.parametrize(("operation", "number"), [("part", 1), ("part", 2), ("part", 4), ("complete", 1)])
def test_a_failure_at_the_end_fails_the_whole(operation: str, number: int) -> None:
    """The last part's, which nobody writes after, and the completion's own; nothing is left open."""
    bucket = Failing(operation, number=number)
    with pytest.raises(EndpointConnectionError), remembered(bucket).upload(KEY, "text/csv") as upload:
        upload.write(BIG)
        upload.finish()
    assert upload.closed and bucket.objects == {} and bucket.unfinished == 0


def test_a_failure_to_abort_does_not_hide_what_went_wrong() -> None:
    """The lifecycle rule ends what is left then."""
    bucket = Failing("abort")
    with pytest.raises(OSError, match="broke off"), remembered(bucket).upload(KEY, "text/csv") as upload:
        upload.write(BIG)
        raise OSError("the download broke off")
    assert upload.closed and bucket.gone.is_set()


def test_memory_does_not_grow_with_the_object() -> None:
    """The writer waits for the parts that fly, and a few buffers serve all the parts of all the files."""
    seen, most, flying = set[int](), 0, 0

    class Watched(Bucket):
        def upload_part(self, **how: Any) -> dict[str, Any]:
            nonlocal most, flying
            flying += 1
            most = max(most, flying)
            seen.add(id(how["Body"]))
            told = super().upload_part(**{**how, "Body": b"", "ChecksumCRC32": crc(b"")})
            flying -= 1
            return told

    lake = remembered(Watched())
    for _ in range(2):
        with lake.upload(KEY, "text/csv") as upload:
            for _ in range(8):
                upload.write(BIG[: room.PART])
    assert most <= room.FLYING and len(seen) <= room.FLYING + 2


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
        upload.write(BIG[: room.PART])
        raise OSError("the download broke off")
    assert upload.write(BIG) == len(BIG)
    assert unfinished(s3) == [] and lake.etag(KEY) is None
