"""Where a file may come from: scheme, host, port and path prefix, compared exactly."""

from urllib.parse import SplitResult, unquote, urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORTS = {"https": 443, "http": 80}


def allowed(url: str, origins: tuple[str, ...]) -> bool:
    """Whether `url` lies below one of `origins`; a path that climbs (`..`) lies nowhere.

    Nor does what two readers of URLs may take for two things: a user, a backslash, a character that does not show.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # one that is none raises
    except ValueError:
        return False
    path = unquote(parts.path)
    if not url.isprintable() or "@" in parts.netloc or "\\" in parts.netloc + path or ".." in path.split("/"):
        return False
    return any(_within(parts, base) and path.startswith(base.path) for base in map(urlsplit, origins))


def same(url: str, base: str) -> bool:
    """Whether two URLs have the same scheme, host and port, so that what the one may see the other may too."""
    one, other = urlsplit(url), urlsplit(base)
    return (one.scheme, one.hostname, _port(one)) == (other.scheme, other.hostname, _port(other))


def loopback(url: str) -> bool:
    """Whether a URL stays on this machine."""
    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        return False


def _within(parts: SplitResult, base: SplitResult) -> bool:
    """The same scheme, host and port; a loopback origin without a port means any: simulators take a free one."""
    if (parts.scheme, parts.hostname) != (base.scheme, base.hostname):
        return False
    anywhere = base.hostname in LOOPBACK and base.port is None
    return anywhere or _port(parts) == _port(base)


def _port(parts: SplitResult) -> int | None:
    return parts.port or PORTS.get(parts.scheme)
