"""How Telnyx shows a CDR request: V1 bare and in strings, V2 with more fields and in lists."""

import json
from datetime import UTC, datetime
from typing import Any

from local.vendors.frame import Built, Report
from local.vendors.telnyx_asks import Asked

PENDING, COMPLETE, FAILED, EXPIRED = 1, 2, 3, 4
CODES = {400: "10015", 401: "10009", 403: "10010", 404: "10005", 405: "10006", 422: "10004", 429: "10011"}


def shown(report: Report[Asked, Built], status: int, link: str | None, v2: bool) -> dict[str, Any]:
    """All documented fields; `connections` are strings in V1's document, integers in V2's SDK, `filters` a list."""
    asked = report.asked
    connections = [int(id) if v2 and id.isdecimal() else id for id in asked.connections]
    return {
        "id": report.id,
        "start_time": _time(asked.start),
        "end_time": _time(asked.end),
        "call_types": list(asked.call_types),
        "record_types": list(asked.record_types),
        "connections": connections,
        "report_name": asked.report_name,
        "status": status,
        "report_url": link,
        "filters": asked.filters if v2 else json.dumps(asked.filters),
        "created_at": _time(report.created_at),
        "updated_at": _time(report.created_at if status == PENDING else report.ready_at),
        **(_newer(asked) if v2 else {}),
    }


def _newer(asked: Asked) -> dict[str, Any]:
    """What only V2 tells; the record's type is the one of the public page's example, which V2's SDK does not name."""
    return {
        "source": asked.source,
        "timezone": asked.timezone,
        "managed_accounts": list(asked.managed_accounts),
        "retry": 0,
        "record_type": "cdr_detailed_report",
    }


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00"
