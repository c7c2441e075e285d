"""How Flowroute shows an export, and what it says of it when it calls back."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from local.calls import Tally
from local.vendors.flowroute_asks import END, START, Asked
from local.vendors.flowroute_file import UNKNOWN, Export, Totals
from local.vendors.frame import Report

PATH = "/v2/cdrs/exports"
LIFE = timedelta(days=3)
MONEY = ("total_cost", "call_subtotal", "connect_fees", "cnamlookup_fees", "usf_fees", "ccrf")
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
        "expires_at": _time(_death(report), UTC) if link else None,
        **(_totals(report) if link else UNKNOWN),
    }


def _death(report: Report[Asked, Export]) -> datetime:
    """One that has expired did so before anybody could have it."""
    return report.ready_at - timedelta(seconds=1) if report.expired else report.ready_at + LIFE


def _totals(report: Report[Asked, Export]) -> dict[str, object]:
    """The true ones, but for what the faults say of them."""
    totals = Totals(Tally()) if "empty" in report.struck else report.build.result().totals
    told = totals.attributes()
    if "count" in report.struck:
        told["num_calls"] = totals.tally.rows + 1
    if "cents" in report.struck:
        told |= {name: f"{Decimal(str(told[name])):.2f}" for name in MONEY}
    return told


def _time(at: datetime, zone: timezone) -> str:
    return at.astimezone(zone).replace(microsecond=0).isoformat()
