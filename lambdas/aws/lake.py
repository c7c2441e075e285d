"""The lake in S3: objects that come as a stream, appear whole or not at all, and replace each other under a fence."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.aws.checksums import BAD, combined, crc32, header
from lambdas.core.errors import Broken

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from mypy_boto3_s3 import S3Client

PART = 5 << 20  # bytes; what fits in one part is a single PUT
# Not as expected; a concurrent write; and what is left of an upload after one.
FENCED = ("PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchKey", "NoSuchUpload")
FLYING = 2  # parts on their way at a time, so that memory stays flat


class Fenced(Exception):
    """The object is not the one that we meant to replace."""


class Lake:
    """One bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket
        self._spare = list[bytearray]()

    def upload(self, key: str, kind: str, metadata: dict[str, str] | None = None) -> "Upload":
        """A file to write to; nothing is visible before its `finish`."""
        where, made = {"Bucket": self._bucket, "Key": key}, {"ContentType": kind, "Metadata": metadata or {}}
        return Upload(self._client, where, made, self._spare)

    def write(self, key: str, value: Any) -> None:
        """A small object of JSON, one line."""
        text = json.dumps(value, separators=(",", ":"), default=str)
        with self.upload(key, "application/json") as upload:
            upload.write(text.encode())
            upload.finish()

    def replace(self, key: str, data: bytes, kind: str, *, fence: str | None) -> None:
        """A small object in place of the one whose ETag is `fence`, or of none. Raises Fenced."""
        with self.upload(key, kind) as upload:
            upload.write(data)
            upload.finish(fence=fence, fenced=True)

    def etag(self, key: str) -> tuple[str, dict[str, str]] | None:
        """ETag and metadata of the current object; None when there is none."""
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
        return head["ETag"], head["Metadata"]


@dataclass(frozen=True)
class Part:
    """A part that S3 has."""

    number: int
    etag: str
    crc: int
    size: int

    @property
    def told(self) -> dict[str, Any]:
        """As the completion names it."""
        return {"PartNumber": self.number, "ETag": self.etag, "ChecksumCRC32": header(self.crc)}


