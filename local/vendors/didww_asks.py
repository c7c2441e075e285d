"""What a DIDWW export asks for: read from the body by the document's rules, then held against calls."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from local.call import Call
from local.vendors.http import Refusal

DIRECTIONS = {"cdr_in": "inbound", "cdr_out": "outbound"}
# Filters by export type, beside the window: doc.didww.com/api3/2026-04-16/export/export-filters-object.html
FILTERS = {"cdr_in": "did_number", "cdr_out": "voice_out_trunk.id"}
LONGEST = 100  # characters of an external_reference_id (create-export.html)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: which calls, what they are called for the customer, and whom to tell."""

    export_type: str
    start: datetime
    end: datetime
    filters: dict[str, str]
    external_reference_id: str | None
    callback_url: str | None
    callback_method: str | None


def parse(body: Any, now: datetime) -> Asked:
    """The request in the body, or the refusal that names the field."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict) or data.get("type") != "exports" or not isinstance(data.get("attributes"), dict):
        raise Refusal(400, "Bad Request", "The body must be an object with data.type exports and data.attributes.")
    attributes: dict[str, Any] = data["attributes"]
    kind, filters = attributes.get("export_type"), attributes.get("filters")
    if kind not in DIRECTIONS:
        raise unfit("export_type")
    if not isinstance(filters, dict) or not all(isinstance(one, str) for one in filters.values()):
        raise unfit("filters")
    start, end = _span(filters, now)
    rest = {name: value for name, value in filters.items() if name not in ("from", "to")}
    if not set(rest) <= {FILTERS[kind]}:
        raise unfit("filters")
    return Asked(kind, start, end, rest, _reference(attributes), *_callback(attributes))


def wants(asked: Asked, call: Call) -> bool:
    """Whether the export has that call, its time apart."""
    if call.direction != DIRECTIONS[asked.export_type]:
        return False
    number, trunk = asked.filters.get("did_number"), asked.filters.get("voice_out_trunk.id")
    return number in (None, call.to_number.removeprefix("+")) and trunk in (None, trunk_id(call))


def trunk_id(call: Call) -> str:
    """A trunk's id is a UUID."""
    return str(UUID(int=int(call.connection_id)))


def unfit(field: str) -> Refusal:
    return Refusal(422, f"{field} is invalid", f"{field} - is invalid")


def _span(filters: dict[str, str], now: datetime) -> tuple[datetime, datetime]:
    """Both in the current or the two preceding months, `from` before `to`, neither in the future (OpenAPI document)."""
    start, end = (_time(filters.get(name), name) for name in ("from", "to"))
    if not start < end <= now or (now.year - start.year) * 12 + now.month - start.month > 2:
        raise unfit("filters/to" if end > now else "filters/from")
    return start, end


def _time(text: str | None, name: str) -> datetime:
    try:
        when = datetime.fromisoformat(text or "")
    except ValueError:
        raise unfit(f"filters/{name}") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _reference(attributes: dict[str, Any]) -> str | None:
    reference = attributes.get("external_reference_id")
    if reference is not None and (not isinstance(reference, str) or len(reference) > LONGEST):
        raise unfit("external_reference_id")
    return reference


def _callback(attributes: dict[str, Any]) -> tuple[str | None, str | None]:
    """Both or neither (doc.didww.com/api3/2026-11-19/export/create-export.html)."""
    url, method = attributes.get("callback_url"), attributes.get("callback_method")
    if url is None and method is None:
        return None, None
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
        raise unfit("callback_url")
    if method not in ("post", "get"):
        raise unfit("callback_method")
    return url, method
