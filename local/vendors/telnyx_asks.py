"""What a Telnyx CDR request asks for: read from the body by the document's rules, then held against calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from local.call import Call
from local.vendors.http import Refusal

EndRule = Literal["latest", "longest", "oldest"]
DAY = timedelta(days=1)
SOURCES = ("calls", "call-control")
SOURCES_V2 = (*SOURCES, "fax-api", "webrtc")
MATCHES: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda number, part: part in number,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, with the defaults that lose data filled in where it is silent."""

    start: datetime
    end: datetime
    call_types: tuple[int, ...]
    record_types: tuple[int, ...]
    connections: tuple[str, ...]
    report_name: str
    source: str
    filters: list[dict[str, Any]]
    v2: bool


def parse(body: Any, now: datetime, rule: EndRule, v2: bool) -> Asked:
    """The request in the body, or the refusal that names the field."""
    if not isinstance(body, Mapping):
        raise Refusal(400, "Bad Request", "The body must be a JSON object.")
    start, end = _window(body, now, rule, v2)
    return Asked(
        start,
        end,
        _kinds(body, "call_types", (1, 2)),
        _kinds(body, "record_types", (1, 2, 3)),
        _connections(body.get("connections")),
        _text(body, "report_name", ""),
        _source(body, SOURCES_V2 if v2 else SOURCES),
        _filters(body.get("filters"), v2),
        v2,
    )


def wants(asked: Asked, call: Call) -> bool:
    """Whether the report has that call, its time apart."""
    return (
        call.source == asked.source
        and (1 if call.direction == "inbound" else 2) in asked.call_types
        and call.record_type in asked.record_types
        and (not asked.connections or call.connection_id in asked.connections)
        and _passes(asked.filters, call)
    )


def _bad(field: str, rule: str) -> Refusal:
    return Refusal(400, "Bad Request", f"{field}: {rule}")


def _window(body: Mapping[str, Any], now: datetime, rule: EndRule, v2: bool) -> tuple[datetime, datetime]:
    for field in ("start_time", "end_time") if v2 else ("start_time",):
        if field not in body:
            raise _missing(field, v2)
    start, end = _time(body, "start_time", now), _time(body, "end_time", now)
    if start >= end:
        raise _bad("end_time", "must be after start_time")
    if not _allowed(rule, start, end, now):
        raise _bad("end_time", "must be less than 24 hours from now")
    return start, end


def _allowed(rule: EndRule, start: datetime, end: datetime, now: datetime) -> bool:
    """ "Must be less than 24 hours from now" can be read in three ways."""
    if rule == "longest":
        return end - start <= DAY
    return end <= now + DAY if rule == "latest" else end >= now - DAY


def _missing(field: str, v2: bool) -> Refusal:
    """V1 documents nothing but 400; V2 has a status for a body that is JSON but not enough."""
    return Refusal(422, "Missing required parameter", f"{field}: is required") if v2 else _bad(field, "is required")


def _time(body: Mapping[str, Any], field: str, default: datetime) -> datetime:
    value = body.get(field)
    if value is None:
        return default.astimezone(UTC).replace(microsecond=0)
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _bad(field, "must be a time such as 2022-07-29T00:00:00+00:00") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _kinds(body: Mapping[str, Any], field: str, known: tuple[int, ...]) -> tuple[int, ...]:
    """Absent or empty means [1], which is inbound calls only, complete records only."""
    value = body.get(field) or [1]
    if not isinstance(value, list) or any(type(kind) is not int or kind not in known for kind in value):
        raise _bad(field, f"must be a list of {', '.join(map(str, known))}")
    return tuple(value)


def _connections(value: Any) -> tuple[str, ...]:
    if not isinstance(value or [], list) or any(type(item) not in (str, int) for item in value or []):
        raise _bad("connections", "must be a list of connection ids")
    return tuple(str(item) for item in value or [])


def _text(body: Mapping[str, Any], field: str, default: str) -> str:
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise _bad(field, "must be a string")
    return default if value is None else value


def _source(body: Mapping[str, Any], known: tuple[str, ...]) -> str:
    value = _text(body, "source", "calls")
    if value not in known:
        raise _bad("source", f"must be one of {', '.join(known)}")
    return value


def _filters(value: Any, v2: bool) -> list[dict[str, Any]]:
    """The first must be `and`, and no `and` may follow an `or`."""
    if not isinstance(value or [], list):
        raise _bad("filters", "must be a list")
    allowed = "and"
    for i, item in enumerate(value or []):
        kind = item.get("filter_type") if isinstance(item, dict) else None
        if kind not in ("and", "or") or (i == 0 and kind != "and") or (kind == "and" and allowed == "or"):
            raise _bad(f"filters[{i}]", "the first must be an 'and', and an 'and' may not follow an 'or'")
        _criterion(item, i, v2)
        allowed = kind
    return list(value or [])


def _criterion(item: dict[str, Any], i: int, v2: bool) -> None:
    """Exactly one shape each: cli and how, cld and how, a list of tags; in V2 also a tag, a billing group."""
    fields = set(item) - {"filter_type"}
    for end in ("cli", "cld"):
        if fields == {end, f"{end}_filter"} and isinstance(item[end], str) and item[f"{end}_filter"] in MATCHES:
            return
    if fields == {"tags_list"} and (_strings(item["tags_list"]) or (v2 and isinstance(item["tags_list"], str))):
        return
    if not (v2 and fields == {"billing_group"} and isinstance(item["billing_group"], str)):
        raise _bad(f"filters[{i}]", "must have cli and cli_filter, cld and cld_filter, or tags_list")


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _passes(filters: list[dict[str, Any]], call: Call) -> bool:
    passed = True
    for item in filters:
        met = _meets(item, call)
        passed = passed and met if item["filter_type"] == "and" else passed or met
    return passed


def _meets(item: Mapping[str, Any], call: Call) -> bool:
    for end, number in (("cli", call.from_number), ("cld", call.to_number)):
        if end in item:
            return MATCHES[item[f"{end}_filter"]](number.removeprefix("+"), item[end].removeprefix("+"))
    if "billing_group" in item:
        return bool(item["billing_group"] == call.billing_group_id)
    wanted = item["tags_list"]
    return bool(set(call.tags) & set([wanted] if isinstance(wanted, str) else wanted))
