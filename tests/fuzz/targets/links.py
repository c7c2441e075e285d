"""A link of a vendor's: where it is allowed, what requests would connect to is the host that the operator listed."""

from functools import cache
from urllib.parse import unquote, urljoin, urlsplit

import requests
from urllib3.util import parse_url

from lambdas.core.origins import allowed, mistaken, origin, same

LISTED = ("https://s3.us-west-2.amazonaws.com/flowroute-cdrexports/", "https://portal.telnyx.com/",
          "https://files.example:8443/a/b/")  # fmt: skip
WORDS = ("https://", "s3.us-west-2.amazonaws.com", "/flowroute-cdrexports/", "portal.telnyx.com", "files.example:8443",
         "@", "\\", "%2e%2e/", "/../", "%2f", "%5c", "%25", "#", "?", ";", ":443", "%00", "\t", "[::1]",
         "//")  # fmt: skip


@cache
def _session() -> requests.Session:
    return requests.Session()


def run(data: bytes) -> None:
    """A link; and the same as a redirect's."""
    text = data.decode("utf-8", "surrogateescape")
    _one(text)
    try:
        _one(urljoin(f"{LISTED[0]}file.csv", text))
    except ValueError:
        return


def _one(url: str) -> None:
    told = origin(url)
    assert told.isprintable()
    assert len(told) <= 320
    mistaken(url)
    if not allowed(url, LISTED):
        return
    assert same(url, url)
    try:
        sent = _session().prepare_request(requests.Request("GET", url)).url or ""
    except requests.RequestException:  # it goes nowhere
        return
    to = parse_url(sent)  # as urllib3 connects
    bases = [one for one in map(urlsplit, LISTED) if (to.scheme, to.host) == (one.scheme, one.hostname)]
    assert bases, f"{url!r} leads to {to.host}"
    assert to.auth is None
    assert any((to.port or 443) == (one.port or 443) for one in bases), f"{url!r} leads to port {to.port}"
    assert any(_below(to.path or "/", one.path) for one in bases), f"{url!r} asks for {to.path}"


def _below(path: str, prefix: str) -> bool:
    """Also after a server has decoded and folded the path, as often as it likes."""
    for _ in range(4):
        rooted = "/" + path.replace("\\", "/").lstrip("/")  # else `//a` would be a host to urljoin
        folded = urlsplit(urljoin("https://x/", rooted)).path
        if not (path.startswith(prefix) and folded.startswith(prefix)):
            return False
        path = unquote(path)
    return True
