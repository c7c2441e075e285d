"""What is true when all is quiet, whoever died on the way: each broken promise is told in a sentence."""

import gzip
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pyarrow.parquet as pq

from lambdas.core import keys
from lambdas.core.entries import document
from lambdas.core.rows import IN_FLIGHT, Row, Work
from local.calls import Call
from local.vendors import SIMULATORS
from tests.dying.gate import GATE
from tests.dying.scenarios import Scenario
from tests.dying.simulation import Simulation

SLACK = 16  # requests and transitions that a death may add


class Broken(AssertionError):
    """An invariant does not hold."""


class End:
    """The ledger's rows and the bucket as they are in the end."""

    def __init__(self, sim: Simulation) -> None:
        self.rows = sim.rows()
        self._s3 = sim.stage.clients["s3"]
        listed = self._s3.list_object_versions(Bucket="lake")
        self.etags = {one["Key"]: one["ETag"] for one in listed.get("Versions", []) if one["IsLatest"]}
        self.versions = Counter(one["Key"] for one in listed.get("Versions", []))
        self.unfinished = [one["Key"] for one in self._s3.list_multipart_uploads(Bucket="lake").get("Uploads", [])]

    def below(self, prefix: str) -> list[str]:
        """The keys of the current objects there."""
        return sorted(key for key in self.etags if key.startswith(prefix))

    def read(self, key: str) -> bytes:
        """An object's bytes."""
        body: bytes = self._s3.get_object(Bucket="lake", Key=key)["Body"].read()
        return body


def check(
    sim: Simulation, scenario: Scenario, plain: Simulation | None = None, *, killed: str = "", slack: int = SLACK
) -> None:
    """Raise Broken with all that is wrong; `plain` is the run without what happened, `killed` the handler that died."""
    end = End(sim)
    found = [said for one in ALL for said in one(sim, scenario, end)]
    found += _bounded(sim, plain, slack) if plain else []
    if end.unfinished and killed != "copier":
        found.append(f"uploads that nobody ends: {end.unfinished}")
    if found:
        raise Broken("; ".join(found))


def _known(sim: Simulation, scenario: Scenario, end: End) -> Iterator[str]:
    """Every effect is in the table, and no handler ended with an error that is a mistake."""
    yield from dict.fromkeys([*sim.recorder.wrong, *GATE.wrong])
    yield from sim.raised


def _covered(sim: Simulation, scenario: Scenario, end: End) -> Iterator[str]:
    """Every instant from the start to the last due window's end is in exactly one row per source."""
    for export in sim.exports.exports:
        for source in export.sources:
            at = export.first(sim.now)
            if isinstance(export.start, int):
                at = export.first(sim.began)
            last = sim.due_by - export.settle
            for row in end.rows:
                if (row.export, row.window.source) != (export.name, source):
                    continue
                if row.window.start != at:
                    yield f"coverage: {export.name} {source} goes on at {row.window.start}, not at {at}"
                at = row.window.end
            if at + timedelta(seconds=export.window) <= last:
                yield f"coverage: {export.name} {source} ends at {at}, and {last} is due"


def _resting(sim: Simulation, scenario: Scenario, end: End) -> Iterator[str]:
    """Nothing is in flight, everything with a future is due at some time, and nothing waits to be told."""
    rows = end.rows
    for row in rows:
        if row.state in IN_FLIGHT or row.leftover or row.news:
            yield f"an orphan: {row.window.name} is {row.state}, leftover {row.leftover}, due {row.due_at}"
        if row.state in (Work.PLANNED, Work.STUCK) and row.due_at is None:
            yield f"no future: {row.window.name} is {row.state}"
        if row.failures != (scenario.failures if row is rows[-1] else 0):
            yield f"{row.failures} failed attempts of {row.window.name} instead of {scenario.failures}"
    states = Counter(row.state for row in rows)
    if states != scenario.states:
        yield f"states: {dict(states)} instead of {dict(scenario.states)}"
    for name, one in sim.executions.items():
        if one.status == "RUNNING":
            yield f"the execution {name} still runs"


def _published(sim: Simulation, scenario: Scenario, end: End) -> Iterator[str]:
    """What the ledger says is published is in S3 so: object, receipt, the vendor's bytes; and it is all there is."""
    rows = [row for row in end.rows if row.published]
    for row in rows:
        assert row.published is not None
        yield from _object(row, end)
        if row.published.revision != scenario.revision and row.window == rows[-1].window:
            yield f"revision {row.published.revision} of {row.window.name} instead of {scenario.revision}"
        if not scenario.versions <= end.versions[row.published.key] <= scenario.versions + (sim.met is not None):
            yield f"{row.published.key} was written {end.versions[row.published.key]} times"
    there, due = end.below(keys.CALLS), sorted(row.published.key for row in rows if row.published)
    if there != due:
        yield f"objects {there} instead of {due}"
    if len(end.below(keys.RECEIPTS)) != scenario.receipts:
        yield f"receipts {end.below(keys.RECEIPTS)}, and {scenario.receipts} are due"
    if missing := [row.window.name for row in end.rows if row.state is Work.DONE and not row.published]:
        yield f"done without a copy: {missing}"


