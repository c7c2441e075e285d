"""What all simulated vendors have in common: two origins, a clock, a log, and reports that take time."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import RLock
from types import TracebackType
from typing import Any, ClassVar, Generic, Self

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from local.account import source
from local.calls import Axis, Call, Calls
from local.vendors import answers, control
from local.vendors.callbacks import Delivery
from local.vendors.faults import BEGUN, EVERYWHERE, OPERATIONS, Faults
from local.vendors.files import Files
from local.vendors.http import Origin, Refusal
from local.vendors.report import Asked, Built, Created, Made, Report, Request
from local.vendors.spoil import spoil

__all__ = ["Built", "Clock", "Created", "Report", "Request", "Vendor"]

Clock = Callable[[], datetime]
NEVER = timedelta(days=36_500)  # from now on


class Vendor(ABC, Generic[Asked, Made]):
    """A vendor with one account, running while its context lasts."""

    name: ClassVar[str]  # the vendor's name in exports.toml
    media: ClassVar[str]
    file_type: ClassVar[str]
    keys: ClassVar[Mapping[str, str]]  # the fields of its secret, unless told otherwise
    plays: ClassVar[Collection[str]] = EVERYWHERE  # the faults that it can be asked for
    operations: ClassVar[Collection[str]] = OPERATIONS  # each the first word of its endpoints; `get` for retrieve
    waits: ClassVar[str] = "Retry-After"  # the header of a 429 that tells how many seconds to wait
    renamed: ClassVar[str] = ""  # the heading that the fault `columns` renames; the middle one, by default
    axis: Axis  # by which time of a call a window selects it
    closed: bool  # whether a window's end belongs to it
    base_url: str
    download_from: str
    credentials: Mapping[str, str]
    accepted: Sequence[Mapping[str, str]] | None = None  # the sets of keys that are taken; None: `credentials` alone

    def __init__(self, calls: Calls, clock: Clock, build_s: tuple[float, float], link_s: float) -> None:
        self.calls, self.clock, self.faults = calls, clock, Faults(self.plays, self.operations)
        self.requests: list[Request] = []
        self.created: list[Created] = []
        self.reports: dict[str, Report[Asked, Made]] = {}
        self.lock, self.link_life, self._build_s = RLock(), timedelta(seconds=link_s), build_s
        self._times = source(calls.seed, calls.account, "build times")
        self._ids = source(calls.seed, calls.account, "ids")
        self.files = Files(clock, self.faults, self._ids.randbytes(32), self.file_type)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Both origins listen; afterwards nothing does, and no file is left."""
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(TemporaryDirectory(prefix="vendor-")))
            self._pool = ThreadPoolExecutor(2, thread_name_prefix="report")
            stack.callback(self._pool.shutdown, cancel_futures=True)
            self.files_url = stack.enter_context(Origin(self.files.app)).url
            self.files.url = self.files_url
            door = control.beside(self._app(), control.Control(self.name, self.faults).app)
            self.root = stack.enter_context(Origin(door)).url
            self.opened()
            for part in self.parts():
                stack.enter_context(part)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def downloads(self) -> list[tuple[str, int]]:
        """Path and status of every request to the file origin."""
        return list(self.files.served)

    @property
    def callbacks(self) -> list[Delivery]:
        """Every attempt to call back, in order."""
        return []

    @classmethod
    @abstractmethod
    def play(cls, seed: int, account: str, *, clock: Clock, per_day: int, ca: Path | None = None) -> Self:
        """The account as the demo plays it; its callbacks trust the certificate `ca`."""

    @classmethod
    @abstractmethod
    def wanted(cls, fields: Mapping[str, Any], end: datetime, api: str) -> Callable[[Call], bool]:
        """Whether the report of a request has a call, its time apart; told by the rules that the server itself uses.

        `fields` are those that the exporter sends at the `end` of the window.
        """

    @classmethod
    def told(cls, call: Call) -> Call:
        """A call as far as the vendor's file tells of it: all of it, unless it leaves out what is added up."""
        return call

    def address(self, api: str) -> str:
        """The base URL of one of the vendor's APIs."""
        return self.base_url

    @abstractmethod
    def opened(self) -> None:
        """Names what depends on the origins, which are known now."""

    def parts(self) -> tuple[AbstractContextManager[object], ...]:
        """What else runs while the vendor does."""
        return ()

    @abstractmethod
    def routes(self, app: Flask) -> None:
        """Adds the vendor's operations."""

    @abstractmethod
    def authorized(self, keys: Mapping[str, str]) -> bool:
        """Whether the request has these credentials."""

    @abstractmethod
    def refusal(self, error: Refusal) -> dict[str, Any]:
        """The body of an error."""

    @abstractmethod
    def refused(self, status: int) -> Refusal:
        """An error that any operation may answer: 401, 403, 429, 500."""

    def draw(self, make: Callable[[Random], str]) -> str:
        """Something random that is the same in every run, given the same requests in the same order."""
        with self.lock:
            return make(self._ids)

    def begin(
        self,
        id: str,
        asked: Asked,
        body: dict[str, Any],
        path: str,
        build: Callable[[datetime], Made],
        struck: Mapping[str, float] | None = None,
    ) -> Report[Asked, Made]:
        """Takes a request on: builds its file, to be told of only when it is ready.

        `struck` are the faults that strike it, for a vendor that has to know them before.
        """
        now = self.clock()
        struck = self.faults.sweep(BEGUN) if struck is None else struck
        with self.lock:
            ready = now + timedelta(seconds=self._times.uniform(*self._build_s) + struck.get("slow", 0))
            made = self._pool.submit(self._make, build, ready, struck)
            due, listed = now + NEVER if "stuck" in struck else ready, now + timedelta(seconds=struck.get("hidden", 0))
            report = Report(id, asked, now, due, listed, struck, made, path)
            self.reports[id] = report
            self.created.append(Created(id, now, body))
        self.files.hold(path, lambda: made.result().file)
        return report

    def _make(self, build: Callable[[datetime], Made], ready: datetime, struck: Mapping[str, float]) -> Made:
        made = build(ready)
        spoil(made.file, struck, self.renamed)
        return made

    def newest(self) -> list[Report[Asked, Made]]:
        """All reports that the list shows, newest first."""
        now = self.clock()
        with self.lock:
            return [report for report in self.reports.values() if report.listed_at <= now][::-1]

    def page(self, found: list[Report[Asked, Made]], first: int, size: int) -> list[Report[Asked, Made]]:
        """One page of what the list shows; after the first of several an entry may vanish from it."""
        page = found[first : first + size]
        if first == 0 and len(found) > size and self.faults.take("moving"):
            page[-1].listed_at = self.clock() + NEVER
        return page

    def _app(self) -> Flask:
        app = Flask("vendor", static_folder=None)
        app.before_request(self._admit)
        app.after_request(self._note)
        app.register_error_handler(HTTPException, self._failure)
        self.routes(app)
        return app

    def _admit(self) -> Response | None:
        """The faults that strike before an operation, then the credentials."""
        plan = self.faults.first(answers.INSTEAD, answers.operation())
        if plan and plan.fault in answers.REFUSED:
            raise answers.refused(self.refused(answers.REFUSED[plan.fault]), plan, self.waits)
        if plan:
            return answers.turned(plan.fault, f"{self.files_url}/moved")
        taken = [self.credentials] if self.accepted is None else self.accepted
        if not any(map(self.authorized, taken)):
            raise self.refused(401)
        return None

    def _note(self, answer: Response) -> Response:
        """The faults that strike after it; then what became of it, for the log."""
        if not g.get("foreign"):
            answer.content_type = self.media
        answers.spoiled(answer, self.faults)
        status = 0 if g.get("dropped") else answer.status_code
        noted = Request(request.method, request.path, request.query_string.decode(), status)
        with self.lock:
            self.requests.append(noted)
        return answer

    def _failure(self, error: HTTPException) -> tuple[str, int, dict[str, str]]:
        """No such path and no such method are told in the vendor's words too."""
        if not isinstance(error, Refusal):
            error = Refusal(error.code or 500, error.name, f"{request.method} is not answered here.")
        return json.dumps(self.refusal(error)), error.status, error.extra
