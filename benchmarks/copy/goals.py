"""The goals of shared/performance.md and of the issue, each beside what was measured for it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from benchmarks.copy.plan import Case
from benchmarks.copy.runs import Run
from benchmarks.copy.sizes import BAD, TIMES, parse

GB, LARGE = 10**9, 10**8


@dataclass(frozen=True)
class Goal:
    """One goal; `measured` is None where nothing was run that would tell."""

    number: str
    told: str
    where: str
    bound: float
    measured: float | None
    least: bool = False  # whether the bound is a lower one

    @property
    def met(self) -> bool | None:
        """Whether it is."""
        if self.measured is None:
            return None
        return self.measured >= self.bound if self.least else self.measured <= self.bound


class Figures:
    """Medians of what was run."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = [one for one in runs if not one.failed]

    def cases(self) -> list[Case]:
        """What was run, in the order of the runs."""
        return list(dict.fromkeys(one.case for one in self.runs if one.way != "warm"))

    def get(self, what: str, way: str, case: Case | None) -> float | None:
        """The median of one figure: `wall`, `cpu`, `mib`, `requests`."""
        found = [getattr(one, what) for one in self.runs if one.way == way and one.case == case]
        return median(found) if found else None

    def net(self, what: str, way: str, case: Case | None) -> float | None:
        """The same without what the way costs before its first byte, which is what it takes for the smallest file."""
        if case is None or parse(case.size) < LARGE:  # else there is little but the start
            return None
        whole, start = self.get(what, way, case), self.get(what, way, self._least(case.line))
        return whole - start if whole is not None and start is not None else None

    def ratio(self, what: str, one: str, other: str, case: Case | None, *, net: bool = False) -> float | None:
        """Of two ways in one case."""
        above, below = (self.net(what, way, case) if net else self.get(what, way, case) for way in (one, other))
        return above / below if above is not None and below else None

    def _least(self, line: int) -> Case | None:
        """The smallest plain file over that line, if that is small enough to cost nothing."""
        fits = [one for one in self.cases() if one.form == "plain" and one.line == line and parse(one.size) <= 10**6]
        return min(fits, key=lambda one: parse(one.size), default=None)

    def largest(self, most: int, *, line: bool = False) -> Case | None:
        """The largest plain file up to a size that was run, over a free or a throttled line."""
        fits = [
            one for one in self.cases()
            if one.form == "plain" and bool(one.line) is line and parse(one.size) <= most
        ]  # fmt: skip
        return max(fits, key=lambda one: parse(one.size), default=None)

    def warm(self, size: str) -> tuple[float | None, float | None]:
        """Median CPU of a warm report in ms, and its requests without the receipt's."""
        found = [one for one in self.runs if one.way == "warm" and one.size == size and one.form == "plain"]
        if not found:
            return None, None
        asked = sum(count for folder, count in found[0].folders.items() if folder != "receipts")
        return median(took for one in found for took in json.loads(one.out)), asked / (TIMES + 1)


def goals(runs: Iterable[Run], verified: Mapping[str, list[str]]) -> list[Goal]:
    """All of them, in their order; `verified` is what differed from the truth, by case."""
    at = Figures(runs)
    return [*_raw(at), *_line(at), *_free(at), *_memory(at), *_small(at), *_bad(at, verified)]


def _raw(at: Figures) -> list[Goal]:
    """As they are, and without their starts: a client of boto3 alone takes as long as 300 MB of a download."""
    free, slow = at.largest(GB), at.largest(GB, line=True)
    found = []
    for net in (False, True):
        less = ", less their starts" if net else ""
        found += [
            Goal("1", f"raw copy, wall / download and SHA-256{less}", _told(case), 1.15,
                 at.ratio("wall", "raw", "hash", case, net=net)) for case in (free, slow)
        ]  # fmt: skip
        cpu = at.ratio("cpu", "raw", "boto3", free, net=net)
        found += [Goal("1", f"raw copy, CPU / upload_fileobj{less}", _told(free), 0.6, cpu)]
        get = at.net if net else at.get
        best, ours = _sum([get("cpu", way, free) for way in ("raw", "convert")]), get("cpu", "ours", free)
        both = ours / best if ours is not None and best else None
        found += [Goal("2", f"copier, CPU / raw and best conversion{less}", _told(free), 1.10, both)]
    return found


def _line(at: Figures) -> list[Goal]:
    case = at.largest(GB, line=True)
    return [
        Goal("3", "copier, wall / curl to nothing", _told(case), 1.30, at.ratio("wall", "ours", "curl", case)),
        Goal("3", "copier, wall / three steps", _told(case), 0.45, at.ratio("wall", "ours", "three", case)),
    ]


def _free(at: Figures) -> list[Goal]:
    case, small = at.largest(GB), at.largest(10**8)
    rows = at.ratio("wall", "dlt", "ours", small)
    return [
        Goal("issue", "copier, CPU / DuckDB", _told(case), 0.6, at.ratio("cpu", "ours", "duckdb", case)),
        Goal("issue", "dlt's rows, wall / copier", _told(small), 20, rows, least=True),
    ]


def _memory(at: Figures) -> list[Goal]:
    case, huge = at.largest(GB), at.largest(4 * GB)
    one, four = at.get("mib", "ours", case), at.get("mib", "ours", huge)
    more = four / one if one and four and huge != case else None
    return [
        Goal("4", "copier, peak MiB", _told(case), 256, one),
        Goal("4", "copier, peak at 4 GB / at 1 GB", _told(huge if more else None), 1.05, more),
    ]


def _small(at: Figures) -> list[Goal]:
    found = []
    for case in (one for one in at.cases() if one.form == "plain" and not one.line and parse(one.size) <= 10**6):
        took, asked = at.warm(case.size)
        found += [
            Goal("5", "S3 requests beside the receipt's", case.size, 2, asked),
            Goal("5", "warm CPU, ms a report", case.size, 15, took),
            Goal("5", "cold, wall / boto3 and pyarrow", case.size, 0.5, at.ratio("wall", "ours", "three", case)),
        ]
    return found


def _bad(at: Figures, verified: Mapping[str, list[str]]) -> list[Goal]:
    found = []
    for case in (one for one in at.cases() if one.form == BAD):
        speed = at.ratio("wall", "clean", "ours", case)
        wrong = len(verified[case.told]) if case.told in verified else None
        found += [
            Goal("6", "bad values: differences from the truth", case.told, 0, wrong),
            Goal("6", "bad values: speed / clean", case.told, 0.9, speed, least=True),
        ]
    return found


def _sum(parts: list[float | None]) -> float | None:
    known = [one for one in parts if one is not None]
    return sum(known) if len(known) == len(parts) else None


def _told(case: Case | None) -> str:
    return case.told if case else "not run"
