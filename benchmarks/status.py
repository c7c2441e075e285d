"""`cdr status` on a long ledger: the whole command's time and its reads, counted by operation.

The ledger is a DynamoDB of our own on loopback: it answers as late as a region's does, holds an index as an index, and
counts. The emulated cloud's looks at every row for each query, so that it would be measured instead.
`python -m benchmarks.status`; nothing here reaches a network.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import click

from lambdas.aws import items
from lambdas.core.exports import Export, Exports, parse
from lambdas.core.rows import Head, Row, Span, Work
from lambdas.core.windows import Window, midnight, tile
from lambdas.vendors import FACTS

EXPORT = """
[[export]]
name = "e{number}"
vendor = "telnyx"
start = {start}
window = "{window}"
options = {{ source = "calls" }}
"""
STACKS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
<Stacks><member><StackName>cdr-dev</StackName><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>
<member><OutputKey>Table</OutputKey><OutputValue>ledger</OutputValue></member>
<member><OutputKey>Bucket</OutputKey><OutputValue>lake</OutputValue></member>
</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
OPEN, LOST = 4, 99  # windows that wait for a copy, and which before the last is lost


@click.command(context_settings={"show_default": True})
@click.option("--exports", default=50, help="How many exports the ledger holds.")
@click.option("--days", default=730, help="How long its history is.")
@click.option("--windows", default="1d,1h", help="How long the exports' windows are, one after the other.")
@click.option("--latency", default=0.01, help="Seconds until each answer.")
@click.option("--runs", default=5, help="So often the command runs; the fastest and the middle one are told.")
def main(exports: int, days: int, windows: str, latency: float, runs: int) -> None:
    """Print a Markdown table."""
    click.echo("| rows | reads of one run | fastest | middle | processor |\n|---|---|---|---|---|")
    for window in windows.split(","):
        now = datetime.now(UTC).replace(microsecond=0)
        start = midnight(now) - timedelta(days=days)
        text = "\n".join(EXPORT.format(number=n, start=f"{start:%Y-%m-%d}", window=window) for n in range(exports))
        ledger = Held(parse(text, "dev", FACTS), start, now)
        _busy()
        with tempfile.TemporaryDirectory(prefix="cdr-") as folder, served(ledger, latency) as url:
            file = Path(folder) / "exports.toml"
            file.write_text(text)
            took, busy = sorted(_run(file, url) for _ in range(runs)), _busy() / runs
        calls = ", ".join(f"{name} {number // runs}" for name, number in sorted(ledger.calls.items()))
        click.echo(f"| {ledger.rows:,} | {calls} | {took[0]:.2f} s | {took[runs // 2]:.2f} s | {busy:.2f} s |")


class Held:
    """What the table holds: every export's head, its rows by their keys, and the sparse indexes over them."""

    def __init__(self, known: Exports, start: datetime, now: datetime) -> None:
        self.calls, self.rows = Counter[str](), 0
        self._heads, self._indexes = dict[str, Any](), dict[tuple[str, str], list[Any]]()
        self._sks = dict[str, list[str]]()
        for export in known.exports:
            self._fill(export, start, now)

    def _fill(self, export: Export, start: datetime, now: datetime) -> None:
        name, source = export.name, export.sources[0]
        windows = tile(start, now - export.settle, export.window, source)
        span = Span(start, windows[-1].end, export.window)
        self._heads[name] = _item(name, items.HEAD, Head(name, born=start, ticked=now, spans={source: span}))
        self._sks[name] = [window.sk for window in windows]
        self.rows += len(windows)
        self._indexes[name, "open"] = [_open(name, window, now) for window in windows[-OPEN:]]
        lost = Row(name, windows[-LOST], Work.LOST)
        self._indexes[name, "aside"] = [_item(name, lost.window.sk, lost)]

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """A head, or an index of an export; a read of the history is none that `cdr status` may do."""
        self.calls[operation] += 1
        if operation == "BatchGetItem":
            wanted = asked["RequestItems"]["ledger"]["Keys"]
            assert all(one["sk"]["S"] == items.HEAD for one in wanted)  # noqa: S101 # else it reads rows
            return {"Responses": {"ledger": [self._heads[one["export"]["S"]] for one in wanted]}}
        assert operation == "Scan"  # noqa: S101 # of an index, as the next line has it
        found = [item for (_, name), some in self._indexes.items() if name == asked["IndexName"] for item in some]
        return {"Items": found, "Count": len(found), "ScannedCount": len(found)}


def _open(name: str, window: Window, now: datetime) -> dict[str, Any]:
    return _item(name, window.sk, Row(name, window, Work.ASKED, due_at=now, opened=now))


def _item(export: str, sk: str, one: Row | Head) -> dict[str, Any]:
    filled = {name: items.wire(value) for name, value in items.flat(one).items() if value is not None}
    return {**items.key(export, sk), **filled}


@contextmanager
def served(ledger: Held, latency: float) -> Iterator[str]:
    """DynamoDB and CloudFormation on loopback, each answer as late as told."""

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            time.sleep(latency)
            body = json.dumps(ledger.answer(operation, json.loads(asked))) if operation else STACKS
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def _run(file: Path, url: str) -> float:
    """The whole command, as an operator runs it, Python's start with it."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": url}
    begun = time.perf_counter()
    done = subprocess.run(  # noqa: S603 # ourselves
        [sys.executable, "-m", "cli", "status", "--exports", str(file), "--json"],
        env={**mine, **keys}, capture_output=True, text=True,
    )  # fmt: skip
    took = time.perf_counter() - begun
    assert done.returncode == 1, done.stderr  # noqa: S101 # a window of each is lost: else it read nothing
    return took


@cache
def _clock() -> list[float]:
    return [0.0]


def _busy() -> float:
    """Seconds of a processor that the commands took since this was asked last: what a busy machine does not change."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    now = used.ru_utime + used.ru_stime
    before, _clock()[0] = _clock()[0], now
    return now - before


if __name__ == "__main__":
    main()
