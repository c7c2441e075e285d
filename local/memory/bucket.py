"""S3 in memory, as far as the lake asks it: conditional PUTs, uploads in parts, checksums, and answers to a fence."""

import hashlib
import zlib
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

from botocore.exceptions import ClientError

from lambdas.aws.lake import Lake


@dataclass(frozen=True)
class Thing:
    """One version of an object."""

    body: bytes = field(repr=False)
    metadata: dict[str, str]

    @property
    def etag(self) -> str:
        """As S3 writes it."""
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


class Bucket:
    """The calls of S3's client that the lake makes; `asked` counts them."""

    def __init__(self) -> None:
        self.objects: dict[str, Thing] = {}
        self.asked: Counter[str] = Counter()
        self._begun: dict[str, tuple[dict[str, str], dict[int, bytes]]] = {}
        self._numbers = count(1)

    @property
    def unfinished(self) -> int:
        """How many uploads in parts were begun, and neither completed nor aborted."""
        return len(self._begun)

    def put_object(self, **how: Any) -> dict[str, Any]:
        """Make or replace an object, if its condition holds."""
        self.asked["put"] += 1
        _sound(how, how["Body"], "PutObject")
        return self._put(how, how["Body"], how.get("Metadata", {}))

    def head_object(self, **how: Any) -> dict[str, Any]:
        """The ETag and metadata of an object."""
        self.asked["head"] += 1
        there = self.objects.get(how["Key"])
        if there is None:
            raise _error("404", "HeadObject")
        return {"ETag": there.etag, "Metadata": there.metadata}

    def create_multipart_upload(self, **how: Any) -> dict[str, Any]:
        """Begin an upload in parts."""
        self.asked["begin"] += 1
        name = str(next(self._numbers))
        self._begun[name] = (how.get("Metadata", {}), {})
        return {"UploadId": name}

    def upload_part(self, **how: Any) -> dict[str, Any]:
        """Take one part."""
        self.asked["part"] += 1
        _sound(how, how["Body"], "UploadPart")
        self._begun[how["UploadId"]][1][how["PartNumber"]] = bytes(how["Body"])  # whoever sent it uses it again
        return {"ETag": str(how["PartNumber"])}

    def complete_multipart_upload(self, **how: Any) -> dict[str, Any]:
        """Make the parts one object, if its condition holds; if not, they are still there."""
        self.asked["complete"] += 1
        metadata, parts = self._begun[how["UploadId"]]
        for part in how["MultipartUpload"]["Parts"]:
            _sound(part, parts[part["PartNumber"]], "CompleteMultipartUpload")
        whole = b"".join(parts[part["PartNumber"]] for part in how["MultipartUpload"]["Parts"])
        _sound(how, whole, "CompleteMultipartUpload")
        told = self._put(how, whole, metadata)
        del self._begun[how["UploadId"]]
        return told

    def abort_multipart_upload(self, **how: Any) -> None:
        """Forget the parts."""
        self.asked["abort"] += 1
        self._begun.pop(how["UploadId"], None)

    def _put(self, how: dict[str, Any], body: bytes, metadata: dict[str, str]) -> dict[str, Any]:
        self._fence(how["Key"], how)
        self.objects[how["Key"]] = Thing(body, metadata)
        return {"ETag": self.objects[how["Key"]].etag}

    def _fence(self, key: str, how: dict[str, Any]) -> None:
        there = self.objects.get(key)
        if "IfNoneMatch" in how and there is not None:
            raise _error("PreconditionFailed", "PutObject")
        if "IfMatch" in how and there is None:
            raise _error("NoSuchKey", "PutObject")
        if "IfMatch" in how and there is not None and there.etag != how["IfMatch"]:
            raise _error("PreconditionFailed", "PutObject")


def lake(bucket: Any) -> Lake:
    """The lake over such a bucket: its own code, without S3."""
    return Lake(cast(Any, bucket), "lake")


def _sound(how: dict[str, Any], body: bytes | bytearray, operation: str) -> None:
    """Every checksum that came along is that of the bytes, as S3 holds it against them."""
    counted = {"ChecksumSHA256": hashlib.sha256(body).digest(), "ChecksumCRC32": zlib.crc32(body).to_bytes(4, "big")}
    if any(name in how and how[name] != b64encode(one).decode() for name, one in counted.items()):
        raise _error("BadDigest", operation)


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
