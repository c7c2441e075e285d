"""The client of S3 as the lake uses it, on a real line: a body is sent unread, and once more if need be."""

import re
from collections.abc import Iterable
from typing import Any

import boto3
import pytest

from lambdas.aws.clients import client
from lambdas.aws.lake import PART, Lake
from local.vendors.http import Origin
from tests.conftest import plain

STARTED = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
DONE = b'<CompleteMultipartUploadResult><ETag>"e-2"</ETag></CompleteMultipartUploadResult>'


class Busy:
    """S3, which is too busy for the first request of each part."""

    def __init__(self) -> None:
        self.parts: dict[str, list[bytes]] = {}
        self.headers: list[dict[str, str]] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        part = re.search("partNumber=([0-9]+)", environ["QUERY_STRING"])
        if part:
            self.headers.append({name: one for name, one in environ.items() if name.startswith("HTTP_")})
            self.parts.setdefault(part[1], []).append(body)
            start("503 Slow Down" if len(self.parts[part[1]]) == 1 else "200 OK", [("ETag", f'"{part[1]}"')])
            return []
        start("200 OK", [("Content-Type", "application/xml")])
        return [STARTED if "uploads" in environ["QUERY_STRING"] else DONE]


def test_a_part_is_sent_again_whole_and_never_read_to_be_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the checksum that S3 compares, and the token of a function's role."""
    data, busy = bytes(range(256)) * (PART // 256) + b"rest", Busy()
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # one of an earlier test has its credentials already
    with Origin(busy) as origin:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", origin.url)
        s3 = client.__wrapped__("s3")
        s3.meta.events.unregister("before-send", plain)  # the buffers themselves, as nobody's moto
        with Lake(s3, "lake").upload("a", "text/csv") as upload:
            upload.write(data)
            assert upload.finish() == '"e-2"'
    assert busy.parts == {"1": [data[:PART]] * 2, "2": [b"rest"] * 2}
    for told in busy.headers:
        assert told["HTTP_X_AMZ_CONTENT_SHA256"] == "UNSIGNED-PAYLOAD" and told["HTTP_X_AMZ_SECURITY_TOKEN"] == "token"
        assert "HTTP_X_AMZ_CHECKSUM_CRC32" in told and not {"HTTP_EXPECT", "HTTP_TRANSFER_ENCODING"} & set(told)
