"""One way to talk to either vendor, for what both must do alike."""

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests.local.vendors.asking import ALL, exports, v1, wish

DONE: dict[str, Any] = {"telnyx": 2, "flowroute": "completed"}
PENDING: dict[str, Any] = {"telnyx": 1, "flowroute": "processing"}


@dataclass(frozen=True)
class Client:
    """Telnyx V1 or Flowroute."""

    vendor: Telnyx | Flowroute
    call: Callable[..., requests.Response]
    body: dict[str, Any]
    sized: str  # what a list's page size is called

    @property
    def done(self) -> Any:
        return DONE[self.vendor.name]

    @property
    def pending(self) -> Any:
        return PENDING[self.vendor.name]

    def create(self) -> requests.Response:
        return self.call(self.vendor, "POST", json=self.body)

    def made(self) -> str:
        """The id of a new report."""
        body = self.create().json()
        return str(body["id"] if self.vendor.name == "telnyx" else body["data"]["id"])

    def listed(self, **query: int) -> requests.Response:
        return self.call(self.vendor, "GET", params=query)

    def ids(self, **query: int) -> list[str]:
        body = self.listed(**query).json()
        return [one["id"] for one in (body if self.vendor.name == "telnyx" else [one["data"] for one in body["data"]])]

    def retrieve(self, id: str) -> requests.Response:
        return self.call(self.vendor, "GET", f"/{id}")

    def got(self, id: str) -> dict[str, Any]:
        """What is told of a report."""
        body = self.retrieve(id).json()
        told: dict[str, Any] = body if self.vendor.name == "telnyx" else body["data"]["attributes"]
        return told

    def link(self, id: str) -> str:
        return str(self.got(id)["report_url" if self.vendor.name == "telnyx" else "download_url"])

    def operations(self, id: str) -> dict[str, Callable[[], requests.Response]]:
        """Every operation that the vendor has, the last one on that report."""
        told = {"create": self.create, "list": self.listed, "retrieve": lambda: self.retrieve(id)}
        if self.vendor.name == "telnyx":
            told["delete"] = lambda: self.call(self.vendor, "DELETE", f"/{id}")
        return told


def client(vendor: Telnyx | Flowroute) -> Client:
    if isinstance(vendor, Telnyx):
        return Client(vendor, v1, ALL, "per_page")
    return Client(vendor, exports, wish(), "limit")


def table(url: str) -> list[list[str]]:
    """The lines of a file, its header first."""
    got = requests.get(url, timeout=20)
    assert got.status_code == 200, got.text
    text = gzip.decompress(got.content) if got.content[:2] == b"\x1f\x8b" else got.content
    return list(csv.reader(io.StringIO(text.decode("utf-8"))))
