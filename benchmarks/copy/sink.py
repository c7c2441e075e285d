"""S3's side, a process of its own: takes what is written, counts it, and keeps it only where it is told to.

`python -m benchmarks.copy.sink CORES RATE LATENCY [FOLDER]` prints its port; when its input ends it prints what it
counted. It neither hashes nor holds any condition: it must cost the machine as little as possible.
"""

import json
import os
import socket
import sys
import time
from collections import Counter
from io import BytesIO
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import BinaryIO
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from benchmarks.copy.pace import Pace
from benchmarks.copy.wire import Wire

SMALL = 1 << 16  # bytes of an object that may be read again
NARROW = 1 << 18  # bytes that wait in the kernel on a throttled line, which must not hide its pace
Heads = dict[str, str]
Answer = tuple[int, Heads, bytes]


class Nothing(BytesIO):
    """Where bytes go that nobody wants."""

    def write(self, data: object, /) -> int:  # noqa: ARG002 - that is the point
        """Takes them."""
        return 0


class Head(BytesIO):
    """Keeps what is small enough to be read again."""

    def write(self, data: object, /) -> int:
        """Takes the bytes, and stops keeping them when they are too many."""
        return super().write(data) if self.tell() < SMALL else 0  # type: ignore[arg-type] # whatever BytesIO takes


