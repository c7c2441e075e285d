"""A file is fetched from where the export says, and from nowhere that merely looks like it."""

import pytest

from lambdas.core.origins import allowed, mistaken, origin, same, unfit

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


@pytest.mark.parametrize(("url", "right"), [
    ("https://h.example/b", True), ("https://h.example/b/", True), ("https://h.example/b/a.csv", True),
    ("https://h.example/b-evil/a", False), ("https://h.example/b%2fa", False), ("https://h.example/b/%2e%2e/c", False),
    ("https://h.example/b/%252e%252e/c", False), ("https://h.example/b/..;x/c", False),
    ("https://h.example/b/a%25b", True),
    ("https://h.example:0/b/a", False),
])  # fmt: skip
def test_a_prefix_ends_where_a_folder_ends(url: str, right: bool) -> None:
    """Written with its slash or without, and however often the path is decoded."""
    assert allowed(url, ("https://h.example/b",)) is right


def test_an_origin_is_told_by_its_first_folder() -> None:
    """Which is a bucket; what is not a plain name is not told at all."""
    assert origin("https://u:p@H.example:8443/b/c/d?sig=1") == "https://H.example:8443/b/"
    for odd in ("ftp://h.example/b/", "https:///b/", "https://h\x1b.example/", 'https://h".example/', "h.example/b"):
        assert origin(odd) == ""


def test_the_same_origin_is_scheme_host_and_port() -> None:
    """Port 0 is none of the defaults."""
    assert same("HTTPS://API.example/a", "https://api.example:443")
    assert not same("https://api.example:0/a", "https://api.example")


@pytest.mark.parametrize(("url", "right"), [
    ("https://api.example.com/v2", True), ("https://API.example.com:8443", True), ("http://127.0.0.1:80/v2", True),
    ("https://xn--bcher-kva.example/", True), ("https://api.example.com/a/../b", False),
    ("https://api.example.com/a?b", False),
    ("https://93.184.216.34/", False), ("https://api.internal/", False), ("https://api/", False),
    (None, False), (7, False),
])  # fmt: skip
def test_an_address_in_the_file_is_a_full_name(url: object, right: bool) -> None:
    """The operator's own mistakes are found before anything is deployed."""
    assert (mistaken(url) is None) is right


def test_everybodys_host_needs_a_bucket() -> None:
    """Another host needs no folder."""
    assert "BUCKET" in (unfit("https://s3.us-west-2.amazonaws.com/") or "")
    assert "path" in (unfit("https://files.example.com") or "")
    assert unfit("https://s3.us-west-2.amazonaws.com/b/") is None and unfit("https://files.example.com/") is None
