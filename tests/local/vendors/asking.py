"""How a client of either vendor asks, and reads what it gets."""

import csv
import gzip
import io
from typing import Any

import requests

from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx

V1 = "/reporting/cdr_requests"
V2 = "/v2/legacy/reporting/batch_detail_records/voice"
MEDIA = "application/vnd.api+json"
WINDOW = {"start_time": "2026-11-20T00:00:00+00:00", "end_time": "2026-11-21T00:00:00+00:00"}
ALL = {**WINDOW, "call_types": [1, 2], "record_types": [1, 2, 3]}
SPAN = {"start_call_start_time": "2026-11-20 00:00:00", "start_call_end_time": "2026-11-21 00:00:00"}


def v1(vendor: Telnyx, method: str, path: str = "", **more: Any) -> requests.Response:
    """One operation of Telnyx V1."""
    headers = {"x-api-user": vendor.credentials["user"], "x-api-token": vendor.credentials["token"]}
    return requests.request(method, f"{vendor.root}{V1}{path}", headers=headers, timeout=20, **more)


def v2(vendor: Telnyx, method: str, path: str = "", **more: Any) -> requests.Response:
    """One operation of Telnyx V2."""
    headers = {"Authorization": f"Bearer {vendor.credentials['key']}"}
    return requests.request(method, f"{vendor.root}{V2}{path}", headers=headers, timeout=20, **more)


def exports(vendor: Flowroute, method: str, path: str = "", **more: Any) -> requests.Response:
    """One operation of Flowroute."""
    auth = (vendor.credentials["access_key"], vendor.credentials["secret_key"])
    headers = {"Content-Type": MEDIA, "Accept": MEDIA, **more.pop("headers", {})}
    url = f"{vendor.base_url}/cdrs/exports{path}"
    return requests.request(method, url, auth=auth, headers=headers, timeout=20, **more)


def wish(callback_url: str | None = None, **filters: Any) -> dict[str, Any]:
    """The body of a Flowroute create."""
    attributes: dict[str, Any] = {"filter_parameters": {**SPAN, **filters}}
    if callback_url is not None:
        attributes["callback_url"] = callback_url
    return {"data": {"type": "cdrexport", "attributes": attributes}}


def rows(url: str) -> list[dict[str, str]]:
    """The file behind the link, read by its header; compressed or not."""
    got = requests.get(url, timeout=20)
    assert got.status_code == 200, got.text
    assert int(got.headers["Content-Length"]) == len(got.content)
    text = gzip.decompress(got.content) if got.content[:2] == b"\x1f\x8b" else got.content
    return list(csv.DictReader(io.StringIO(text.decode("utf-8"))))
