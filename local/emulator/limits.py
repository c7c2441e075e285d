"""What an HTTP API holds back before its function is called: requests above the throttle, and those too large.

MiniStack keeps a stage's route settings and looks at none of them, nor at a size. AWS counts a token for each request
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html) and takes 10 MB of a body and
10240 bytes of request line and header values
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html). AWS's throttle is best effort and
may let more pass; this one is exact. A request that no route matches is answered 404 and uses up nobody's tokens.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.services import apigateway

Answer = tuple[int, dict[str, str], bytes]
BODY, HEAD = 10 * 1024 * 1024, 10_240  # bytes
REASONS = {413: "Request Entity Too Large", 429: "Too Many Requests", 431: "Request Header Fields Too Large"}


@dataclass
class Bucket:
    """Tokens that come at a rate, up to a burst; a request takes one."""

    rate: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    left: float = field(init=False)
    seen: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.seen = self.burst, self.clock()

    def take(self) -> bool:
        """Whether there is one; the half-filled one stays."""
        now = self.clock()
        self.left, self.seen = min(self.burst, self.left + (now - self.seen) * self.rate), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


# By API, stage and route, which has a bucket of its own also where the stage's default is its setting.
_buckets: dict[tuple[str, str, str], Bucket] = {}
_execute = apigateway._handle_execute_in_scope


def apply() -> None:
    apigateway._handle_execute_in_scope = execute


async def execute(
    api: str, stage: str, path: str, method: str, headers: Mapping[str, str], body: bytes, *more: Any, **named: Any
) -> Any:
    if status := refused(api, stage, path, method, headers, body):
        return refusal(status)
    return await _execute(api, stage, path, method, headers, body, *more, **named)


def refused(api: str, stage: str, path: str, method: str, headers: Mapping[str, str], body: bytes) -> int:
    """The status with which a request is held back, or 0."""
    if len(f"{method} {path} HTTP/1.1") + sum(map(len, headers.values())) > HEAD:
        return 431
    if len(body or b"") > BODY:
        return 413
    route = apigateway._match_route(api, method, "/" + path.lstrip("/"))
    return 429 if route and not _let(api, stage, str(route["routeKey"])) else 0


def _let(api: str, stage: str, route: str) -> bool:
    """A route's own setting takes the place of the stage's default; without either nothing is held back."""
    told = apigateway._stages.get(api, {}).get(stage, {})
    setting = {**_lower(told.get("defaultRouteSettings")), **_lower((told.get("routeSettings") or {}).get(route))}
    if "throttlingRateLimit" not in setting:
        return True
    rate, burst = float(setting["throttlingRateLimit"]), float(setting.get("throttlingBurstLimit", 0))
    bucket = _buckets.get((api, stage, route))
    if bucket is None or (bucket.rate, bucket.burst) != (rate, burst):
        bucket = _buckets[api, stage, route] = Bucket(rate, burst)
    return bucket.take()


def _lower(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """CloudFormation writes the names with a capital, the API without one."""
    return {f"{name[0].lower()}{name[1:]}": value for name, value in (settings or {}).items()}


def refusal(status: int) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps({"message": REASONS[status]}).encode()
