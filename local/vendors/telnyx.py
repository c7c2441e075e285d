"""Telnyx's CDR Reports, V1 and its V2 twin, on one server: polled, never calling back."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

from flask import Flask, request
from flask.typing import ResponseReturnValue

from local.calls import Axis, Call, Calls
from local.vendors.faults import BEGUN, EVERYWHERE
from local.vendors.frame import Built, Clock, Report, Vendor
from local.vendors.http import Refusal, integer, reply
from local.vendors.telnyx_asks import Asked, EndRule, parse, wants
from local.vendors.telnyx_file import FIELDS, write
from local.vendors.telnyx_view import CODES, COMPLETE, EXPIRED, FAILED, PENDING, shown

V1 = "/reporting/cdr_requests"
# The SDK and the OpenAPI document name the first, newer pages the second.
V2 = ("/v2/legacy/reporting/batch_detail_records/voice", "/v2/legacy_reporting/batch_detail_records/voice")
CREDENTIALS = {"user": "ops@example.com", "token": "simulated-v1-token", "key": "KEY-simulated-v2"}
UNPRICED = 0.005
LIMITS = {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2"}
REFUSALS = {
    401: ("Authentication failed", "Could not understand the provided credentials."),
    403: ("Forbidden", "You do not have permission to perform this action."),
    404: ("Resource not found", "The requested resource or URL could not be found."),
    429: ("Too many requests", "You have exceeded the maximum number of requests."),
    500: ("Unexpected error", "An unexpected error occurred."),
}


class Telnyx(Vendor[Asked, Built]):
    """One Telnyx account; `api` only chooses which of the two base URLs `base_url` is.

    `axis` and `closed` say by which time of a call a window selects it, and whether its end belongs to it.
    `barred` are sources that the account may not use, each with the status that says so. `live` holds back what is
    not recorded yet when the report is built; `page_most` is the most that a page of the
    list gives, whatever is asked for.
    """

    name: ClassVar[str] = "telnyx"
    keys: ClassVar[Mapping[str, str]] = CREDENTIALS
    media: ClassVar[str] = "application/json"
    file_type: ClassVar[str] = "text/csv"
    plays: ClassVar[Collection[str]] = EVERYWHERE | {"expired", "both", "moving"}
    waits: ClassVar[str] = "x-ratelimit-reset"
    renamed: ClassVar[str] = "Billing group"

    def __init__(
        self,
        seed: int,
        account: str,
        *,
        clock: Clock,
        per_day: int = 400,
        axis: Axis = "start",
        closed: bool = False,
        api: Literal["v1", "v2"] = "v1",
        build_s: tuple[float, float] = (2.0, 6.0),
        link_s: float = 3600,
        end_rule: EndRule = "latest",
        retention_days: int = 30,
        live: bool = False,
        barred: Mapping[str, int] | None = None,
        page_most: int | None = None,
        credentials: Mapping[str, str] = CREDENTIALS,
    ) -> None:
        super().__init__(Calls(seed, account, per_day, unpriced=UNPRICED), clock, build_s, link_s)
        self.axis, self.closed, self.api, self.live = axis, closed, api, live
        self.barred = barred or {}
        self.end_rule, self.retention, self.page_most = end_rule, timedelta(days=retention_days), page_most
        self.credentials = {**CREDENTIALS, **credentials}

    @classmethod
    def play(cls, seed: int, account: str, *, clock: Clock, per_day: int, ca: Path | None = None) -> Self:
        """The hardest reading: selected by a time that no column shows, with an inclusive end."""
        return cls(seed, account, clock=clock, per_day=per_day, axis="record", closed=True)

    @classmethod
    def wanted(cls, fields: Mapping[str, Any], end: datetime, api: str) -> Callable[[Call], bool]:
        """By source, directions, record types, connections and filters."""
        asked = parse(fields, end, "latest", api == "v2")
        return lambda call: wants(asked, call)

    def address(self, api: str) -> str:
        """V2 lives below /v2 of the same server."""
        return f"{self.root}/v2" if api == "v2" else self.root

    def opened(self) -> None:
        self.base_url = self.address(self.api)
        self.download_from = f"{self.files_url}/downloads/"

    def routes(self, app: Flask) -> None:
        for path in (V1, *V2):
            app.add_url_rule(path, f"create {path}", self._create, methods=["POST"])
            app.add_url_rule(path, f"list {path}", self._list, methods=["GET"])
            app.add_url_rule(f"{path}/<id>", f"get {path}", self._get, methods=["GET"])
            app.add_url_rule(f"{path}/<id>", f"delete {path}", self._delete, methods=["DELETE"])
        for path in V2:
            app.add_url_rule(f"{path}/fields", f"fields {path}", self._fields, methods=["GET"])

    def authorized(self, keys: Mapping[str, str]) -> bool:
        """V1 wants two headers and takes no key; V2 wants the key as a Bearer token."""
        user, token, key = (keys[name] for name in ("user", "token", "key"))
        due = {"Authorization": f"Bearer {key}"} if _v2() else {"x-api-user": user, "x-api-token": token}
        given = {name: request.headers.get(name, "") for name in due}
        return all(hmac.compare_digest(given[name].encode(), due[name].encode()) for name in due)

    def refusal(self, error: Refusal) -> dict[str, Any]:
        code = CODES.get(error.status, "10007")
        return {"errors": [{"code": code, "title": error.title, "detail": error.detail}]}

    def refused(self, status: int) -> Refusal:
        return Refusal(status, *REFUSALS[status], LIMITS if status == 429 else None)

    def _create(self) -> ResponseReturnValue:
        body: Any = request.get_json(force=True, silent=True)
        asked = parse(body, self.clock(), self.end_rule, _v2())
        if status := self.barred.get(asked.source):
            raise Refusal(status, "Not enabled", f"source: {asked.source} is not enabled for the account.")
        id = self.draw(lambda rng: str(UUID(int=rng.getrandbits(128), version=1)))
        struck = self.faults.sweep(BEGUN)
        wanted = _mixed(asked) if "both" in struck else lambda call: wants(asked, call)

        def build(ready: datetime) -> Built:
            calls = filter(wanted, self._held(asked, ready))
            return write(self.folder / f"{id}.csv", calls, asked.headings, asked.zone)

        return _wrap(self._show(self.begin(id, asked, body, f"downloads/{id}.csv", build, struck)))

    def _held(self, asked: Asked, ready: datetime) -> Iterator[Call]:
        """What Telnyx still holds when the report is ready; if live, only what is recorded by then."""
        for call in self.calls.between(asked.start, asked.end, axis=self.axis, closed=self.closed):
            if call.started_at >= ready - self.retention and (not self.live or call.recorded_at <= ready):
                yield call

    def _list(self) -> ResponseReturnValue:
        """Newest first, so that pages move when a report is created between two reads."""
        paging = Refusal(400, "Bad Request", "page must be at least 1, per_page between 1 and 1000")
        number = integer(_either("page", "page[number]"), 1, 1, None, paging)
        size = integer(_either("per_page", "page[size]"), 100, 1, 1000, paging)
        size = min(size, self.page_most or size)
        reports = self.newest()
        page = [self._show(report) for report in self.page(reports, (number - 1) * size, size)]
        if not _v2():
            return reply(page)
        pages = -(-len(reports) // size)
        meta = {"page_number": number, "page_size": size, "total_pages": pages, "total_results": len(reports)}
        return reply({"data": page, "meta": meta})

    def _get(self, id: str) -> ResponseReturnValue:
        return _wrap(self._show(self._find(id)))

    def _delete(self, id: str) -> ResponseReturnValue:
        """V1 says so; V2 shows what is gone."""
        report = self._find(id)
        last = self._show(report)
        with self.lock:
            self.reports.pop(id, None)
        self.files.drop(report.path)
        return _wrap(last) if _v2() else reply({"success": True, "message": "CDR request deleted"})

    def _fields(self) -> ResponseReturnValue:
        """What V2's `fields` may name; in no envelope, unlike all else in V2."""
        return reply({group: list(names) for group, names in FIELDS.items()})

    def _find(self, id: str) -> Report[Asked, Built]:
        with self.lock:
            if id not in self.reports:
                raise self.refused(404)
            return self.reports[id]

    def _status(self, report: Report[Asked, Built]) -> int:
        now = self.clock()
        if now >= report.created_at + self.retention:
            return EXPIRED
        if now < report.ready_at:
            return PENDING
        report.build.result()
        if report.failed:
            return FAILED
        return EXPIRED if report.expired else COMPLETE

    def _show(self, report: Report[Asked, Built]) -> dict[str, Any]:
        """With a link that is signed anew each time."""
        status, link = self._status(report), None
        if status == COMPLETE:
            link = self.files.link(report.path, self.link_life, "simulated", self.clock())
        return shown(report, status, link, _v2())


telnyx = SIMULATOR = Telnyx


def _mixed(asked: Asked) -> Callable[[Call], bool]:
    """What was asked for, and every fifth call of another source beside it."""
    other = replace(asked, source="call-control" if asked.source == "calls" else "calls")
    seen = count()
    return lambda call: wants(asked, call) or (wants(other, call) and next(seen) % 5 == 0)


def _v2() -> bool:
    return request.path.startswith("/v2/")


def _either(name: str, newer: str) -> str:
    return newer if _v2() and newer in request.args else name


def _wrap(shown: dict[str, Any]) -> ResponseReturnValue:
    return reply({"data": shown} if _v2() else shown)
