"""What was measured, as tables for a terminal and as Markdown for the docs."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from benchmarks.copy.goals import Figures, Goal
from benchmarks.copy.plan import WAYS, Case, Way
from benchmarks.copy.runs import Run

HEADS = ("way", "wall s", "/ curl", "CPU s", "/ DuckDB", "peak MiB", "requests", "raw MB", "Parquet MB", "runs")
CARRIED = ("function", "bundle MB, aws", "host", "goal is", "import CPU ms", "floor CPU ms", "ratio", "goal is")
MB = 10**6
Lines = list[list[str]]


def results(runs: Sequence[Run], case: Case, skipped: dict[str, str]) -> Table:
    """One case: every way's medians, and why a way is not there."""
    return _table(f"{case.told}: medians", HEADS, _lines(runs, case, skipped), texts=1)


def judged(found: Iterable[Goal]) -> Table:
    """Each goal with its figure."""
    return _table("the goals", ("goal", "what", "where", "goal is", "measured", ""), _judged(found), texts=3)


def bundles(lines: Lines) -> Table:
    """What each function carries."""
    return _table("bundles and imports", CARRIED, lines, texts=1)


def markdown(heads: Sequence[str], lines: Lines, texts: int = 1) -> str:
    """The same for the docs."""
    rows = [list(heads), ["---"] * texts + ["---:"] * (len(heads) - texts), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def report(runs: Sequence[Run], skipped: dict[Case, dict[str, str]], found: Iterable[Goal], rest: str) -> str:
    """All of it as Markdown."""
    parts = [f"### {case.told}\n\n{markdown(HEADS, _lines(runs, case, skipped[case]))}" for case in skipped]
    goals = markdown(("goal", "what", "where", "goal is", "measured", ""), _judged(found), texts=3)
    return "\n\n".join([*parts, f"### The goals\n\n{goals}", rest]) + "\n"


def _lines(runs: Sequence[Run], case: Case, skipped: dict[str, str]) -> Lines:
    at, there = Figures(runs), {one.way for one in runs if one.case == case}
    lines = [_line(at, way, case) for way in WAYS if way.name in there and at.get("wall", way.name, case)]
    for way in WAYS:
        failed = [one.failed for one in runs if one.way == way.name and one.case == case and one.failed]
        why = skipped.get(way.name) or (f"failed: {failed[0]}" if failed else None)
        if why:
            lines.append([f"{way.told}: {why}", *[""] * (len(HEADS) - 1)])
    return lines


def _line(at: Figures, way: Way, case: Case) -> list[str]:
    wall, cpu, mib, asked = (at.get(what, way.name, case) for what in ("wall", "cpu", "mib", "requests"))
    done = [one for one in at.runs if one.way == way.name and one.case == case]
    made = [sum(size for key, size in done[-1].objects.items() if key.startswith(to)) for to in ("raw/", "calls/")]
    return [
        way.told, _figure(wall), _ratio(at.ratio("wall", way.name, "curl", case)), _figure(cpu),
        _ratio(at.ratio("cpu", way.name, "duckdb", case)) if way.whole else "", f"{mib:.0f}",
        f"{asked:.0f}", *(f"{size / MB:.2f}" if size else "" for size in made), f"{len(done)}",
    ]  # fmt: skip


def _judged(found: Iterable[Goal]) -> Lines:
    said = {None: "not measured", True: "met", False: "NOT met"}
    return [
        [
            one.number, one.told, one.where, f"{'at least' if one.least else 'at most'} {one.bound:g}",
            "" if one.measured is None else f"{one.measured:.2f}", said[one.met],
        ]
        for one in found
    ]  # fmt: skip


def _table(title: str, heads: Sequence[str], lines: Lines, texts: int) -> Table:
    table = Table(title=title)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place < texts else "right")
    for line in lines:
        table.add_row(*line)
    return table


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
