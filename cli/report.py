"""`cdr report`: coverage, calls, cost and failures as a picture, in one HTML file that fetches nothing."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.filesize import decimal as size

from cli import answers, asking
from cli.appearing import appearing
from cli.execution import Athena
from cli.naming import names
from cli.options import deployed
from cli.picture.coverage import Covered, covered, verdict
from cli.picture.scope import Scope
from cli.price import dollars, price
from cli.progress import progress
from cli.stack import Place
from cli.stack import exports as read
from cli.wrong import Wrong, plain
from infra import questions, settings
from lambdas.core.exports import Export, Exports

Answer = list[dict[str, str | None]]
Ask = Callable[[str], Answer]
LIBRARY = Path(__file__).resolve().parent.parent / "node_modules" / "echarts" / "dist" / "echarts.min.js"
ROWS = 500_000  # of one answer, at most: they are held in memory
# The picture has a cause's sum alone, so the hours and countries need not travel.
CAUSES = """SELECT export, result, hangup_cause, q850_cause, sip_code, sum(calls) AS calls
FROM (
{failures}
) AS told
GROUP BY export, result, hangup_cause, q850_cause, sip_code"""
EPILOG = """
Three queries are run, and what they scan is billed. The file holds no phone number; it opens in any browser, offline.

Exit status: 0 written, whatever the picture shows, 2 it could not be, 130 interrupted.
"""


@click.command(epilog=EPILOG)
@click.option("--from", "first", type=asking.Day(), metavar="DAY", help="the first day; 30 days with the last, if none")
@click.option("--to", "last", type=asking.Day(), metavar="DAY", help="the last day, included; today by default")
@click.option("--timezone", "zone", type=asking.Zone(), default="UTC", show_default=True, metavar="NAME",
              help="whose days")  # fmt: skip
@click.option("--export", "only", multiple=True, metavar="EXPORT", shell_complete=names,
              help="of this export alone; may be repeated")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("cdr-report.html"),
              show_default=True, metavar="FILE", help="where it is written")  # fmt: skip
@click.option("--patience", type=click.IntRange(1), default=600, show_default=True, metavar="SECONDS",
              help="how long to wait for each answer")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="print as JSON where it is, and what is missing")
@deployed
def report(first: date | None, last: date | None, zone: str, only: tuple[str, ...], out: Path, patience: int,
           as_json: bool, exports: Path, stage: str, **where: str | None) -> None:  # fmt: skip
    """Write a picture of what is in the lake: coverage, calls, cost, ASR and ACD, countries, failures."""
    with plain():
        known, now = read(exports, stage), datetime.now(UTC)
        if not out.parent.is_dir():
            raise click.BadParameter(f"there is no folder {out.parent}", param_hint="--out")
        chosen, days = _chosen(known, only), _days(first, last, zone, now)
        library()
        athena = Athena(Place(stage, **where).stack())
        scope = Scope(settings.settings({"stage": stage}.get).name, chosen, *days, made=now, zone=zone)
        asker = Asker(athena, patience)
        found = write(out, scope, known, athena.database, asker)
    click.echo(f"{asker.seconds:.1f} s, {size(asker.scanned)} scanned, {dollars(asker.price)}", err=True)
    told = json.dumps(_flat(out, scope, found, asker), indent=2)
    click.echo(told if as_json else f"{out}: {size(out.stat().st_size)}")


def write(out: Path, scope: Scope, exports: Exports, database: str, ask: Ask) -> list[Covered]:
    """Ask the three questions and write the file; what each day is. Raises Wrong."""
    # Here, because every other command would wait for the templates.
    from cli.picture.page import page

    script, asked = library(), _asked(scope, exports, database)
    told = {name: ask(_sql(name, asked)) for name in ("coverage", "calls_daily", "failures")}
    text = page(scope, told["coverage"], told["calls_daily"], told["failures"], script)
    with appearing(out) as file:
        file.write(text.encode())
    return covered(scope, told["coverage"])


def _flat(out: Path, scope: Scope, found: Sequence[Covered], asker: "Asker") -> dict[str, Any]:
    """For a program: where the file is, what it says is missing, and what the answers cost."""
    missing = [
        {"export": one.name, "state": state, "days": [str(day) for day in days]}
        for one in found
        for state, days in one.missed.items()
    ]
    price = {"seconds": round(asker.seconds, 3), "scanned_bytes": asker.scanned, "price_usd": float(asker.price)}
    told = {"file": str(out), "bytes": out.stat().st_size, "from": str(scope.first), "to": str(scope.last)}
    return {**told, "verdict": verdict(found)[0], "missing": missing, **price}


def recent(out: Path, stack: str, exports: Exports, database: str, ask: Ask, made: datetime) -> None:
    """The same of all exports, up to `made`: 30 days at most, from the day before the first of them, whose calls
    may be in its first window."""
    last = made.astimezone(UTC).date()
    begins = min(one.first(made).date() for one in exports.exports) - timedelta(days=1)
    first = min(last, max(begins, last - timedelta(days=asking.DAYS - 1)))
    write(out, Scope(stack, exports.exports, first, last, made), exports, database, ask)


def library() -> str:
    """The text of ECharts. Raises Wrong where it is not installed."""
    try:
        return LIBRARY.read_text("utf-8")
    except FileNotFoundError:
        raise Wrong(f"{LIBRARY} is not there: `make setup` installs it, in the repository that `cdr` is of") from None


@dataclass
class Asker:
    """Asks Athena one question after the other, and adds up what they scan."""

    athena: Athena
    patience: int
    scanned: int = 0
    seconds: float = 0.0
    price: Decimal = Decimal(0)

    def __call__(self, sql: str) -> Answer:
        with progress("asking Athena") as tell:
            done = self.athena.run(sql, self.patience, tell)
            found = answers.fetch(self.athena.client, done.id, ROWS)
        if found.more:
            raise Wrong(f"more than {ROWS:,} rows: ask for fewer days, by --from and --to, or for one --export")
        self.scanned, self.seconds = self.scanned + done.scanned, self.seconds + done.seconds
        self.price += price(done.scanned)
        names = [column.name for column in found.columns]
        return [dict(zip(names, row, strict=True)) for row in found.rows]


def _asked(scope: Scope, exports: Exports, database: str) -> questions.Asked:
    return questions.Asked(
        database, exports, questions.date(scope.first), questions.date(scope.last), zone=scope.zone,
        only=tuple(one.name for one in scope.exports),
    )  # fmt: skip


def _sql(name: str, asked: questions.Asked) -> str:
    text = questions.text(name, asked)
    return CAUSES.format(failures=text) if name == "failures" else text


def _days(first: date | None, last: date | None, zone: str, now: datetime) -> tuple[date, date]:
    last = last or now.astimezone(ZoneInfo(zone)).date()
    first = first or last - timedelta(days=asking.DAYS - 1)
    if first > last:
        raise click.UsageError(f"--from {first} is after --to {last}: no day lies between them")
    return first, last


def _chosen(known: Exports, names: tuple[str, ...]) -> tuple[Export, ...]:
    """The exports that were named, or all. Raises Wrong."""
    there = [one.name for one in known.exports]
    for name in names:
        if name not in there:
            raise Wrong(f"no export {name}: the file has {', '.join(there)}")
    return tuple(one for one in known.exports if not names or one.name in names)
