"""Thirteen exports, a simulator each, and all there is to compare once they have exported everything."""

import io
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from lambdas.core.rows import Row
from local import truth
from local.call import Call
from local.calls import Axis
from local.demo import Set, rehearse
from local.truth import Line
from local.vendors.callbacks import Mode
from local.vendors.didww import Didww
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests.local.sets import Played, authority, clock, own

UNTIL = datetime(2026, 11, 20, 6, tzinfo=UTC)
SEED, PER_DAY, BUILD = 23, 150, (0.1, 0.4)
# Few at a time: each Lambda that runs beside another is a process of its own, and two cores are all there may be.
FIELDS = {"start": date(2026, 11, 18), "max_in_flight": 1}
ONE = {**FIELDS, "options": {"source": "calls"}}
QUARTERS = {**ONE, "start": date(2026, 11, 19), "window": "6h"}
TELNYX = {f"telnyx-{axis}{'-closed' if closed else ''}": (axis, closed)
          for axis, closed in itertools.product(get_args(Axis), (False, True))}  # fmt: skip
FILES: Mapping[Mode, dict[str, Any]] = {
    "once": {},
    "never": {"old": True, "whole_ids": True},
    "twice": {"plain": True},
    "early": {"old": True, "plain": True},
}
FLOWROUTE = {f"flowroute-{mode}": mode for mode in FILES}
# Several sources, the calls of one also delivered under the other; and a vendor that was added in one file.
WIDE = ("telnyx-both", "didww")
LARGE = "flowroute-large"  # a report of some 17 MB, in three parts, through a copier of 512 MB
ODD = "flowroute-early"  # one of its reports has a heading that nobody knows, and misses one
NAMES = [*TELNYX, "telnyx-v2", *FLOWROUTE, *WIDE, LARGE]


@dataclass(frozen=True)
class Ran:
    """A set that has exported everything."""

    at: Set
    played: Mapping[str, Played]
    right: bool
    told: str
    rows: list[Row]
    lines: list[Line]

    @cached_property
    def calls(self) -> Mapping[str, list[Call]]:
        """What the reports told of, by export."""
        return truth.reported(self.at.exports, self.at.roles, self.rows)

    def of(self, export: str) -> list[Line]:
        return [line for line in self.lines if line.export == export]


@contextmanager
def exported(folder: Path) -> Iterator[Ran]:
    """Every export deployed, and exported once."""
    common: dict[str, Any] = {"clock": clock(folder), "per_day": PER_DAY, "build_s": BUILD}
    played: dict[str, Played] = {}
    for name, (axis, closed) in TELNYX.items():
        fields = {"telnyx-end": QUARTERS, "telnyx-record-closed": FIELDS}.get(name, ONE)
        played[name] = Played(Telnyx(SEED, name, axis=axis, closed=closed, **common), fields)
    newer = Telnyx(SEED, "v2", axis="end", closed=True, api="v2", **common)
    played["telnyx-v2"] = Played(
        newer, {**ONE, "api": "v2", "options": {"source": "calls", "record_types": ["complete"]}}
    )
    for name, mode in FLOWROUTE.items():
        vendor = Flowroute(SEED, name, callbacks=mode, ca=authority(folder), retry_s=1.0, **FILES[mode], **common)
        played[name] = Played(vendor, FIELDS)
    played[ODD].simulator.faults.add("columns")
    twice = Telnyx(SEED, "both", axis="record", closed=True, **common)
    twice.faults.add("both", 99)
    played["telnyx-both"] = Played(twice, FIELDS)
    played["didww"] = Played(Didww(SEED, "didww", ca=authority(folder), retry_s=1.0, **common), FIELDS)
    large = Flowroute(SEED, "large", callbacks="never", plain=True, **{**common, "per_day": 60_000})
    played[LARGE] = Played(large, {**FIELDS, "start": date(2026, 11, 19)})
    with own(played, folder, UNTIL) as (at, asked, tell, told):
        right = rehearse(at, asked, tell)
        yield _ran(at, played, right, told)


def _ran(at: Set, played: Mapping[str, Played], right: bool, told: io.StringIO) -> Ran:
    rows = at.stack.rows()
    lines = truth.compare(truth.answered(at.stack), truth.true(at.exports, at.roles, rows), at.roles)
    return Ran(at, played, right, told.getvalue(), rows, lines)
