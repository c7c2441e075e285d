"""A file is fetched from where the export says, and from nowhere that merely looks like it."""

import pytest

from lambdas.core.origins import allowed

BASE = ("https://portal.telnyx.com/", "https://s3.us-west-2.amazonaws.com/flowroute-cdrexports/")


@pytest.mark.parametrize(
    "url",
    [
        "https://portal.telnyx.com/downloads/a.csv?X-Amz-Signature=b",
        "https://PORTAL.telnyx.com:443/a.csv",
        "https://s3.us-west-2.amazonaws.com/flowroute-cdrexports/1/2.csv.gz",
        "https://s3.us-west-2.amazonaws.com/flowroute-cdrexports/a..b.csv",
    ],
)
def test_what_lies_below_an_origin_is_allowed(url: str) -> None:
    """The host in any case, the port said or not."""
    assert allowed(url, BASE)


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.telnyx.com/a.csv",
        "https://portal.telnyx.com:8443/a.csv",
        "https://portal.telnyx.com.example.com/a.csv",
        "https://example.com/https://portal.telnyx.com/a.csv",
        "https://portal.telnyx.com@example.com/a.csv",
        "https://example.com@portal.telnyx.com/a.csv",
        "https://portal.telnyx.com\\@example.com/a.csv",
        "https://s3.us-west-2.amazonaws.com/another-bucket/a.csv",
        "https://s3.us-west-2.amazonaws.com/flowroute-cdrexports/../another-bucket/a.csv",
        "https://s3.us-west-2.amazonaws.com/flowroute-cdrexports/%2e%2e/another-bucket/a.csv",
        "https://s3.us-west-2.amazonaws.com/flowroute-cdrexports/..\\another-bucket/a.csv",
        "https://s3.us-west-2.amazonaws.com/flowroute-cdrexports",
        "file:///etc/passwd",
        "https://portal.telnyx.com:port/a.csv",
        "https://[::1/a.csv",
        "",
    ],
)
def test_what_only_looks_like_an_origin_is_not(url: str) -> None:
    """Another scheme, port, host, user, bucket, or a path that climbs out of it."""
    assert not allowed(url, BASE)


def test_nothing_is_allowed_without_origins() -> None:
    """An empty list opens no door."""
    assert not allowed("https://portal.telnyx.com/a.csv", ())


@pytest.mark.parametrize(("url", "right"), [
    ("http://127.0.0.1:9999/a.csv", True), ("http://127.0.0.1/a.csv", True), ("https://127.0.0.1:9999/a.csv", False),
    ("http://127.0.0.2:9999/a.csv", False), ("http://localhost:9999/a.csv", False),
])  # fmt: skip
def test_a_loopback_origin_without_a_port_means_any(url: str, right: bool) -> None:
    """A simulator takes a free one; any other host without a port means the scheme's own."""
    assert allowed(url, ("http://127.0.0.1/",)) is right
    assert not allowed("https://files.example:8443/a", ("https://files.example/",))
