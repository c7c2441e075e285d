"""What both simulated vendors have in common: two origins, a clock, a log, and reports that take time."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import RLock
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from local.account import source
from local.calls import Axis, Call, Calls, Tally
from local.vendors.faults import Faults
from local.vendors.files import Files
from local.vendors.http import Origin, Refusal

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Request:
    """One API request and its answer's status, 0 if none; neither headers nor bodies, which hold secrets."""

    method: str
    path: str
    query: str
    status: int


@dataclass(frozen=True, slots=True)
class Created:
    """One report that was asked for: when, and with which body."""

    id: str
    at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Built:
    """A report's file and what it adds up to."""

    file: Path
    tally: Tally


Asked = TypeVar("Asked")
Made = TypeVar("Made", bound=Built)


@dataclass(slots=True)
class Report(Generic[Asked, Made]):
    """One report of a vendor, from the request to the file, which is built at once however late it is due."""

    id: str
    asked: Asked
    created_at: datetime
    ready_at: datetime
    failed: bool
    build: Future[Made]
    path: str


class Vendor(ABC, Generic[Asked, Made]):
    """A vendor with one account, running while its context lasts."""

    name: ClassVar[str]  # the vendor's name in exports.toml
    media: ClassVar[str]
    file_type: ClassVar[str]
    keys: ClassVar[Mapping[str, str]]  # the fields of its secret, unless told otherwise
    axis: Axis  # by which time of a call a window selects it
    closed: bool  # whether a window's end belongs to it
    base_url: str
    download_from: str
    credentials: Mapping[str, str]

    def __init__(self, calls: Calls, clock: Clock, build_s: tuple[float, float], link_s: float) -> None:
        self.calls, self.clock, self.faults = calls, clock, Faults()
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
            self.root = stack.enter_context(Origin(self._app())).url
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
    def authorized(self) -> bool:
        """Whether the request has the right credentials."""

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
        self, id: str, asked: Asked, body: dict[str, Any], path: str, build: Callable[[datetime], Made]
    ) -> Report[Asked, Made]:
        """Takes a request on: builds its file, to be told of only when it is ready."""
        now = self.clock()
        with self.lock:
            ready = now + timedelta(seconds=self._times.uniform(*self._build_s))
            made = self._pool.submit(build, ready)
            report = Report(id, asked, now, ready, self.faults.take("failed"), made, path)
            self.reports[id] = report
            self.created.append(Created(id, now, body))
        self.files.hold(path, lambda: made.result().file)
        return report

    def newest(self) -> list[Report[Asked, Made]]:
        """All reports, newest first."""
        with self.lock:
            return list(self.reports.values())[::-1]

    def _app(self) -> Flask:
        app = Flask("vendor", static_folder=None)
        app.before_request(self._admit)
        app.after_request(self._note)
        app.register_error_handler(HTTPException, self._failure)
        self.routes(app)
        return app

    def _admit(self) -> None:
        """The faults that strike any operation, then the credentials."""
        for fault, status in self.faults.ANYWHERE.items():
            if self.faults.take(fault):
                raise self.refused(status)
        if not self.authorized():
            raise self.refused(401)

    def _note(self, answer: Response) -> Response:
        answer.content_type = self.media
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
