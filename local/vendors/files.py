"""The file origin: reports behind signed links that die, answering as S3 does."""

import hmac
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from flask import Flask, Response, request

from local.vendors.answers import operation
from local.vendors.faults import Faults

CHUNK = 1 << 16


class Files:
    """Serves files by path; every link carries its own signature and time of death. `url` is its origin."""

    def __init__(self, clock: Callable[[], datetime], faults: Faults, key: bytes, kind: str) -> None:
        self._clock, self._faults, self._key, self._kind = clock, faults, key, kind
        self._held: dict[str, Callable[[], Path]] = {}
        self._lock = Lock()
        self.served: list[tuple[str, int]] = []
        self.app = Flask("files", static_folder=None)
        self.app.add_url_rule("/<path:path>", view_func=self._get, methods=["GET"])
        self.url = ""

    def hold(self, path: str, file: Callable[[], Path]) -> None:
        """Puts a file behind the path; it is made when somebody first asks for it."""
        with self._lock:
            self._held[path] = file

    def drop(self, path: str) -> None:
        with self._lock:
            self._held.pop(path, None)

    def link(self, path: str, life: timedelta, credential: str, signed_at: datetime) -> str:
        """A link pre-signed in the manner of S3; to a retrieve, one that is dead already where a fault says so."""
        stale = operation() == "retrieve" and self._faults.take("stale")
        now = (self._clock() - life if stale else signed_at).astimezone(UTC)
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{credential}/{now:%Y%m%d}/us-west-2/s3/aws4_request",
            "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
            "X-Amz-Expires": str(int(life.total_seconds())),
            "X-Amz-SignedHeaders": "host",
        }
        query["X-Amz-Signature"] = self._sign(path, query)
        return f"{self.url}/{path}?{urlencode(query)}"

    def _sign(self, path: str, query: dict[str, str]) -> str:
        return hmac.new(self._key, f"{path}?{urlencode(query)}".encode(), "sha256").hexdigest()

    def _get(self, path: str) -> Response:
        answer = self._refusal(path) or self._file(path)
        with self._lock:
            self.served.append((path, answer.status_code))
        return answer

    def _refusal(self, path: str) -> Response | None:
        """S3 takes one way to sign, checks the signature, then the time."""
        query = request.args.to_dict()
        signature = query.pop("X-Amz-Signature", "")
        if "Authorization" in request.headers:
            return _error(400, "InvalidArgument", "Only one auth mechanism allowed")
        if not hmac.compare_digest(signature.encode(), self._sign(path, query).encode()):
            return _error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
        if self._clock() >= _death(query) or self._faults.take("dead"):
            return _error(403, "AccessDenied", "Request has expired")
        return None

    def _file(self, path: str) -> Response:
        with self._lock:
            make = self._held.get(path)
        if make is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        file = make()
        answer = Response(_chunks(file), mimetype=self._kind)
        answer.content_length = file.stat().st_size
        return answer


def _death(query: dict[str, str]) -> datetime:
    signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return signed + timedelta(seconds=int(query["X-Amz-Expires"]))


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _error(status: int, code: str, message: str) -> Response:
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', status, mimetype="application/xml")
