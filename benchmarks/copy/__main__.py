"""The whole job of the copier side by side with what one would pick instead: one command, tables, a chart, JSON."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.copy import imports, paper, tables
from benchmarks.copy.bench import Bench
from benchmarks.copy.goals import goals
from benchmarks.copy.peers import ROOT
from benchmarks.copy.plan import BY_NAME, WAYS, cases
from benchmarks.copy.runs import Cores, missing
from benchmarks.copy.sizes import parse

DATA = ROOT / "build" / "benchmarks"
VERIFIED = {"small": parse("100MB"), "all": parse("1000GB"), "none": -1}


@click.command(context_settings={"show_default": True})
@click.option("--sizes", default="10KB,1MB,100MB,1GB,4GB", help="Of the plain text.")
@click.option("--line", "lines", default="free,75", help="`free`, or MB/s in each direction, with Lambda's latency.")
@click.option("--forms", default="plain,gzip", help="How the vendor packs the file.")
@click.option("--ways", default=",".join(BY_NAME), help="Which ways, of these.")
@click.option("--rounds", default=3, help="So often, in turns; what takes over two minutes is not repeated.")
@click.option("--cores", default=1, help="So many are the job's; the peers take the others.")
@click.option("--bad", default="100MB", help='Size of the file with bad values; "" leaves it out.')
@click.option("--verify", default="small", type=click.Choice(list(VERIFIED)), help="Copies read back: up to 100 MB.")
@click.option("--bundles/--no-bundles", default=True, help="Bundle sizes and import times beside them.")
@click.option("--resume/--anew", default=False, help="Leave out what OUT already has.")
@click.option("--out", default=DATA / "out", type=click.Path(path_type=Path), help="For figures, tables and chart.")
def main(
    sizes: str, lines: str, forms: str, ways: str, rounds: int, cores: int, bad: str, verify: str, bundles: bool,
    resume: bool, out: Path,
) -> None:  # fmt: skip
    """Measure, print, and write `runs.json`, `tables.md` and `copy.svg`."""
    chosen = [way for way in WAYS if way.name in ways.split(",")]
    if lost := missing(chosen):
        raise click.ClickException(f"not there: {', '.join(lost)}; `make rivals` sets up what others bring")
    told = cases(sizes, lines, forms, bad=bad or None)
    bench = Bench(chosen, told, rounds, VERIFIED[verify], Cores.split(cores), DATA)
    if resume:
        bench.resume(out / paper.RUNS)
    console = Console(width=150)
    carried = _measure(console, bench, out, bundles=bundles)
    _show(console, bench, carried)
    paper.write(out, bench, carried)
    console.print(f"written: {out}/{paper.RUNS}, {paper.TABLES}, {paper.CHART}")


def _measure(console: Console, bench: Bench, out: Path, *, bundles: bool) -> list[imports.Carried]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=bench.steps)

        def say(what: str) -> None:
            progress.update(task, description=f"{what:60}")

        bench.go(say, lambda: progress.advance(task), lambda: paper.keep(out, bench, []))
        return imports.carried(say) if bundles else []


def _show(console: Console, bench: Bench, carried: list[imports.Carried]) -> None:
    for case in bench.cases:
        console.print(tables.results(bench.runs, case, bench.skipped(case)))
    for told, wrong in bench.verified.items():
        console.print(f"{told}: {'; '.join(wrong) if wrong else 'read back, equal to the truth'}")
    if carried:
        console.print(tables.bundles([one.line() for one in carried]))
    console.print(tables.judged(goals(bench.runs, bench.verified)))


if __name__ == "__main__":
    main()
