"""What must hold of the ledger and the lake after every step, whatever happened; the property test asks after each."""

import gzip
import io
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pyarrow.parquet as pq

from lambdas.core import keys, tags
from lambdas.core.agenda import STEPS
from lambdas.core.entries import entry
from lambdas.core.rows import IN_FLIGHT, Row, Work
from lambdas.vendors import FACTS
from local.memory.stage import Stage

PROVEN = ("state", "published_revision", "rows", "sha256", "calls_key", "stale_since")
ENDS = (Work.LOST, Work.UNREACHABLE)


@dataclass
class Claims:
    """The invariants of one stage, and what they remember of the steps before."""

    stage: Stage
    copies: dict[tuple[str, str], Row] = field(default_factory=dict)  # as last seen with something published
    objects: dict[str, tuple[str, dict[str, int]]] = field(default_factory=dict)  # by key: ETag and calls
    proofs: dict[str, tuple[str, dict[tuple[str, str, int], dict[str, Any]]]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)  # in flight at most, per export

    @property
    def rows(self) -> list[Row]:
        """Every row of every export."""
        return [row for one in self.stage.exports.exports for row in self.stage.memory.rows(one.name)]

    def hold(self) -> None:
        """All that must hold at any time."""
        for export in self.stage.exports.exports:
            rows = self.stage.memory.rows(export.name)
            self._tiles(export.name, rows)
            self._bounded(export.name, rows, export.max_in_flight)
            for row in rows:
                _has_a_future(row)
                self._no_worse(row)
                self._no_spare(row)
        _once(self.stage)

    def proven(self, row: Row) -> None:
        """The proof in S3 says of a row that is at rest what the ledger says."""
        key = keys.coverage(row.export, row.window.month)
        there = self.stage.bucket.objects.get(key)
        assert there, f"no proof of {row.window.month}"
        if self.proofs.get(key, ("",))[0] != there.etag:
            lines = [json.loads(line) for line in gzip.decompress(there.body).splitlines()]
            told = {(one["source"], one["window_start"], one["seconds"]): one for one in lines}
            self.proofs[key] = there.etag, told
        line = entry(row)
        found = self.proofs[key][1].get((line["source"], line["window_start"], line["seconds"]))
        assert found and {name: found[name] for name in PROVEN} == {name: line[name] for name in PROVEN}, "not proven"

    def _tiles(self, export: str, rows: list[Row]) -> None:
        """Rows of a source never overlap, and leave no gap in the stretch that the head says is planned."""
        by = defaultdict(list)
        for row in rows:
            by[row.window.source].append(row.window)
        for windows in by.values():
            windows.sort()
            assert all(one.end <= other.start for one, other in pairwise(windows)), "rows overlap"
        for source, span in self.stage.memory.head(export).spans.items():
            inside = [window for window in by[source] if span.since <= window.start < span.until]
            length = sum((window.end - window.start for window in inside), timedelta(0))
            assert length == span.until - span.since, "a gap, or a window across the stretch's end"

    def _bounded(self, export: str, rows: list[Row], most: int) -> None:
        """No more reports than places; what was on its way when a deploy took places away may come to its end."""
        flying = sum(row.state in IN_FLIGHT for row in rows)
        most = max(most, min(self.places.get(export, most), flying))
        assert flying <= most, f"{flying} in flight, {most} places"
        self.places[export] = max(most, flying)

    def _no_spare(self, row: Row) -> None:
        """A request is given up as not there only where the vendor hid its report for longer than it may."""
        for spare in row.spares:
            found = [one for one in self.stage.theirs.reports if one.tag == spare["tag"]]
            grace = FACTS[self.stage.exports.get(row.export).vendor].list_grace
            assert all(one.shown_at > one.asked_at + grace for one in found), "given up, and in the list"

    def _no_worse(self, row: Row) -> None:
        """What is published stays published, in the lake too, and loses no call."""
        key = (row.export, row.window.sk)
        before = self.copies.get(key)
        if before and before.published:
            assert row.published, "a published copy is gone"
            assert row.published.revision >= before.published.revision, "an older revision came back"
        if row.published:
            self.copies[key] = row
            thing = self.stage.bucket.objects.get(row.published.key)
            assert thing, "published, and not in the lake"
            seen = self.objects.get(row.published.key, ("", {}))
            if seen[0] != thing.etag:
                calls = read(thing.body)
                assert calls.keys() >= seen[1].keys(), "a published copy lost calls"
                assert all(calls[one] >= price for one, price in seen[1].items()), "an older copy came back"
                self.objects[row.published.key] = thing.etag, calls


def _has_a_future(row: Row) -> None:
    """Whatever is not at its end is looked at again by somebody."""
    open_ = row.news or row.littered or row.state not in (*ENDS, Work.DONE, Work.QUARANTINED)
    assert row.due_at is not None or not open_, f"nobody looks at a row that is {row.state}"
    assert row.state in STEPS or row.due_at is None or row.news, f"{row.state}, and due"


def _once(stage: Stage) -> None:
    """One request of a window, revision and attempt, whatever its fields were."""
    said = [tags.read(tag) for tag, number in stage.theirs.tags.items() for _ in range(number)]
    asked = Counter((one.export, one.window, one.revision, one.attempt) for one in said if one)
    assert not asked or max(asked.values()) == 1, "asked twice"


def read(body: bytes) -> dict[str, int]:
    """The calls of a Parquet object and their price in cents; each stands in it once."""
    table = pq.read_table(io.BytesIO(body), columns=["row_id", "cost"])
    found = {one: int(cost * 100) for one, cost in zip(*(column.to_pylist() for column in table.columns), strict=True)}
    assert len(found) == table.num_rows, "a call twice in one object"
    return found
