"""What a Flowroute CDR export asks for: read from the body by the document's rules, then held against calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from local.call import Call
from local.numbers import NAMES
from local.vendors.http import Refusal

LONGEST = timedelta(days=92)
START, END = "start_call_start_time", "start_call_end_time"
Test = Callable[[Call, Any], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: the window on the call's start, the other filters, and whom to tell."""

    start: datetime
    end: datetime
    callback_url: str | None
    filters: dict[str, Any]


def parse(body: Any) -> Asked:
    """The request in the body, or the refusal that names the value."""
    attributes = _attributes(body)
    filters = attributes.get("filter_parameters")
    if not isinstance(filters, dict):
        raise Refusal(422, "Unprocessable Entity", "Missing value: filter_parameters is required.")
    start, end = _time(filters, START), _time(filters, END)
    if not start < end <= start + LONGEST:
        raise _invalid(END, "must be after start_call_start_time and at most 92 days from it")
    rest = {name: value for name, value in filters.items() if name not in (START, END) and value is not None}
    for name, value in rest.items():
        _check(name, value)
    return Asked(start, end, _callback(attributes.get("callback_url")), rest)


def wants(asked: Asked, call: Call) -> bool:
    """Whether the export has that call, its time apart."""
    return all(TESTS[name](call, value) for name, value in asked.filters.items())


def _invalid(field: str, rule: str = "is improperly formatted") -> Refusal:
    return Refusal(422, "Unprocessable Entity", f"Invalid value: {field} {rule}.")


def _attributes(body: Any) -> dict[str, Any]:
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("attributes"), dict):
        raise Refusal(400, "Bad Request", "The body must be a JSON object with data.attributes.")
    if data.get("type") != "cdrexport":
        raise _invalid("type", "must be cdrexport")
    attributes: dict[str, Any] = data["attributes"]
    return attributes


def _time(filters: Mapping[str, Any], field: str) -> datetime:
    if field not in filters:
        raise Refusal(422, "Unprocessable Entity", f"Missing value: {field} is required.")
    try:
        return datetime.strptime(filters[field], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except (TypeError, ValueError):
        raise _invalid(field) from None


def _callback(url: Any) -> str | None:
    if url is None:
        return None
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise _invalid("callback_url")
    return url


def _check(name: str, value: Any) -> None:
    if name not in TYPES:
        raise _invalid(name, "is not a filter parameter")
    if not TYPES[name](value) or (name == "direction" and value.lower() not in ("inbound", "outbound")):
        raise _invalid(name)


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _string(value: Any) -> bool:
    return isinstance(value, str)


def _digits(number: str) -> str:
    return number.removeprefix("+")


def _among(number: str, wanted: list[str]) -> bool:
    """With or without the plus sign."""
    return _digits(number) in map(_digits, wanted)


def _begins(number: str, wanted: list[str]) -> bool:
    return _digits(number).startswith(tuple(map(_digits, wanted)))


def _country(call: Call, wanted: list[str]) -> bool:
    """By code or by the name that the file shows."""
    names = {call.to_country, NAMES.get(call.to_country, "").upper()} - {""}
    return not names.isdisjoint(item.upper() for item in wanted)


def _cost(call: Call) -> Decimal:
    return call.cost or Decimal()


def _aliased(call: Call, wanted: list[str]) -> bool:
    return any(part in call.number_alias for part in wanted)


# Each filter, how its value is typed, and which calls it keeps. `cost_greater_than` keeps the dearer calls:
# the "less than" of the document is a slip. The last two are the newer page's spellings.
FILTERS: dict[str, tuple[Callable[[Any], bool], Test]] = {
    "number_aliases": (_strings, lambda call, wanted: call.number_alias in wanted),
    "destination_numbers": (_strings, lambda call, wanted: _among(call.to_number, wanted)),
    "callerid_numbers": (_strings, lambda call, wanted: _among(call.from_number, wanted)),
    "custom_x_tag": (_strings, lambda call, wanted: call.custom_tag in wanted),
    "caller_ip": (_string, lambda call, wanted: call.customer_ip.split(":")[0] == wanted),
    "duration_greater_than": (_number, lambda call, wanted: call.duration_s > wanted),
    "duration_less_than": (_number, lambda call, wanted: call.duration_s < wanted),
    "cost_greater_than": (_number, lambda call, wanted: _cost(call) > Decimal(str(wanted))),
    "cost_less_than": (_number, lambda call, wanted: _cost(call) < Decimal(str(wanted))),
    "destination_countries_included": (_strings, _country),
    "destination_countries_excluded": (_strings, lambda call, wanted: not _country(call, wanted)),
    "tollfree_only": (_boolean, lambda call, wanted: call.toll_free or not wanted),
    "direction": (_string, lambda call, wanted: call.direction == wanted.lower()),
    "exclude_cancelled": (_boolean, lambda call, wanted: not wanted or call.result != "cancelled"),
    "destination_prefix": (_strings, lambda call, wanted: _begins(call.to_number, wanted)),
    "callerid_prefix": (_strings, lambda call, wanted: _begins(call.from_number, wanted)),
    "custom_x_tags": (_strings, lambda call, wanted: call.custom_tag in wanted),
    "number_aliases_contains": (_strings, _aliased),
}
TYPES = {name: kind for name, (kind, _) in FILTERS.items()}
TESTS = {name: test for name, (_, test) in FILTERS.items()}
