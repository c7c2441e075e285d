"""DIDWW's CDR exports at API version 2026-04-16: JSON:API, a file behind the same key, a callback when it is there."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue

from local.account import uuid4
from local.calls import Axis, Call, Calls
from local.vendors.callbacks import Caller, Delivery, Mode, Note, planned
from local.vendors.didww_asks import Asked, parse, wants
from local.vendors.didww_file import write
from local.vendors.faults import CALLED, EVERYWHERE
from local.vendors.frame import Built, Clock, Report, Vendor
from local.vendors.http import Refusal, integer, reply

PATH = "/v3/exports"
MEDIA = "application/vnd.api+json"
CREDENTIALS = {"key": "simulated-didww-key"}
REFUSALS = {
    401: ("Unauthorized", "The Api-Key is missing or invalid."),
    403: ("Forbidden", "The key may not be used from this address."),
    404: ("Record not found", "The record could not be found."),
    429: ("Too Many Requests", "Each API key is limited to 20 requests per second."),
    500: ("Internal Server Error", "An unexpected error occurred."),
}
LIMITS = {"Retry-After": "2"}  # not documented: "Wait before retrying" is all that is said
LIFE = timedelta(days=30)  # "DIDWW performs deletion of CDR Export in 1 month after completion"
ECHO = "%Y-%m-%d %H:%M:%S"
FILTER = "filter[external_reference_id]"


class Didww(Vendor[Asked, Built]):
    """One DIDWW account; `ca` is the certificate that its callbacks trust."""

    name: ClassVar[str] = "didww"
    keys: ClassVar[Mapping[str, str]] = CREDENTIALS
    media: ClassVar[str] = MEDIA
    file_type: ClassVar[str] = "application/gzip"
    plays: ClassVar[Collection[str]] = (EVERYWHERE | CALLED | {"expired", "moving"}) - {"stale"}  # no link is signed
    operations: ClassVar[Collection[str]] = ("create", "list", "retrieve")
    renamed: ClassVar[str] = "Source"
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
        callbacks: Mode = "once",
        ca: Path | None = None,
        retry_s: float = 30.0,
        credentials: Mapping[str, str] = CREDENTIALS,
    ) -> None:
        super().__init__(Calls(seed, account, per_day), clock, build_s, 0)
        self.mode, self.caller = callbacks, Caller(clock, ca, retry_s)
        self.credentials = {**CREDENTIALS, **credentials}

    @classmethod
    def play(cls, seed: int, account: str, *, clock: Clock, per_day: int, ca: Path | None = None) -> Self:
        """With callbacks."""
        return cls(seed, account, clock=clock, per_day=per_day, ca=ca)

    @classmethod
    def wanted(cls, fields: Mapping[str, Any], end: datetime, api: str) -> Callable[[Call], bool]:
        """By type and filter."""
        asked = parse({"data": {"type": "exports", "attributes": dict(fields)}}, end)
        return lambda call: wants(asked, call)

    @classmethod
    def told(cls, call: Call) -> Call:
        """Nothing is said of the seconds that an inbound call is billed for."""
        return replace(call, billed_s=0) if call.direction == "inbound" else call

    def opened(self) -> None:
        """The file is on the API's own origin."""
        self.base_url = f"{self.root}/v3"
        self.download_from = f"{self.root}{PATH}/"

    def parts(self) -> tuple[AbstractContextManager[object], ...]:
        return (self.caller,)

    @property
    def callbacks(self) -> list[Delivery]:
        """Every attempt to call back, in order."""
        return list(self.caller.deliveries)

    @property
    def downloads(self) -> list[tuple[str, int]]:
        """Path and status of every request for a file."""
        with self.lock:
            return [(one.path, one.status) for one in self.requests if one.path.endswith(".csv.gz")]

    def routes(self, app: Flask) -> None:
        app.add_url_rule(PATH, "create", self._create, methods=["POST"])
        app.add_url_rule(PATH, "list", self._list, methods=["GET"])
        app.add_url_rule(f"{PATH}/<id>", "get", self._get, methods=["GET"])
        app.add_url_rule(f"{PATH}/<name>.csv.gz", "file", self._file, methods=["GET"])

    def authorized(self, keys: Mapping[str, str]) -> bool:
        """The key alone, without a word before it; for the file too."""
        return hmac.compare_digest(request.headers.get("Api-Key", "").encode(), keys["key"].encode())

    def refusal(self, error: Refusal) -> dict[str, Any]:
        code = "100" if error.status == 422 else str(error.status)
        return {"errors": [{"title": error.title, "detail": error.detail, "code": code, "status": str(error.status)}]}

    def refused(self, status: int) -> Refusal:
        return Refusal(status, *REFUSALS[status], LIMITS if status == 429 else None)

    def _create(self) -> ResponseReturnValue:
        body: Any = request.get_json(force=True, silent=True)
        asked, id, name = parse(body, self.clock()), self.draw(uuid4), self.draw(uuid4)
        report = self.begin(id, asked, body, name, lambda _: self._build(id, asked))
        self._announce(report)
        return _wrap(self._show(report), 201)

    def _build(self, id: str, asked: Asked) -> Built:
        return write(self.folder / id, asked.export_type, self._rows(asked))

    def _rows(self, asked: Asked) -> Iterator[Call]:
        """Half-open on the call's start."""
        found = self.calls.between(asked.start, asked.end, axis=self.axis, closed=self.closed)
        return (call for call in found if wants(asked, call))

    def _announce(self, report: Report[Asked, Built]) -> None:
        """As JSON, where DIDWW sends a signed form (callbacks-details.html); an export that failed is never told."""
        url = report.asked.callback_url
        if url is None or report.failed:
            return
        told = {"id": report.id, "type": "exports", "status": "completed"}
        struck = self.faults.sweep(CALLED)
        for target, due in planned(url, report.created_at, report.ready_at, self.mode, struck):
            self.caller.add(Note(report.id, target, due, lambda: told))

    def _list(self) -> ResponseReturnValue:
        """Newest first; the links are the vendor's own."""
        number = integer("page[number]", 1, 1, None, _odd("page[number]"))
        size = integer("page[size]", 50, 1, 100, _odd("page[size]"))
        if strange := {name for name in request.args if name.startswith("filter[")} - {FILTER}:
            raise _odd(strange.pop())
        due = request.args.get(FILTER)
        found = [one for one in self.newest() if self._kept(one) and due in (None, one.asked.external_reference_id)]
        page = [self._show(one) for one in self.page(found, (number - 1) * size, size)]
        last = max(1, -(-len(found) // size))
        links = {"first": self._link(1, size), "last": self._link(last, size)}
        if number < last:
            links["next"] = self._link(number + 1, size)
        meta: dict[str, Any] = {"total_records": len(found), **_meta()}
        return reply({"data": page, "meta": meta, "links": links})

    def _link(self, number: int, size: int) -> str:
        return f"{self.base_url}/exports?page%5Bnumber%5D={number}&page%5Bsize%5D={size}"

    def _get(self, id: str) -> ResponseReturnValue:
        with self.lock:
            report = self.reports.get(id)
        if report is None or not self._kept(report):
            raise self.refused(404)
        return _wrap(self._show(report))

    def _file(self, name: str) -> ResponseReturnValue:
        """Whoever has the key may fetch it, as often as wanted, once it is there."""
        with self.lock:
            found = [one for one in self.reports.values() if one.path == name and self._kept(one) and self._url(one)]
        if not found or self.faults.take("dead"):
            raise self.refused(404)
        g.foreign = True  # to JSON:API: it keeps its own type
        return Response(found[0].build.result().file.read_bytes(), mimetype=self.file_type)

    def _kept(self, report: Report[Asked, Built]) -> bool:
        """Deleted a month after its completion, or at once where a fault says so."""
        return self.clock() < report.ready_at + (timedelta() if report.expired else LIFE)

    def _status(self, report: Report[Asked, Built]) -> str:
        now = self.clock()
        if now < report.ready_at:
            return "pending" if now - report.created_at < (report.ready_at - report.created_at) / 2 else "processing"
        report.build.result()
        return "completed"

    def _url(self, report: Report[Asked, Built]) -> str | None:
        """There is no word for an export that failed: it is completed and has no file."""
        there = self._status(report) == "completed" and not report.failed
        return f"{self.base_url}/exports/{report.path}.csv.gz" if there else None

    def _show(self, report: Report[Asked, Built]) -> dict[str, Any]:
        asked = report.asked
        window = {"from": f"{asked.start:{ECHO}}", "to": f"{asked.end:{ECHO}}"}
        attributes = {
            "status": self._status(report),
            "created_at": f"{report.created_at:%Y-%m-%dT%H:%M:%S}.000Z",
            "external_reference_id": asked.external_reference_id,
            "url": self._url(report),
            "callback_url": asked.callback_url,
            "callback_method": asked.callback_method,
            "export_type": asked.export_type,
            "filters": {**window, **asked.filters},
        }
        return {"id": report.id, "type": "exports", "attributes": attributes}


SIMULATOR = Didww


def _meta() -> dict[str, Any]:
    return {"api_version": request.headers.get("X-DIDWW-API-Version", "")}


def _wrap(shown: dict[str, Any], status: int = 200) -> ResponseReturnValue:
    return reply({"data": shown, "meta": _meta()}, status)


def _odd(name: str) -> Refusal:
    return Refusal(400, "Param not allowed", f"{name} is not allowed.")
