"""A vendor's answer to each of our requests: a Problem without our key, or a value that the handlers can work with."""

import io
import json
from datetime import UTC
from functools import cache
from typing import Any, cast

import requests
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict, HTTPResponse

from lambdas.core.errors import Problem
from lambdas.core.exports import Export, parse
from lambdas.core.progress import Progress, State
from lambdas.core.receipt import Tally, disagreements, receipt, warnings
from lambdas.core.rows import Work
from lambdas.core.windows import Window
from lambdas.vendors import FACTS, VENDORS, Discards, Vendor
from lambdas.vendors.paging import PAGES
from lambdas.web import Answer, Web
from tests.core.making import NOW, row, window

KINDS = [(name, api) for name, facts in FACTS.items() for api in facts.apis]
STATUSES = (200, 201, 204, 301, 400, 401, 403, 404, 408, 410, 422, 429, 500, 502, 503, 206, 302, 299, 600, 304)
KEY = "Key-0f1e2d3c4b5a69788796"  # of each field of each secret
TAG = "cdr1.0a1b2c3d.main.20261119T000000Z.86400.calls.r1.a1.deadbeef"
WORDS = ('"data":', '"id":', '"attributes":', '"status":', '"completed"', '"report_url":', '"download_url":', '"url":',
         '"errors":[{"detail":"', '"num_calls":', '"total_cost":', '"expires_at":', '"requested_at":', '"meta":',
         '"total_pages":', '"callback_url":', '"report_name":', '"external_reference_id":', "{tag}", "{key}", "1e999",
         "NaN", "Infinity", '"success":true', "Retry-After: 3", "Date: ", "https://portal.telnyx.com/", "null", "\n\n",
         "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\\ud800", "0E-400", '"processing"')  # fmt: skip


class Said:
    """Stands for a session of requests: gives one answer again and again, and counts."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._status, self._headers, self._body = status, headers, body
        self.asked = 0

    def request(self, method: str, url: str, **how: Any) -> requests.Response:
        self.asked += 1
        json.dumps(how.get("json"))
        response = requests.Response()
        response.status_code = self._status
        response.headers = CaseInsensitiveDict(self._headers)
        response.raw = HTTPResponse(
            io.BytesIO(self._body), HTTPHeaderDict(self._headers), self._status, preload_content=False
        )
        return response


class Room(Web):
    """The HTTP room, whose sessions are this one."""

    def __init__(self, said: Said) -> None:
        super().__init__()
        self._said = said

    def call(self, vendor: str, what: str, method: str, url: str, **how: Any) -> Answer:
        return self._asked(cast(requests.Session, self._said), f"{vendor}: {what}", method, url, how)


@cache
def _export(kind: int) -> Export:
    name, api = KINDS[kind % len(KINDS)]
    text = f'[[export]]\nname = "main"\nvendor = "{name}"\napi = "{api}"\nstart = "-1d"'
    return parse(text, "dev", FACTS).exports[0]


def run(data: bytes) -> None:
    """Three bytes choose account, operation and status; then headers up to a blank line, and the body."""
    if len(data) < 3:
        return
    export, what, status = _export(data[0]), data[1] % 4, STATUSES[data[2] % len(STATUSES)]
    rest = data[3:].replace(b"{tag}", TAG.encode()).replace(b"{key}", KEY.encode())
    head, _, body = rest.partition(b"\n\n")
    lines = (line.partition(":") for line in head.decode("latin-1").split("\n"))
    said = Said(status, {name: value.strip() for name, colon, value in lines if colon}, body)
    account = VENDORS[export.vendor](export, dict.fromkeys(FACTS[export.vendor].secret[export.api], KEY), Room(said))
    try:
        (_asked, _found, _looked, _discarded)[what](account, export)
    except Problem as problem:
        _told(problem, export.vendor)
    assert said.asked <= PAGES, "more was asked than the budget allows"


def _asked(account: Vendor, export: Export) -> None:
    fields = account.fields(Window(window().start, 86_400, export.sources[0]))
    _ident(account.ask(fields, TAG, "https://us.example/hooks/a/b"))


def _found(account: Vendor, export: Export) -> None:
    found = account.find(account.fields(Window(window().start, 86_400, export.sources[0])), TAG, NOW)
    assert isinstance(found.page, int)
    if found.report_id is not None:
        _ident(found.report_id)


def _looked(account: Vendor, export: Export) -> None:
    """What the poller and the copier do with it."""
    progress = account.look("7")
    assert isinstance(progress, Progress)
    assert bool(progress.files) == (progress.state is State.READY)
    urls: list[object] = [file.url for file in progress.files]
    assert all(isinstance(url, str) and url for url in urls)
    assert progress.totals.rows is None or isinstance(progress.totals.rows, int)
    disagreements(Tally(rows=1), progress.totals)
    warnings(Tally(rows=1), progress.totals)
    told = receipt(row(Work.COPYING), export, Tally(rows=1), progress.totals, NOW, narrowed=())
    assert len(json.dumps(told)) < 5_000, "a vendor's totals swell the receipt"
    if progress.expires_at:
        progress.expires_at.astimezone(UTC).isoformat()


def _discarded(account: Vendor, export: Export) -> None:
    if isinstance(account, Discards):
        account.discard("7")


def _ident(report_id: Any) -> None:
    assert isinstance(report_id, str)
    assert 0 < len(report_id) <= 200, "an id that the ledger has no room for"
    assert report_id.isascii(), "an id that no path holds"
    assert report_id.isprintable(), "an id that no path holds"


def _told(problem: Problem, vendor: str) -> None:
    said = f"{problem.what} {json.dumps(problem.facts)}"
    assert problem.what.startswith(f"{vendor}: ")
    assert KEY not in said, "our key is told"
    assert len(said) < 2_000, "a vendor's words swell the log"
    assert problem.what.isprintable(), "a vendor's words move a terminal's cursor"