class Upload:
    """A writable file in S3: one PUT when it is small, parts in flight when it is not; aborted unless finished.

    S3 is told a checksum of each request's bytes and of the whole object, and takes nothing else: Broken. What went
    wrong with a part is raised by the next write, or by the end.
    """

    def __init__(self, client: "S3Client", where: dict[str, str], made: dict[str, Any], spare: list[bytearray]) -> None:
        self._client, self._where, self._made = client, where, made
        self._digest = hashlib.sha256()
        # A few buffers in turns, whoever fills them: new memory for each part costs more than sending it (0.8 s of CPU
        # a GB, for the pages).
        self._spare, self._buffer, self._filled = spare, bytearray(), 0
        self._id: str | None = None
        self._parts: list[Future[Part]] = []
        self._pool: ThreadPoolExecutor | None = None
        self.size = 0
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self.closed:
            with suppress(ClientError, BotoCoreError):  # the lifecycle rule ends it; the first error must not be hidden
                self.abort()

    @property
    def requests(self) -> int:
        """How many it takes: one PUT, or each part, the beginning and the end."""
        return len(self._parts) + 2 if self._parts else 1

    @property
    def sha256(self) -> str:
        """The digest of the object's bytes, in hex."""
        return self._digest.hexdigest()

    def write(self, data: "ReadableBuffer") -> int:
        """Take bytes; whole parts leave at once, and when enough are on their way the writer waits.

        What comes after the end is left: a Parquet writer that an error interrupted writes its footer when it is
        collected, and that must not begin a new upload.
        """
        rest = view = memoryview(data).cast("B")
        if self.closed:
            return len(view)
        self._look()
        self._digest.update(view)
        self.size += len(view)
        while rest:
            if self._filled == PART:
                self._send()
            rest = self._take(rest)
        return len(view)

    def finish(self, *, fence: str | None = None, fenced: bool = False) -> str:
        """Make the object visible and answer its ETag.

        With `fenced`, only over the object whose ETag is `fence`, or only where there is none. Raises Fenced, Broken.
        """
        condition: dict[str, str] = {}
        if fenced:
            condition = {"IfMatch": fence} if fence else {"IfNoneMatch": "*"}
        try:
            etag = self._complete(condition) if self._id else self._put(condition)
        except ClientError as error:
            if error.response["Error"]["Code"] in FENCED:
                raise Fenced(self._where["Key"]) from error
            raise
        self.closed = True
        self._stop()
        return etag

    def abort(self) -> None:
        """Leave nothing behind."""
        self.closed = True
        self._stop()
        if self._id:
            how: dict[str, Any] = {**self._where, "UploadId": self._id}
            self._client.abort_multipart_upload(**how)
            self._id = None

    def _take(self, data: memoryview) -> memoryview:
        """Fill the buffer, and answer what did not fit; a new one grows, for most objects are small."""
        piece = data[: PART - self._filled]
        if self._filled == len(self._buffer):
            self._buffer += piece
        else:
            memoryview(self._buffer)[self._filled : self._filled + len(piece)] = piece
        self._filled += len(piece)
        return data[len(piece) :]

    def _put(self, condition: dict[str, str]) -> str:
        digest = self._digest.digest()
        how: dict[str, Any] = {**self._where, **self._made, **condition, "Body": bytes(self._buffer)}
        with _agreed(f"SHA-256 {digest.hex()} of {self.size} bytes"):
            return str(self._client.put_object(**how, ChecksumSHA256=b64encode(digest).decode())["ETag"])

    def _complete(self, condition: dict[str, str]) -> str:
        if self._filled:  # once: a refused completion may be tried again under another fence
            self._send()
        parts = [part.result() for part in self._parts]
        whole = combined((part.crc, part.size) for part in parts)
        how: dict[str, Any] = {**self._where, **condition, "UploadId": self._id, "ChecksumType": "FULL_OBJECT"}
        how |= {"ChecksumCRC32": header(whole), "MultipartUpload": {"Parts": [part.told for part in parts]}}
        with _agreed(f"CRC-32 {whole:08x} of {self.size} bytes in {len(parts)} parts"):
            done = self._client.complete_multipart_upload(**how)
        self._id = None
        return str(done["ETag"])

    def _look(self) -> None:
        """Raise what went wrong with a part; all but the last few are known to have arrived."""
        for part in self._parts[-FLYING:]:
            if part.done():
                part.result()

    def _send(self) -> None:
        if self._id is None or self._pool is None:
            how: dict[str, Any] = {**self._where, **self._made}
            how |= {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT"}
            self._id = self._client.create_multipart_upload(**how)["UploadId"]
            self._pool = ThreadPoolExecutor(FLYING)
        if len(self._parts) >= FLYING:
            self._parts[-FLYING].result()
        del self._buffer[self._filled :]  # the last part's is one that was filled before
        self._parts.append(self._pool.submit(self._part, len(self._parts) + 1, self._buffer))
        self._filled, self._buffer = 0, bytearray()
        with suppress(IndexError):
            self._buffer = self._spare.pop()

    def _part(self, number: int, data: bytearray) -> Part:
        crc, size = crc32(data), len(data)
        how: dict[str, Any] = {**self._where, "UploadId": self._id, "PartNumber": number, "Body": data}
        with _agreed(f"CRC-32 {crc:08x} of {size} bytes in part {number}"):
            sent = self._client.upload_part(**how, ChecksumCRC32=header(crc))
        if size == PART:
            self._spare.append(data)
        return Part(number, sent["ETag"], crc, size)

    def _stop(self) -> None:
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
        self._buffer = bytearray()


@contextmanager
def _agreed(ours: str) -> Iterator[None]:
    """Raises Broken where S3 has got other bytes than those that were sent."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in BAD:
            raise Broken(f"S3 counts another checksum than {ours}") from error
        raise
