"""All cases and all ways in turns: what is run, what is left out, what is read back, and what an earlier call had."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.copy.data import Truth, make
from benchmarks.copy.plan import BY_NAME, WARM, Case, Way
from benchmarks.copy.runs import Cores, Run, run
from benchmarks.copy.sizes import BAD, UNITS, parse
from benchmarks.copy.verify import differences

SMALL = UNITS["MB"]  # up to here a warm process is measured, too
PATIENCE = 120.0  # seconds; what takes longer is not repeated
Say = Callable[[str], None]


@dataclass
class Bench:
    """What is to be measured, and what was."""

    ways: list[Way]
    cases: list[Case]
    rounds: int
    limit: int  # bytes up to which copies are read back
    cores: Cores
    data: Path
    runs: list[Run] = field(default_factory=list)
    verified: dict[str, list[str]] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """So many times is progress told."""
        return len(self.cases) * self.rounds * len(self.ways)

    def skipped(self, case: Case) -> dict[str, str]:
        """The ways that are not tried, with the reason where it needs one."""
        told = {way.name: way.skipped(case.size, case.form, case.line) for way in self.ways}
        return {name: why for name, why in told.items() if why is not None}

    def resume(self, file: Path) -> None:
        """What an earlier call measured is not measured again."""
        if file.exists():
            told = json.loads(file.read_text("utf-8"))
            self.runs = [Run(**one) for one in told["runs"] if not one["failed"]]
            self.verified = told["verified"]

    def go(self, say: Say, advance: Callable[[], None], keep: Callable[[], None]) -> None:
        """Run it all, and `keep` it after each case; the files come first."""
        truths = {case: make(self.data, case.size, case.form, say) for case in self.cases}
        self._warm_up(say)
        for case in self.cases:
            for number in range(1, self.rounds + 1):
                for way in self.ways:
                    advance()
                    if way.name not in self.skipped(case) and self._wanted(way, case, number):
                        say(f"{case.told}, round {number}: {way.told}")
                        self.runs.append(run(way, case, number, self.data, self.cores))
            if not case.line and any(way.name == "ours" for way in self.ways):
                self._ours(case, truths[case], say)
            keep()

    def _warm_up(self, say: Say) -> None:
        """Each way once on the smallest file, so that nobody pays for a cold disk; not counted."""
        first = min(self.cases, key=lambda case: parse(case.size))
        for way in self.ways:
            if any(way.name not in self.skipped(case) for case in self.cases):
                say(f"warming up: {way.told}")
                run(way, first, 0, self.data, self.cores)

    def _wanted(self, way: Way, case: Case, number: int) -> bool:
        """Not what was done before, and not for ever."""
        had = [one for one in self.runs if one.way == way.name and one.case == case]
        return all(one.round != number and one.wall < PATIENCE and not one.failed for one in had)

    def _ours(self, case: Case, truth: Truth, say: Say) -> None:
        """The copier's objects read back, and its warm runs on small files."""
        if parse(case.size) <= self.limit and case.told not in self.verified:
            say(f"{case.told}: reading back")
            with tempfile.TemporaryDirectory(prefix="cdr-bench-") as keep:
                done = run(BY_NAME["ours"], case, 0, self.data, self.cores, Path(keep))
                self.verified[case.told] = [done.failed] if done.failed else differences(Path(keep), truth)
        if parse(case.size) <= SMALL and case.form != BAD and self._wanted(WARM, case, 1):
            say(f"{case.told}: {WARM.told}")
            self.runs.append(run(WARM, case, 1, self.data, self.cores))

    def figures(self) -> dict[str, Any]:
        """What was measured, as JSON takes it."""
        return {"rounds": self.rounds, "runs": [one.figures() for one in self.runs], "verified": self.verified}
