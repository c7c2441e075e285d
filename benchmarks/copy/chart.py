"""Draws the figures: `.venv-rivals/bin/python -m benchmarks.copy.chart runs.json copy.svg`.

A row of bars for each case: wall time, CPU, peak memory; medians of the rounds.
"""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found] # it lives in the rivals' environment

mpl.use("svg")
import matplotlib.pyplot as plt  # type: ignore[import-not-found] # the same

FIGURES = {"wall": "wall, s", "cpu": "CPU, s", "mib": "peak memory, MiB"}
OURS, PART, OTHER = "#d1495b", "#b8c4cc", "#30638e"  # the copier, what does a part of the job, the others


def main() -> None:
    """Read, group, draw."""
    told = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    cases: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for run in told["runs"]:
        if run["way"] != "warm" and not run["failed"]:
            name = f"{run['size']} {run['form']}\n{str(run['line']) + ' MB/s' if run['line'] else 'free line'}"
            cases.setdefault(name, {}).setdefault(run["way"], []).append(run)
    height = sum(0.6 + 0.2 * len(ways) for ways in cases.values())
    ratios = [3 + len(ways) for ways in cases.values()]
    figure, rows = plt.subplots(
        len(cases), 3, figsize=(13, max(3, height)), squeeze=False, gridspec_kw={"height_ratios": ratios}
    )
    for axes, (name, ways) in zip(rows, cases.items(), strict=True):
        _row(axes, name, ways, told["ways"])
    figure.suptitle(f"{told['machine']}; medians of {told['rounds']} rounds in turns", fontsize=9)
    figure.tight_layout(rect=(0, 0, 1, 0.99))
    figure.savefig(sys.argv[2])


def _row(axes: Any, name: str, ways: dict[str, list[dict[str, Any]]], known: dict[str, dict[str, Any]]) -> None:
    colours = [OURS if way == "ours" else OTHER if known[way]["whole"] else PART for way in ways]
    for place, (axis, (figure, unit)) in enumerate(zip(axes, FIGURES.items(), strict=True)):
        values = [median(run[figure] for run in runs) for runs in ways.values()]
        bars = axis.barh([known[way]["told"] for way in ways], values, color=colours)
        axis.bar_label(bars, [f"{value:.3g}" for value in values], fontsize=7, padding=2)
        axis.invert_yaxis()
        axis.tick_params(labelsize=7)
        axis.set_title(f"{name}: {unit}".replace("\n", ", "), fontsize=8)
        axis.margins(x=0.15)
        axis.spines[["top", "right"]].set_visible(False)
        if place:
            axis.set_yticklabels([])


if __name__ == "__main__":
    main()
