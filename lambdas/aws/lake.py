"""The lake in S3: objects that come as a stream, appear whole or not at all, and replace each other under a fence."""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PART = 8 << 20  # bytes; what fits in one part is a single PUT
# Not as expected; a concurrent write; and what is left of an upload after one.
FENCED = ("PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchKey", "NoSuchUpload")
FLYING = 3  # parts on their way at a time, so that memory stays flat


class Fenced(Exception):
    """The object is not the one that we meant to replace."""


class Lake:
    """One bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def upload(self, key: str, kind: str, metadata: dict[str, str] | None = None) -> "Upload":
        """A file to write to; nothing is visible before its `finish`."""
        return Upload(self._client, {"Bucket": self._bucket, "Key": key}, kind, metadata or {})

    def write(self, key: str, value: Any) -> None:
        """A small object of JSON, one line."""
        text = json.dumps(value, separators=(",", ":"), default=str)
        self._client.put_object(Bucket=self._bucket, Key=key, Body=text.encode(), ContentType="application/json")

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


class Upload:
    """A writable file in S3: one PUT when it is small, parts in flight when it is not; aborted unless finished."""

    def __init__(self, client: "S3Client", where: dict[str, str], kind: str, metadata: dict[str, str]) -> None:
        self._client, self._where = client, where
        self._made = {"ContentType": kind, "Metadata": metadata}
        self._buffer = bytearray()
        self._id: str | None = None
        self._parts: list[Future[dict[str, Any]]] = []
        self._pool: ThreadPoolExecutor | None = None
        self.size = 0
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self.closed:
            with suppress(ClientError):  # the lifecycle rule ends it; the first error must not be hidden
                self.abort()

    def write(self, data: bytes) -> int:
        """Take bytes; whole parts leave at once, and when enough are on their way the writer waits.

        What comes after the end is left: a Parquet writer that an error interrupted writes its footer when it is
        collected, and that must not begin a new upload.
        """
        if self.closed:
            return len(data)
        self._buffer += data
        self.size += len(data)
        while len(self._buffer) >= 2 * PART:
            self._send(bytes(self._buffer[:PART]))
            del self._buffer[:PART]
        return len(data)

    def finish(self, *, fence: str | None = None, fenced: bool = False) -> str:
        """Make the object visible and answer its ETag.

        With `fenced`, only over the object whose ETag is `fence`, or only where there is none. Raises Fenced.
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

    def _put(self, condition: dict[str, str]) -> str:
        how: dict[str, Any] = {**self._where, **self._made, **condition, "Body": bytes(self._buffer)}
        return str(self._client.put_object(**how)["ETag"])

    def _complete(self, condition: dict[str, str]) -> str:
        if self._buffer:  # once: a refused completion may be tried again under another fence
            self._send(bytes(self._buffer))
            self._buffer.clear()
        parts = [part.result() for part in self._parts]
        how: dict[str, Any] = {**self._where, **condition, "UploadId": self._id, "MultipartUpload": {"Parts": parts}}
        done = self._client.complete_multipart_upload(**how)
        self._id = None
        return str(done["ETag"])

    def _send(self, data: bytes) -> None:
        if self._id is None or self._pool is None:
            how: dict[str, Any] = {**self._where, **self._made}
            self._id = self._client.create_multipart_upload(**how)["UploadId"]
            self._pool = ThreadPoolExecutor(FLYING)
        if len(self._parts) >= FLYING:
            self._parts[-FLYING].result()
        self._parts.append(self._pool.submit(self._part, len(self._parts) + 1, data))

    def _part(self, number: int, data: bytes) -> dict[str, Any]:
        how: dict[str, Any] = {**self._where, "UploadId": self._id, "PartNumber": number, "Body": data}
        sent = self._client.upload_part(**how)
        return {"PartNumber": number, "ETag": sent["ETag"]}

    def _stop(self) -> None:
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
