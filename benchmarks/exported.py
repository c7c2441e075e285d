"""The same nights for cdr-exporter: its own handlers over rooms in memory, ticked every quarter of an hour."""

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import pyarrow.parquet as pq
import tomlkit

from benchmarks.plan import DAY, DOWN, END, KILLED, MISSED, NIGHTS, START, Clock, night, vendors
from benchmarks.scripted import Ran
from lambdas.core.exports import Export
from lambdas.core.tags import SHAPE
from lambdas.vendors import VENDORS, Vendor
from lambdas.web import Body, Web
from local.memory.stage import Died, Stage
from local.vendors import Simulator

QUARTER = timedelta(minutes=15)
OUTAGE, PAUSE = timedelta(hours=3), timedelta(hours=6)


class Half:
    """A file of which half comes; then the process dies."""

    def __init__(self, body: Body, die: Any) -> None:
        self._body, self._die, self.sized, self.expected = body, die, body.sized, body.expected

    def __iter__(self) -> Iterator[bytes]:
        whole = b"".join(self._body)
        yield whole[: len(whole) // 2]
        self._die()


class Deadly(Web):
    """The real HTTP; the next download of each armed vendor is its reader's last."""

    def __init__(self) -> None:
        super().__init__()
        self.armed = set[str]()
        self.die: Any = None

    @contextmanager
    def download(self, vendor: str, *how: Any, **bounds: Any) -> Iterator[Body]:
        with super().download(vendor, *how, **bounds) as body:
            if vendor in self.armed:
                self.armed.remove(vendor)
                yield cast(Body, Half(body, self.die))
            else:
                yield body


class Exporter(Stage):
    """cdr-exporter with one export of each vendor."""

    def __init__(self, players: Mapping[str, Simulator], clock: Clock) -> None:
        super().__init__(_exports(players), clock)
        self.hand, self.players, self.deadly = clock, players, Deadly()
        self.deadly.die = self._die
        self.__dict__["web"] = self.deadly

    def vendor(self, export: Export) -> Vendor | None:
        return VENDORS[export.vendor](export, self.players[export.vendor].credentials, self.deadly)

    def go(self, end: datetime, *, ticking: bool = True) -> None:
        """Let time pass until then."""
        while self.hand.now < end:
            if ticking and (self.hand.now - START) % QUARTER == timedelta(0):
                for name in self.players:
                    self.tick(name)
            while ready := self.machine.ready:
                self.step(ready[0])
            quarter = self.hand.now + QUARTER - (self.hand.now - START) % QUARTER
            waits = [run.until for run in self.machine.runs if run.until and run.until > self.hand.now]
            self.hand.now = min(quarter, end, *waits)

    def _die(self) -> None:
        self.fuse.dead = True
        raise Died


def run() -> dict[str, Ran]:
    """All nights, both vendors; by vendor."""
    clock = Clock()
    with vendors(clock) as players:
        at = Exporter(players, clock)
        for number, event in enumerate(NIGHTS, 1):
            midnight = START + number * DAY
            at.go(midnight)
            night(event, players)
            at.deadly.armed = set(players) if event == KILLED else set()
            at.go(midnight + (PAUSE if event == MISSED else OUTAGE), ticking=event != MISSED)
            if event == DOWN:
                for player in players.values():
                    player.faults.clear()
        at.go(END + DAY + OUTAGE)
        spared = {name: bool(one.faults.pending) or name in at.deadly.armed for name, one in players.items()}
        return {
            name: Ran(player, _found(at, name), _asked(player), spared=spared[name]) for name, player in players.items()
        }


def _exports(players: Mapping[str, Simulator]) -> str:
    tables = [
        {
            "name": name, "vendor": name, "start": START.date(), "base_url": player.base_url,
            "download_from": [player.download_from], "options": {"source": "calls"} if name == "telnyx" else {},
        }
        for name, player in players.items()
    ]  # fmt: skip
    return tomlkit.dumps({"export": tables})


def _found(at: Exporter, name: str) -> Counter[str]:
    """As the view `calls` counts: rows on a window's edge once by their identity, the others as they are."""
    found, edge = Counter[str](), set[str]()
    for key, thing in at.bucket.objects.items():
        if key.startswith(f"calls/export={name}/"):
            for row in pq.read_table(io.BytesIO(thing.body), columns=["row_id", "boundary"]).to_pylist():
                if row["boundary"]:
                    edge.add(row["row_id"])
                else:
                    found[row["row_id"]] += 1
    return found + Counter(edge)


def _asked(player: Simulator) -> Counter[str]:
    """By the tag: unique for each window, revision and attempt."""
    tags = (SHAPE.search(json.dumps(created.body)) for created in player.created)
    return Counter(tag[0] for tag in tags if tag)
