"""Where a file may come from: scheme, host, port and path prefix, compared exactly."""

from urllib.parse import SplitResult, unquote, urlsplit

PORTS = {"https": 443, "http": 80}


def allowed(url: str, origins: tuple[str, ...]) -> bool:
    """Whether `url` lies below one of `origins`; a path that climbs (`..`) lies nowhere."""
    try:
        parts = urlsplit(url)
        place = _place(parts)
    except ValueError:
        return False
    path = unquote(parts.path)
    if "@" in parts.netloc or "\\" in path or ".." in path.split("/"):
        return False
    return any(place == _place(base) and path.startswith(base.path) for base in map(urlsplit, origins))


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
