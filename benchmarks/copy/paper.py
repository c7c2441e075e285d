"""What stays of a benchmark: the raw figures as JSON, the tables as Markdown, a chart."""

import json
import os
import platform
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.copy.bench import Bench
from benchmarks.copy.goals import goals
from benchmarks.copy.imports import Carried, as_markdown
from benchmarks.copy.peers import ROOT
from benchmarks.copy.plan import RIVALS, WAYS
from benchmarks.copy.runs import Cores
from benchmarks.copy.tables import report

RUNS, TABLES, CHART = "runs.json", "tables.md", "copy.svg"


def write(out: Path, bench: Bench, carried: list[Carried]) -> None:
    """All three."""
    keep(out, bench, carried)
    told = f"{machine(bench.cores)}, {datetime.now(UTC):%Y-%m-%d}\n\n"
    skipped = {case: bench.skipped(case) for case in bench.cases}
    told += report(bench.runs, skipped, goals(bench.runs, bench.verified), as_markdown(carried) if carried else "")
    (out / TABLES).write_text(told, encoding="utf-8")
    if bench.runs:
        draw(out / RUNS, out / CHART)


def keep(out: Path, bench: Bench, carried: list[Carried]) -> None:
    """The figures alone, so that hours of them are not lost."""
    out.mkdir(parents=True, exist_ok=True)
    told = {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "machine": machine(bench.cores), **bench.figures(),
        "ways": {way.name: {"told": way.told, "whole": way.whole} for way in WAYS},
        "goals": [{**vars(goal), "met": goal.met} for goal in goals(bench.runs, bench.verified)],
        "functions": [one.figures() for one in carried],
    }  # fmt: skip
    making = out / f"{RUNS}.making"
    making.write_text(json.dumps(told, indent=1), encoding="utf-8")
    making.replace(out / RUNS)


def draw(runs: Path, chart: Path) -> None:
    """By matplotlib, which is the rivals'."""
    with tempfile.TemporaryDirectory(prefix="cdr-bench-") as folder:
        command = [RIVALS, "-m", "benchmarks.copy.chart", str(runs), str(chart)]
        environment = {**os.environ, "MPLCONFIGDIR": folder}
        subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603 - this package's own chart


def machine(cores: Cores) -> str:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.machine()
    shared = f"{len(cores.job)} for the job, {len(cores.peers)} for the peers"
    return f"{model}, cores: {shared}; Python {platform.python_version()}"
