"""A desk on which any file can be laid: a server on loopback hands it out, the real copier copies it, into memory."""

import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast

import pyarrow.parquet as pq

from lambdas.copier import Copier
from lambdas.core.exports import Export
from lambdas.core.progress import File, Progress, State, Totals
from lambdas.core.rows import Published, Row, Work
from lambdas.rooms import Rooms
from lambdas.settings import Settings
from lambdas.vendors import VENDORS, Vendor
from lambdas.web import Web
from local.memory.bucket import Bucket, lake
from local.memory.ledger import Memory
from tests.core.making import NOW, row
from tests.vendors.making import export

Calls = list[dict[str, Any]]
NONE = Totals()


class Server(ThreadingHTTPServer):
    """Hands out its files in turn, and counts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: list[bytes] = []
        self.length: int | None = None  # what is said of it; None: the truth, -1: nothing
        self.asked = 0


class Handler(BaseHTTPRequestHandler):
    """One request for a file: `/N`."""

    def do_GET(self) -> None:  # http.server's own name
        server = cast(Server, self.server)
        body = server.files[int(self.path[1:]) % len(server.files)]
        server.asked += 1
        self.send_response(200)
        if server.length != -1:
            self.send_header("Content-Length", str(len(body) if server.length is None else server.length))
        self.end_headers()
        with suppress(ConnectionError):  # a copier breaks off what is too large
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class Account:
    """A vendor that says one thing: the report is ready."""

    def __init__(self, vendor: str, progress: Progress) -> None:
        self.columns, self._progress = VENDORS[vendor].columns, progress

    def look(self, report_id: str) -> Progress:
        return self._progress


@dataclass
class Desk(Rooms):
    """Rooms in memory, but for the web."""

    server: Server
    bucket: Bucket = field(default_factory=Bucket)
    seconds: float = float("inf")  # that the copier has

    def __post_init__(self) -> None:
        super().__init__(Settings({}))
        self.memory = Memory()
        self.__dict__ |= {"ledger": self.memory, "lake": lake(self.bucket), "web": Web()}

    def now(self) -> Any:
        return NOW

    def pseudonym_key(self) -> bytes:
        return b"a key"

    def vendor(self, export: Export) -> Vendor | None:
        return cast(Vendor, Account(export.vendor, self.progress))

    def copy(
        self, *files: bytes, vendor: str = "telnyx", totals: Totals = NONE, before: Published | None = None,
        **fields: str,
    ) -> Row:  # fmt: skip
        """The row after the copying of a report of these files."""
        url = f"http://127.0.0.1:{self.server.server_port}"
        made = export(vendor, url, download_from=f'["{url}/"]', **fields)
        links = tuple(File(f"{url}/{number}") for number, _ in enumerate(files))
        self.server.files, self.progress = list(files), Progress(State.READY, links, totals)
        leased = row(
            Work.COPYING,
            tag="cdr1.x",
            report_id="7",
            attempt=1,
            run=1,
            asked_at=NOW - timedelta(hours=1),
            published=before,
        )
        self.memory = self.__dict__["ledger"] = Memory()
        self.memory.add([leased])
        return Copier(self.memory.get("main", leased.window) or leased, made, self, lambda: self.seconds).run()

    def found(self, prefix: str) -> dict[str, bytes]:
        """The objects below a prefix."""
        return {key: one.body for key, one in self.bucket.objects.items() if key.startswith(prefix)}

    @property
    def calls(self) -> Calls:
        """The rows published, without what is null."""
        read = [pq.read_table(io.BytesIO(body)).to_pylist() for body in self.found("calls/").values()]
        return [{name: value for name, value in one.items() if value is not None} for rows in read for one in rows]

    @property
    def raw(self) -> list[bytes]:
        """The verbatim files, unpacked once."""
        return [gzip.decompress(body) for body in self.found("raw/").values()]

    @property
    def receipt(self) -> dict[str, Any]:
        """The one receipt, or the one note of a quarantine."""
        (body,) = (
            body
            for key, body in {**self.found("receipts/"), **self.found("quarantine/")}.items()
            if "rejects" not in key
        )
        found: dict[str, Any] = json.loads(body)
        return found

    @property
    def rejects(self) -> dict[str, Any]:
        """The rows that are in no column."""
        found: list[dict[str, Any]] = [
            json.loads(body) for key, body in self.found("quarantine/").items() if "rejects" in key
        ]
        return found[0] if found else {}


@contextmanager
def serving() -> Iterator[Server]:
    """A server that is there while the context lasts."""
    with Server() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
