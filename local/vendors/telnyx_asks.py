"""What a Telnyx CDR request asks for: read from the body by the document's rules, then held against calls."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from local.call import Call
from local.vendors.http import Refusal
from local.vendors.telnyx_file import COLUMNS, EVERY, HEADINGS

EndRule = Literal["latest", "longest", "oldest", "shorter"]
DAY = timedelta(days=1)
SOURCES = ("calls", "call-control")
SOURCES_V2 = (*SOURCES, "fax-api", "webrtc")  # the account has neither faxes nor calls of a browser
CRITERIA = ({"cli", "cli_filter"}, {"cld", "cld_filter"}, {"tags_list"})
CRITERIA_V2 = (*CRITERIA, {"billing_group"})
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
    timezone: str = "UTC"
    fields: tuple[str, ...] = ()
    include_all_metadata: bool = False
    managed_accounts: tuple[str, ...] = ()
    select_all_managed_accounts: bool = False

    @property
    def zone(self) -> tzinfo:
        """The zone of all times in the file but those that say UTC; UTC itself needs no database."""
        return UTC if self.timezone == "UTC" else ZoneInfo(self.timezone)

    @property
    def headings(self) -> Collection[str]:
        """The columns named; or else those of every report, with those that it leaves out if all metadata is wanted."""
        named = {HEADINGS[name] for name in self.fields}
        return named or (EVERY if self.include_all_metadata else COLUMNS)


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
        **(_newer(body) if v2 else {}),
    )


def _newer(body: Mapping[str, Any]) -> dict[str, Any]:
    """What only V2 knows. The account manages no other, so whichever accounts are named add nothing."""
    return {
        "timezone": _timezone(body.get("timezone")),
        "fields": _fields(body),
        "include_all_metadata": _flag(body, "include_all_metadata"),
        "managed_accounts": _names(body, "managed_accounts"),
        "select_all_managed_accounts": _flag(body, "select_all_managed_accounts"),
    }


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


def _unfit(field: str, rule: str) -> Refusal:
    """V2's own: the body is JSON, but a value in it will not do."""
    return Refusal(422, "Invalid parameter", f"{field}: {rule}")


def _window(body: Mapping[str, Any], now: datetime, rule: EndRule, v2: bool) -> tuple[datetime, datetime]:
    for field in ("start_time", "end_time") if v2 else ("start_time",):
        if body.get(field) is None:
            raise _missing(field, v2)
    start, end = _time(body, "start_time", now), _time(body, "end_time", now)
    if start >= end:
        raise _bad("end_time", "must be after start_time")
    if not _allowed(rule, start, end, now):
        raise _bad("end_time", "must be less than 24 hours from now")
    return start, end


def _allowed(rule: EndRule, start: datetime, end: datetime, now: datetime) -> bool:
    """ "Must be less than 24 hours from now" can be read in four ways."""
    if rule in ("longest", "shorter"):
        return end - start < DAY or (rule == "longest" and end - start == DAY)
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


def _timezone(value: Any) -> str:
    """UTC unless told otherwise; no document says which zone a silent request gets."""
    if value is None or value == "UTC":
        return "UTC"
    if not isinstance(value, str) or value not in available_timezones():
        raise _unfit("timezone", f"{value!r:.40} is no zone such as UTC or America/New_York")
    return value


def _fields(body: Mapping[str, Any]) -> tuple[str, ...]:
    names = _names(body, "fields")
    if unknown := [name for name in names if name not in HEADINGS]:
        raise _unfit("fields", f"{unknown[0]!r:.60} is not available")
    return names


def _names(body: Mapping[str, Any], field: str) -> tuple[str, ...]:
    value = body.get(field) or []
    if not _strings(value):
        raise _unfit(field, "must be a list of strings")
    return tuple(value)


def _flag(body: Mapping[str, Any], field: str) -> bool:
    value = body.get(field)
    if value is not None and not isinstance(value, bool):
        raise _unfit(field, "must be true or false")
    return bool(value)


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
    """One shape in V1's document; in V2's example one object has all of them, so there any will do together."""
    fields = set(item) - {"filter_type"}
    shapes = [shape for shape in (CRITERIA_V2 if v2 else CRITERIA) if shape & fields]
    whole = bool(shapes) and fields == set[str]().union(*shapes) and (v2 or len(shapes) == 1)
    if not whole or not all(_fits(name, item[name], v2) for name in fields):
        raise _bad(f"filters[{i}]", "must have cli and cli_filter, cld and cld_filter, or tags_list")


def _fits(name: str, value: Any, v2: bool) -> bool:
    """A list of tags in V1's document, one tag in V2's."""
    if name == "tags_list" and _strings(value):
        return True
    text = isinstance(value, str) and (name != "tags_list" or v2)
    return text and (not name.endswith("_filter") or value in MATCHES)


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _passes(filters: list[dict[str, Any]], call: Call) -> bool:
    passed = True
    for item in filters:
        met = _meets(item, call)
        passed = passed and met if item["filter_type"] == "and" else passed or met
    return passed


def _meets(item: Mapping[str, Any], call: Call) -> bool:
    """All that one object says."""
    wanted = item.get("tags_list")
    tags = {wanted} if isinstance(wanted, str) else set(wanted or ())
    return (
        _matches(item, "cli", call.from_number)
        and _matches(item, "cld", call.to_number)
        and (wanted is None or bool(tags & set(call.tags)))
        and item.get("billing_group") in (None, call.billing_group_id)
    )


def _matches(item: Mapping[str, Any], end: str, number: str) -> bool:
    if end not in item:
        return True
    return MATCHES[item[f"{end}_filter"]](number.removeprefix("+"), item[end].removeprefix("+"))