class Sink:
    """One S3 endpoint; whatever bucket is asked for is there."""

    def __init__(self, rate: float = 0, latency: float = 0, folder: Path | None = None) -> None:
        self._pace, self._latency, self._folder = Pace(rate), latency, folder
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        if rate:
            self._door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW)
        self.port = int(self._door.getsockname()[1])
        self.asked, self.folders = Counter[str](), Counter[str]()
        self.sizes: dict[str, int] = {}
        self._small: dict[str, bytes] = {}
        self._parts: dict[str, dict[int, int]] = {}
        self._numbers, self._lock = count(1), Lock()

    def run(self) -> None:
        """Take connections for ever."""
        while True:
            Thread(target=self._talk, args=(self._door.accept()[0],), daemon=True).start()

    def told(self) -> dict[str, object]:
        """What was counted: requests by operation and by the key's first folder, and the objects' sizes by key."""
        return {"asked": dict(self.asked), "folders": dict(self.folders), "objects": self.sizes}

    def _talk(self, peer: socket.socket) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(peer, self._pace)
        try:
            with peer:
                while self._request(peer, wire):
                    pass
        except (EOFError, OSError):  # whoever wrote has gone away
            return

    def _request(self, peer: socket.socket, wire: Wire) -> bool:
        method, target, _ = wire.line().decode().split(" ")
        heads = wire.heads()
        if heads.get("expect", "").lower() == "100-continue":
            peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        parts = urlsplit(target)
        key = unquote(parts.path).lstrip("/").partition("/")[2]
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        status, more, body = self._act(method, key, query, heads, wire)
        if self._latency:
            time.sleep(self._latency)
        lines = {"Content-Length": str(len(body)), "x-amz-request-id": "0", **more}
        told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        peer.sendall(f"HTTP/1.1 {status} told\r\n{told}\r\n".encode() + (b"" if method == "HEAD" else body))
        return heads.get("connection", "").lower() != "close"

    def _act(self, method: str, key: str, query: Heads, heads: Heads, wire: Wire) -> Answer:
        out = self._out(method, key, query)
        with out:
            size, trailers = self._body(heads, wire, out)
            operation, answer = self._answer(method, key, query, {**heads, **trailers}, size, out)
        with self._lock:
            self.asked[operation] += 1
            self.folders[key.partition("/")[0]] += 1
        return answer

    def _out(self, method: str, key: str, query: Heads) -> BinaryIO:
        """Where a body goes."""
        part = f"{query['uploadId']}.{query['partNumber']}" if "partNumber" in query else ""
        if method != "PUT" or (part and self._folder is None):
            return Nothing()
        return Head() if self._folder is None else self._place(part or key).open("w+b")

    def _place(self, name: str) -> Path:
        assert self._folder is not None  # noqa: S101 - asked for only where objects are kept
        return self._folder / quote(name, safe="")

    def _body(self, heads: Heads, wire: Wire, out: BinaryIO) -> tuple[int, Heads]:
        framed = "chunked" in heads.get("transfer-encoding", "") or "aws-chunked" in heads.get("content-encoding", "")
        if framed:
            return wire.chunks(out)
        return wire.body(int(heads.get("content-length", 0)), out), {}

    def _answer(
        self, method: str, key: str, query: Heads, heads: Heads, size: int, out: BinaryIO
    ) -> tuple[str, Answer]:
        sums = {name: value for name, value in heads.items() if name.startswith("x-amz-checksum-")}
        match method:
            case "PUT" if "uploadId" in query:
                self._parts[query["uploadId"]][int(query["partNumber"])] = size
                return "UploadPart", (200, {"ETag": self._etag(), **sums}, b"")
            case "PUT":
                return "PutObject", (200, {"ETag": self._put(key, size, out), **sums}, b"")
            case "POST" if "uploads" in query:
                return "CreateMultipartUpload", (200, sums, self._begin(key))
            case "POST" if "uploadId" in query:
                return "CompleteMultipartUpload", (200, {}, self._complete(key, query["uploadId"], sums))
            case "POST":
                return "DeleteObjects", (200, {}, b"<DeleteResult></DeleteResult>")
            case "DELETE":
                self._parts.pop(query.get("uploadId", ""), None)
                return ("AbortMultipartUpload" if "uploadId" in query else "DeleteObject"), (204, {}, b"")
            case "HEAD":
                return "HeadObject", self._head(key)
            case _:
                return self._get(key, query)

    def _etag(self) -> str:
        return f'"{next(self._numbers):032x}"'

    def _put(self, key: str, size: int, out: BinaryIO) -> str:
        self.sizes[key] = size
        if size <= SMALL:
            out.seek(0)
            self._small[key] = out.read()
        return self._etag()

    def _begin(self, key: str) -> bytes:
        name = f"upload-{next(self._numbers)}"
        self._parts[name] = {}
        return _xml("InitiateMultipartUploadResult", Bucket="lake", Key=key, UploadId=name)

    def _complete(self, key: str, upload: str, sums: Heads) -> bytes:
        parts = self._parts.pop(upload)
        self.sizes[key] = sum(parts.values())
        if self._folder is not None:
            with self._place(key).open("wb") as whole:
                for number in sorted(parts):
                    part = self._place(f"{upload}.{number}")
                    whole.write(part.read_bytes())
                    part.unlink()
        kinds = {
            f"Checksum{name.rpartition('-')[2].upper()}": value for name, value in sums.items() if "type" not in name
        }
        return _xml("CompleteMultipartUploadResult", Bucket="lake", Key=key, ETag=self._etag(), **kinds)

    def _head(self, key: str) -> Answer:
        if key and key not in self.sizes:
            return 404, {}, b""
        told = {"ETag": self._etag(), "Last-Modified": "Thu, 26 Nov 2026 00:00:00 GMT"}
        return 200, {**told, "Content-Length": str(self.sizes.get(key, 0))}, b""

    def _get(self, key: str, query: Heads) -> tuple[str, Answer]:
        if not key and "location" in query:
            return "GetBucketLocation", (200, {}, b"<LocationConstraint></LocationConstraint>")
        if not key:
            return "ListObjects", (200, {}, self._list(query.get("prefix", "")))
        if key in self._small:
            return "GetObject", (200, {"ETag": self._etag()}, self._small[key])
        return "GetObject", (404, {}, _xml("Error", Code="NoSuchKey", Message="not kept"))

    def _list(self, prefix: str) -> bytes:
        found = [(key, size) for key, size in sorted(self.sizes.items()) if key.startswith(prefix)]
        when = "2026-11-26T00:00:00.000Z"
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size><LastModified>{when}</LastModified></Contents>"
            for key, size in found
        )
        about = f"<Name>lake</Name><KeyCount>{len(found)}</KeyCount><IsTruncated>false</IsTruncated>"
        return f"<ListBucketResult>{about}{rows}</ListBucketResult>".encode()


def _xml(name: str, **told: str) -> bytes:
    inner = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in told.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><{name}>{inner}</{name}>'.encode()


def main() -> None:
    """Take in the background until nobody holds our input any more."""
    cores, rate, latency, *folder = sys.argv[1:]
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    sink = Sink(float(rate), float(latency), Path(folder[0]) if folder else None)
    Thread(target=sink.run, daemon=True).start()
    print(sink.port, flush=True)
    sys.stdin.read()
    print(json.dumps(sink.told()), flush=True)


if __name__ == "__main__":
    main()
