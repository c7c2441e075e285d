"""`cdr query`: a saved question or a query of one's own, answered by Athena as a table, JSON, CSV or Parquet."""

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click
from rich.console import Console
from rich.filesize import decimal as size
from rich.table import Table

from cli import answers, asking, tables
from cli.execution import Athena, Execution
from cli.naming import names
from cli.naming import questions as completed
from cli.options import deployed
from cli.price import price
from cli.progress import progress
from cli.stack import Place
from cli.stack import exports as known
from cli.wrong import Wrong, plain
from infra import settings
from lambdas.core.exports import Mistakes

ENDINGS = (".csv", ".parquet")
WIDE = 1 << 16
# What a question is asked with; a query out of a file is sent as it stands.
FOR_QUESTIONS = {"first": "--from", "last": "--to", "zone": "--timezone", "only": "--export", "values": "--set"}
EPILOG = """
Without NAME and --file the saved questions are listed. What is scanned is billed, and each query told with its price;
one that would scan more than the workgroup allows is stopped. Ctrl-C stops it too.

Exit status: 0 answered, 2 it could not be, 130 interrupted.
"""


@click.command(epilog=EPILOG)
@click.argument("name", required=False, shell_complete=completed)
@click.option("--list", "as_list", is_flag=True, help="the saved questions, what each asks, and its values")
@click.option("--file", type=click.File(encoding="utf-8-sig"), metavar="FILE", help="your own query; - reads stdin")
@click.option("--from", "first", type=asking.Day(), metavar="DAY", help="the first day; 30 days with the last, if none")
@click.option("--to", "last", type=asking.Day(), metavar="DAY", help="the last day, included; today by default")
@click.option("--timezone", "zone", type=asking.Zone(), metavar="NAME", help="whose days and hours; UTC by default")
@click.option("--export", "only", multiple=True, metavar="EXPORT", shell_complete=names,
              help="of this export alone; may be repeated")  # fmt: skip
@click.option("--set", "values", type=asking.Setting(), multiple=True, metavar="NAME=N",
              help="a value of the question, as --list tells them; may be repeated")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="rows to show")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="write the whole answer to FILE.csv or FILE.parquet instead")  # fmt: skip
@click.option("--patience", type=click.IntRange(1), default=600, show_default=True, metavar="SECONDS",
              help="how long to wait before the query is stopped")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="print it as JSON")
@click.option("--sql", "as_sql", is_flag=True, help="print the query and do not run it")
@deployed
def query(name: str | None, file: IO[str] | None, as_list: bool, as_sql: bool, exports: Path, **how: Any) -> None:
    """Ask the saved question NAME, or a query out of a file, and print the answer."""
    asked = {option: how.pop(option) for option in FOR_QUESTIONS}
    shown = Shown(how.pop("limit"), how.pop("out"), how.pop("as_json"))
    patience, place = how.pop("patience"), Place(how.pop("stage"), **how)
    _check(name, file, asked, shown)
    if shown.out and (as_list or as_sql):
        raise click.UsageError(f"--out is for an answer; --{'list' if as_list else 'sql'} asks nothing")
    if as_list or not (name or file):
        shown.questions()
        return
    with plain():
        athena = None if as_sql else Athena(place.stack())
        sql = asking.written(file) if file else _sql(str(name), asked, exports, place, athena)
        done = _run(athena, sql, patience) if athena else None
        answer = shown.fetch(athena, done, place) if athena and done else None
    if answer and done:
        shown.answer(answer, done)
    elif not done:
        click.echo(sql)


@dataclass(frozen=True)
class Shown:
    """How the answer is shown."""

    limit: int
    out: Path | None
    as_json: bool

    def questions(self) -> None:
        """What there is to ask."""
        if self.as_json:
            click.echo(json.dumps(asking.flat(), indent=2))
        else:
            _table(asking.listed())

    def fetch(self, athena: Athena, done: Execution, place: Place) -> answers.Answer | None:
        """The first rows; none where the whole answer goes to a file, which is written. Raises Wrong."""
        if self.out is None:
            answer = answers.fetch(athena.client, done.id, self.limit)
            if self.as_json:
                answers.distinct(answer.columns)
            return answer
        # Here, because every other command would wait for the engine.
        from cli.saving import save

        save(place, done.result, answers.columns(athena.client, done.id), self.out)
        click.echo(f"{self.out}: {size(self.out.stat().st_size)}")
        return None

    def answer(self, answer: answers.Answer, done: Execution) -> None:
        """The rows, and plainly whether there are more."""
        if self.as_json:
            click.echo(json.dumps(_flat(answer, done), indent=2))
            return
        _table(answers.table(answer))
        if answer.more:
            shown = f"the first {self.limit:,} rows; there are more: --limit N shows more, --out FILE writes all"
            click.echo(shown, err=True)
        elif not answer.rows:
            click.echo("no rows", err=True)


def _check(name: str | None, file: IO[str] | None, asked: dict[str, Any], shown: Shown) -> None:
    """What does not go together is said before anything is billed."""
    if name and file:
        raise click.UsageError(f"either the question {name} or --file")
    useless = [option for key, option in FOR_QUESTIONS.items() if asked[key]]
    if useless and not name:
        raise click.UsageError(f"{', '.join(useless)}: for a saved question; name one")
    if shown.out is None:
        return
    if shown.as_json:
        raise click.UsageError("either --out or --json")
    if shown.out.suffix not in ENDINGS:
        raise click.BadParameter(f"{shown.out} ends neither in {' nor in '.join(ENDINGS)}", param_hint="--out")
    if not shown.out.parent.is_dir():
        raise click.BadParameter(f"there is no folder {shown.out.parent}", param_hint="--out")


def _sql(name: str, asked: dict[str, Any], file: Path, place: Place, athena: Athena | None) -> str:
    wish = asking.Wish(name, **{key: value for key, value in asked.items() if value})
    return wish.sql(athena.database if athena else _database(place.stage), known(file, place.stage), datetime.now(UTC))


def _database(stage: str) -> str:
    """The database's name where nobody asks the stack."""
    try:
        return settings.settings({"stage": stage}.get).database
    except Mistakes as wrong:
        raise Wrong("\n".join(wrong.mistakes).replace("context: stage", "--stage")) from None


def _run(athena: Athena, sql: str, patience: int) -> Execution:
    """The query, ended well, and what it cost."""
    with progress("asking Athena") as tell:
        done = athena.run(sql, patience, tell)
    click.echo(f"{done.seconds:.1f} s, {done.billed}", err=True)
    return done


def _table(made: Table) -> None:
    """As wide as the terminal; where nobody looks at one, as wide as it takes: a row is a line."""
    console = Console()
    if not sys.stdout.isatty():
        console = Console(width=max(tables.WIDTH, Console(width=WIDE).measure(made).maximum))
    console.print(made)


def _flat(answer: answers.Answer, done: Execution) -> dict[str, Any]:
    """For a program."""
    return {
        "query": done.id,
        "seconds": done.seconds,
        "scanned_bytes": done.scanned,
        "price_usd": float(price(done.scanned)),
        "more": answer.more,
        "columns": [{"name": one.name, "type": one.type} for one in answer.columns],
        "rows": answers.flat(answer),
    }
