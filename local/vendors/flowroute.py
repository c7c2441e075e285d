"""Flowroute's CDR Exports v2: JSON:API, links one must not follow, and a callback when an export is done."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self

from flask import Flask, request
from flask.typing import ResponseReturnValue

from local.account import uuid4
from local.calls import Axis, Call, Calls
from local.vendors.callbacks import Caller, Delivery, Mode, Note, planned
from local.vendors.faults import CALLED, EVERYWHERE
from local.vendors.flowroute_asks import Asked, parse, wants
from local.vendors.flowroute_file import Export, write
from local.vendors.flowroute_view import LIFE, PATH, event, shown
from local.vendors.frame import Clock, Report, Vendor
from local.vendors.http import Refusal, integer, reply

MEDIA = "application/vnd.api+json"
INSIDE = "http://cdr-api"  # the host that Flowroute's own lists name, and nobody outside can reach
CREDENTIALS = {"access_key": "simulated-access-key", "secret_key": "simulated-secret-key"}
STATUSES = ("processing", "completed", "failed")
LIMITS = {"Retry-After": "2"}
REFUSALS = {
    401: ("Unauthorized", "Invalid access key or secret key."),
    403: ("Forbidden", "The account may not use this resource."),
    404: ("Not Found", "The export does not exist."),
    415: ("Unsupported Media Type", f"Content-Type must be {MEDIA}."),
    429: ("Too Many Requests", "The rate limit was exceeded."),
    500: ("Internal Server Error", "An unexpected error occurred."),
}


class Flowroute(Vendor[Asked, Export]):
    """One Flowroute account; `ca` is the certificate that its callbacks trust.

    `old` leaves out the four newer columns, `plain` does not compress, `whole_ids` makes ids integers, `live`
    holds back what is not recorded yet when the export is built. `page_most` is the most that a page of the list
    gives, whatever is asked for.
    """

    name: ClassVar[str] = "flowroute"
    keys: ClassVar[Mapping[str, str]] = CREDENTIALS
    media: ClassVar[str] = MEDIA
    file_type: ClassVar[str] = "binary/octet-stream"
    plays: ClassVar[Collection[str]] = EVERYWHERE | CALLED | {"expired", "count", "cents", "moving"}
    operations: ClassVar[Collection[str]] = ("create", "list", "retrieve")
    renamed: ClassVar[str] = "number_alias"
    axis: Axis = "start"
    closed: bool = False

    def __init__(
        self,
        seed: int,
        account: str,
        *,
        clock: Clock,
        per_day: int = 400,
        build_s: tuple[float, float] = (2.0, 6.0),
        link_s: float = LIFE.total_seconds(),
        old: bool = False,
        plain: bool = False,
        whole_ids: bool = False,
        live: bool = False,
        page_most: int | None = None,
        callbacks: Mode = "once",
        ca: Path | None = None,
        retry_s: float = 30.0,
        credentials: Mapping[str, str] = CREDENTIALS,
    ) -> None:
        super().__init__(Calls(seed, account, per_day), clock, build_s, link_s)
        self.old, self.plain, self.whole_ids, self.live = old, plain, whole_ids, live
        self.page_most = page_most
        self.mode, self.caller = callbacks, Caller(clock, ca, retry_s)
        self.credentials = {**CREDENTIALS, **credentials}
        self.customer = self.draw(uuid4)
        self._last = 38_646  # the document's first id is the next

    @classmethod
    def play(cls, seed: int, account: str, *, clock: Clock, per_day: int, ca: Path | None = None) -> Self:
        """With callbacks."""
        return cls(seed, account, clock=clock, per_day=per_day, ca=ca)

    @classmethod
    def wanted(cls, fields: Mapping[str, Any], end: datetime, api: str) -> Callable[[Call], bool]:
        """By the filters."""
        asked = parse({"data": {"type": "cdrexport", "attributes": {"filter_parameters": dict(fields)}}})
        return lambda call: wants(asked, call)

    def opened(self) -> None:
        self.base_url = f"{self.root}/v2"
        self.download_from = f"{self.files_url}/flowroute-cdrexports/"

    def parts(self) -> tuple[AbstractContextManager[object], ...]:
        return (self.caller,)

    @property
    def callbacks(self) -> list[Delivery]:
        """Every attempt to call back, in order."""
        return list(self.caller.deliveries)

    def routes(self, app: Flask) -> None:
        app.add_url_rule(PATH, "create", self._create, methods=["POST"])
        app.add_url_rule(PATH, "list", self._list, methods=["GET"])
        app.add_url_rule(f"{PATH}/<id>", "get", self._get, methods=["GET"])

    def authorized(self, keys: Mapping[str, str]) -> bool:
        """HTTP Basic: the access key and the secret key."""
        given = request.authorization
        pair = f"{given.username}:{given.password}" if given and given.type == "basic" else ""
        due = "{access_key}:{secret_key}".format_map(keys)
        return hmac.compare_digest(pair.encode(), due.encode())

    def refusal(self, error: Refusal) -> dict[str, Any]:
        fault = {"detail": error.detail, "id": self.draw(uuid4), "status": error.status, "title": error.title}
        return {"errors": [fault]}

    def refused(self, status: int) -> Refusal:
        return Refusal(status, *REFUSALS[status], LIMITS if status == 429 else None)

    def _create(self) -> ResponseReturnValue:
        if request.content_type != MEDIA:
            raise self.refused(415)
        body: Any = request.get_json(force=True, silent=True)
        asked, id = parse(body), self._id()
        path = f"flowroute-cdrexports/{self.customer}/{id}.csv{'' if self.plain else '.gz'}"
        report = self.begin(id, asked, body, path, lambda ready: self._build(id, asked, ready))
        self._announce(report)
        return reply(self._show(report, self.root), 202)

    def _id(self) -> str:
        with self.lock:
            self._last += 1
            return str(self._last)

    def _build(self, id: str, asked: Asked, ready: datetime) -> Export:
        return write(self.folder / id, self._rows(asked, ready), old=self.old, plain=self.plain)

    def _rows(self, asked: Asked, ready: datetime) -> Iterator[Call]:
        """Half-open on the call's start; all history is kept; if live, only what is recorded by then."""
        for call in self.calls.between(asked.start, asked.end, axis=self.axis, closed=self.closed):
            if wants(asked, call) and (not self.live or call.recorded_at <= ready):
                yield call

    def _announce(self, report: Report[Asked, Export]) -> None:
        """The faults of callbacks strike only where there is one to send."""
        url = report.asked.callback_url
        if not url:
            return
        struck = self.faults.sweep(CALLED)
        for target, due in planned(url, report.created_at, report.ready_at, self.mode, struck):
            self.caller.add(Note(report.id, target, due, lambda: self._event(report)))

    def _event(self, report: Report[Asked, Export]) -> dict[str, Any]:
        return event(report, self.draw(uuid4), self.clock(), self.customer)

    def _list(self) -> ResponseReturnValue:
        """Newest first; every item wrapped once more, every link on the inside host."""
        asked = integer("limit", 10, 1, 200, _unfit("limit"))
        limit = min(asked, self.page_most or asked)
        offset = integer("offset", 0, 0, None, _unfit("offset"))
        status = request.args.get("status")
        if status not in (None, *STATUSES):
            raise _unfit("status")
        found = [report for report in self.newest() if status in (None, self._status(report))]
        items = [self._show(report, INSIDE) for report in self.page(found, offset, limit)]
        links = {"self": f"{INSIDE}{PATH}?limit={limit}&offset={offset}"}
        if offset + limit < len(found):
            links["next"] = f"{INSIDE}{PATH}?limit={limit}&offset={offset + limit}"
        return reply({"data": items, "links": links})

    def _get(self, id: str) -> ResponseReturnValue:
        with self.lock:
            report = self.reports.get(id)
        if report is None:
            raise self.refused(404)
        return reply(self._show(report, self.root))

    def _status(self, report: Report[Asked, Export]) -> str:
        if self.clock() < report.ready_at:
            return "processing"
        report.build.result()
        return "failed" if report.failed else "completed"

    def _show(self, report: Report[Asked, Export], host: str) -> dict[str, Any]:
        """With a link that was signed once, at completion: the same however often one looks."""
        status, link = self._status(report), None
        if status == "completed":
            signed_at = report.ready_at - self.link_life if report.expired else report.ready_at
            link = self.files.link(report.path, self.link_life, self.customer, signed_at)
        return shown(report, status, link, host, int(report.id) if self.whole_ids else report.id)


flowroute = SIMULATOR = Flowroute


def _unfit(name: str) -> Refusal:
    return Refusal(422, "Unprocessable Entity", f"Invalid value: {name} is improperly formatted.")
