"""`python -m local.mutants`: takes each grant of the template away in turn, and says whether traffic notices."""

import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from local.cloud import Unwell
from local.demo import Teller
from local.deploy import Failed
from local.mutants.page import PAGE, write
from local.mutants.run import Result, Run, Unsound, chosen
from local.mutants.world import world


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", default="", metavar="PATTERN", help="those whose name has this in it; * and ? as in a shell")
@click.option("--list", "listed", is_flag=True, help="with --only: deploy, list what would be taken away, and end")
@click.option("--json", "plain", is_flag=True, help="the results as JSON, on the standard output")
@click.option("--write", "page", is_flag=True, help=f"write the tables of {PAGE.name}; not with --only")
def main(only: str, listed: bool, plain: bool, page: bool) -> None:
    """Deploy on the emulated cloud, take each grant away in turn, drive all traffic; status 1 if one is not missed.

    A grant that is not missed and has no reason in local/mutants/reasons.py is one that nobody needs, or a path that
    nobody drives.
    """
    if page and only:
        raise click.UsageError("--write is for a whole run")
    console = Console(width=None if sys.stdout.isatty() else 140, stderr=plain)
    tell, began = Teller(console), time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="cdr-") as folder, world(Path(folder)) as made:
            tell("deployed")
            wanted = chosen(made.body, only)
            if listed:
                console.print("\n".join(one.name for one in wanted), markup=False, highlight=False, soft_wrap=True)
                return
            results = list(Run(made, tell).play(wanted))
            minutes = (time.monotonic() - began) / 60
            if page:
                write(made.body, results, minutes)
    except (Failed, Unwell, Unsound) as problem:
        raise click.ClickException(str(problem)) from None
    _show(results, console)
    if plain:
        click.echo(json.dumps([_told(one) for one in results], indent=1))
    sys.exit(0 if all(one.right for one in results) else 1)


def _told(one: Result) -> dict[str, object]:
    told = asdict(one)
    return {
        "name": one.mutant.name,
        "verdict": one.word,
        **{name: told[name] for name in ("noticed", "reason", "seconds")},
    }


def _show(results: list[Result], console: Console) -> None:
    """What survived, each with its reason, and the count."""
    table = Table("taken away", "", "what was noticed, or why nobody does")
    for one in results:
        if not one.right or one.noticed is None:
            table.add_row(one.mutant.name, one.word, one.noticed or one.reason or "no reason is known")
    console.print(table)
    killed = sum(one.noticed is not None for one in results)
    wrong = sum(not one.right for one in results)
    console.print(f"{len(results)} mutants: {killed} killed, {len(results) - killed} survive, {wrong} unexplained")


if __name__ == "__main__":
    main()
