"""How Flowroute shows an export, and what it says of it when it calls back."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from local.vendors.flowroute_asks import END, START, Asked
from local.vendors.flowroute_file import UNKNOWN, Export
from local.vendors.frame import Report

PATH = "/v2/cdrs/exports"
LIFE = timedelta(days=3)
EAST = timezone(timedelta(hours=3))  # `created_at` of the document's example has this offset


def shown(report: Report[Asked, Export], status: str, link: str | None, host: str, id: str | int) -> dict[str, Any]:
    """JSON:API, the filters both beside the other attributes and, without the window, in their own place."""
    own = {"self": f"{host}{PATH}/{report.id}"}
    attributes = {**_asked(report.asked), "status": status, **_progress(report, link)}
    attributes["filter_parameters"] = report.asked.filters
    return {"data": {"type": "cdrexport", "id": id, "links": own, "attributes": attributes}, "links": own}


def event(report: Report[Asked, Export], id: str, now: datetime, customer: str) -> dict[str, Any]:
    """Modelled on a port order's event: `data.id` is the event, `resource_id` the export."""
    at = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    attributes = {
        "at": at,
        "customer_id": customer,
        "event_type": "status_change",
        "id": id,
        "message": "",
        "resource_id": report.id,
        "resource_type": "cdrexports",
        "status": "failed" if report.failed else "completed",
        "timestamp": at,
        "type": "event",
        "url_override": None,
        "version": "1.0",
    }
    return {"data": {"attributes": attributes, "id": id, "type": "cdr_status_change", "timestamp": at}}


def _asked(asked: Asked) -> dict[str, Any]:
    window = {START: f"{asked.start:%Y-%m-%d %H:%M:%S}", END: f"{asked.end:%Y-%m-%d %H:%M:%S}"}
    return {**asked.filters, **window, "callback_url": asked.callback_url}


def _progress(report: Report[Asked, Export], link: str | None) -> dict[str, Any]:
    """All null until it is completed."""
    return {
        "download_url": link,
        "requested_at": _time(report.created_at, UTC),
        "created_at": _time(report.created_at + timedelta(seconds=1), EAST),
        "expires_at": _time(report.ready_at + LIFE, UTC) if link else None,
        **(report.build.result().totals.attributes() if link else UNKNOWN),
    }


def _time(at: datetime, zone: timezone) -> str:
    return at.astimezone(zone).replace(microsecond=0).isoformat()