def _object(row: Row, end: End) -> Iterator[str]:
    one = row.published
    assert one is not None
    if end.etags.get(one.key) != one.etag:
        yield f"{one.key} has the ETag {end.etags.get(one.key)}, and the ledger says {one.etag}"
    if missing := [key for key in (*one.raw, one.receipt) if key not in end.etags]:
        yield f"missing in S3: {missing}"
        return
    texts = [gzip.decompress(end.read(key)) for key in one.raw]
    if hashlib.sha256(texts[0]).hexdigest() != one.digest:
        yield f"{one.raw[0]} has another digest than the ledger says"
    told = json.loads(end.read(one.receipt))
    for name, value in {"sha256_text": one.digest, "rows": one.rows, "revision": one.revision}.items():
        if told.get(name) != value:
            yield f"the receipt {one.receipt} says {name} {told.get(name)}, and the ledger {value}"
    rows = pq.read_metadata(io.BytesIO(end.read(one.key))).num_rows if one.key in end.etags else None
    if rows != one.rows:
        yield f"{one.key} has {rows} rows, and the ledger says {one.rows}"


def _proven(sim: Simulation, scenario: Scenario, end: End) -> Iterator[str]:
    """The proof of coverage in the lake says what the ledger says, window for window."""
    for name, month in {(row.export, row.window.month) for row in end.rows}:
        key = keys.coverage(name, month)
        if key not in end.etags:
            yield f"no {key}"
            continue
        due = document(row for row in end.rows if (row.export, row.window.month) == (name, month))
        told, due_lines = (gzip.decompress(one).decode().splitlines() for one in (end.read(key), due))
        if told != due_lines:
            yield f"{key} says {set(told) - set(due_lines)}, and the ledger {set(due_lines) - set(told)}"


def _true(sim: Simulation, scenario: Scenario, end: End) -> Iterator[str]:
    """The calls are the vendor's: each once, those on an edge once by their id, as the view `calls` counts them."""
    found: Counter[tuple[Any, ...]] = Counter()
    edges: set[tuple[Any, ...]] = set()
    for key in end.below(keys.CALLS):
        for row in pq.read_table(io.BytesIO(end.read(key))).to_pylist():
            figures = (row["row_id"], row["duration_s"], row["billed_s"], row["cost"])
            if row["boundary"]:
                edges.add(figures)
            else:
                found[figures] += 1
    found.update(edges)
    true = Counter(map(_figures, _calls(sim, end)))
    if found != true:
        lost, more = sum((true - found).values()), sum((found - true).values())
        yield f"calls: {lost} are lost, {more} are too many, of {true.total()}"


def _calls(sim: Simulation, end: End) -> Iterator[Call]:
    vendor, by_id = sim.stage.vendor, dict[str, Call]()
    kind = SIMULATORS[vendor.name]
    for row in end.rows:
        fields = row.published.asked if row.published else None
        export = sim.exports.get(row.export)
        if fields is None:
            continue
        wanted = kind.wanted(fields, row.window.end, export.api)
        calls = vendor.calls.between(row.window.start, row.window.end, axis=vendor.axis, closed=vendor.closed)
        by_id |= {call.row_id: kind.told(call) for call in filter(wanted, calls)}
    yield from by_id.values()


def _figures(call: Call) -> tuple[Any, ...]:
    return call.row_id, call.duration_s, call.billed_s, call.cost


def _asked(sim: Simulation, scenario: Scenario, end: End) -> Iterator[str]:
    """The vendor took on each window, revision and attempt once at most, and no more reports than the story needs."""
    vendor = sim.stage.vendor
    if vendor.faults.pending:
        yield f"faults that never struck: {vendor.faults.pending}"
    tags = Counter(filter(None, (tag(one.body) for one in vendor.created)))
    if twice := [tag for tag, times in tags.items() if times > 1]:
        yield f"asked twice: {twice}"
    if len(vendor.created) != scenario.creates:
        yield f"{len(vendor.created)} reports asked for instead of {scenario.creates}"
    if scenario.discard and vendor.reports:
        yield f"not deleted at the vendor: {list(vendor.reports)}"


def tag(body: dict[str, Any]) -> str | None:
    """The tag of a request, where that vendor carries one."""
    if "report_name" in body:
        return str(body["report_name"])
    url = body.get("data", {}).get("attributes", {}).get("callback_url")
    return str(url).split("/")[-2] if url else None


def _bounded(sim: Simulation, plain: Simulation, slack: int) -> Iterator[str]:
    """What happened costs a bounded number of requests and state transitions."""
    for what, much, most in (
        ("requests to the vendor", len(sim.stage.vendor.requests), plain.requests + slack),
        ("state transitions", sim.transitions, 2 * plain.transitions + SLACK),
    ):
        if much > most:
            yield f"{much} {what} instead of {most} at most"


ALL: tuple[Callable[[Simulation, Scenario, End], Iterator[str]], ...] = (
    _known, _covered, _resting, _published, _proven, _true, _asked,
)  # fmt: skip
