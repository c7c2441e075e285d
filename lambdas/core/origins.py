"""Where a file may come from: scheme, host, port and path prefix, compared exactly."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PORTS = {"https": 443, "http": 80}
NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# Names that lead to another machine in each network, or to none (RFC 6761, 6762, 8375, ICANN's .internal).
PRIVATE = re.compile(r".*\.(localhost|local|localdomain|internal|intranet|lan|home|corp|home\.arpa|invalid|onion)")
# Hosts on which everybody has a bucket, the first folder of the path.
SHARED = re.compile(
    r"s3(-accelerate|-fips|-external-1|\.dualstack)*([.-][a-z]{2}(-[a-z]+)+-\d)?\.amazonaws\.com(\.cn)?"
    r"|(storage|commondatastorage)\.googleapis\.com|storage\.cloud\.google\.com"
    r"|[a-z0-9-]+\.(digitaloceanspaces|linodeobjects|backblazeb2)\.com"
    r"|s3(\.[a-z0-9-]+)?\.(wasabisys|backblazeb2)\.com"
)
ODD = frozenset(' "\\<>{}*@?#')  # in an address of an operator's
URL = "an https:// URL (http:// only for 127.0.0.1), without user or query"
NAMED = "a host by its full name in ASCII: no address, no private or short name, no dot at its end"
FOLDED = 4  # times that a path may be percent-encoded in all


def allowed(url: str, origins: tuple[str, ...]) -> bool:
    """Whether `url` lies below one of `origins`; a path that climbs (`..`) lies nowhere.

    Nor does what two readers of URLs may take for two things: a user, a backslash, a character that does not show, a
    folder that is only there once it is decoded.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # one that is none raises
    except ValueError:
        return False
    if not url.isprintable() or not parts.netloc.isascii() or "@" in parts.netloc or "\\" in parts.netloc:
        return False
    return not _climbs(parts.path) and any(_below(parts, base) for base in map(urlsplit, origins))


def origin(url: str) -> str:
    """Scheme, host and the first folder, which is what a bucket in the path is called; "" for what is no URL."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # one that is none raises
    except ValueError:
        return ""
    folder, slash, _ = parts.path.lstrip("/").partition("/")
    found = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{folder + slash if slash else ''}"
    # It is shown to the operator: what has more than plain letters in it is no origin of anybody's.
    plain = parts.hostname and parts.scheme in PORTS
    return found if plain and re.fullmatch(r"[a-z]+://[!#-\[\]-~]{1,300}", found) else ""


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


def mistaken(url: object) -> str | None:
    """What should stand there instead of this address of an operator's; None where it is right."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return URL
    schemes = PORTS if host in LOOPBACK else ("https",)
    if not host or parts.scheme not in schemes or ODD & set(str(url)):
        return URL
    if port == 0 or _climbs(parts.path) or "//" in parts.path:
        return f"{URL}; no port 0, and no `.`, `..` or `//` in its path"
    return None if host in LOOPBACK or _outside(host) else NAMED


def unfit(url: str) -> str | None:
    """What such an address lacks to be one that files come from: a path, and on everybody's host a bucket in it."""
    parts = urlsplit(url)
    if not parts.path:
        return "a path is needed, if only /"
    if SHARED.fullmatch(parts.hostname or "") and not parts.path.strip("/"):
        return f"on {parts.hostname} everybody has buckets: name the one, https://{parts.hostname}/BUCKET/"
    return None


def _outside(host: str) -> bool:
    """Whether it is the name of a host of the open internet, not an address in any of its spellings."""
    return bool(NAME.fullmatch(host)) and not PRIVATE.fullmatch(host)


def _climbs(path: str) -> bool:
    """Whether a path leaves its folder, read as often as anybody may read it; what has no end to that does."""
    for _ in range(FOLDED):
        folders = [one.partition(";")[0] for one in path.split("/")]
        if {".", ".."} & {*folders} or "\\" in path or not path.isprintable():
            return True
        path, before = unquote(path), path
        if path == before:
            return False
    return True


def _below(parts: SplitResult, base: SplitResult) -> bool:
    """The same scheme, host and port; a loopback origin without a port means any: simulators take a free one."""
    if (parts.scheme, parts.hostname) != (base.scheme, base.hostname):
        return False
    anywhere = base.hostname in LOOPBACK and base.port is None
    # As it is written and as it is meant: `%2f` is a folder's end to one reader, and to another it is not.
    ways = (str, unquote)
    return (anywhere or _port(parts) == _port(base)) and all(_in(way(parts.path), way(base.path)) for way in ways)


def _in(path: str, folder: str) -> bool:
    """Whether a path is that, or lies in it: `/bucket-2/a` is not in `/bucket`."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _port(parts: SplitResult) -> int | None:
    return PORTS.get(parts.scheme) if parts.port is None else parts.port
