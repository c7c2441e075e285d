"""Scale by simulation: what a tick reads after any history, and what an export costs in a year.

The real requester and poller run on a ledger in memory that counts as DynamoDB bills, under a simulated clock. The copy
is replaced by the same calls without Parquet, the vendor by one in the process. Nothing here reaches a network.
"""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from time import perf_counter

import click

from benchmarks import prices
from benchmarks.year import Year, history
from lambdas.core.rows import Row, Span
from lambdas.core.windows import DAY, midnight
from lambdas.logs import log, metrics

NOW = datetime(2026, 11, 16, tzinfo=UTC)  # the middle of a month: its windows are read for its proof
WARM = 9 * DAY  # until the re-exports at a day and at a week are under way
SECONDS = {"1d": 86_400, "12h": 43_200, "6h": 21_600, "1h": 3600, "30m": 1800, "15m": 900}
FILE = Path(__file__).with_name("counts.json")
PLACES = {"15m": 8}  # four do not carry as many reports


@click.command(context_settings={"show_default": True})
@click.option("--exports", default=50, help="How many exports the ledger holds.")
@click.option("--rows", default="1000,20000,876000", help="How long the history is, in rows of all exports together.")
@click.option("--hours", default=6, help="So many hours are simulated at each length.")
@click.option("--windows", default="1d,1h,15m", help="The windows of the table of costs.")
@click.option("--sample", default=2, help="So many days at least, and 20 windows, stand for the year that they cost.")
@click.option("--vendor", default="telnyx", help="telnyx is polled, flowroute calls back.")
@click.option("--counts", is_flag=True, help="Keep the counts of a year in benchmarks/counts.json, for docs/costs.md.")
def main(exports: int, rows: str, hours: int, windows: str, sample: int, vendor: str, counts: bool) -> None:
    """Print both tables as Markdown; what is being done goes to standard error."""
    told = f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}"
    with _quiet():
        flat = [reads(exports, int(number), hours, vendor) for number in rows.split(",") if number]
        years = {window: counted(window, sample, vendor) for window in windows.split(",")}
        most = {luck: bound(luck, vendor) for luck in (0.0, 0.5, 1.0)}
    click.echo(f"{told}\n")
    _table(["rows", "ticks", "items", "read units", "months read", "items of each", "read units of each", "took"], flat)
    lines = [[name, *(_told(one[name]) for one in years.values())] for name in next(iter(years.values()))]
    _table(["per export and year", *(f"window {window}" for window in years)], lines)
    _table(
        ["jitter", "state transitions of a report that never gets ready"], [[f"{one}", f"{most[one]}"] for one in most]
    )
    if counts:
        FILE.write_text(json.dumps({"told": told, "years": years}, indent=1) + "\n", "utf-8")


@contextmanager
def _quiet() -> Iterator[None]:
    """The handlers' log and metrics go nowhere."""
    log().setLevel("CRITICAL")
    metrics().namespace = "scale"
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        yield


def reads(exports: int, rows: int, hours: int, vendor: str) -> list[str]:
    """What the ticks of some hours read, with a history of so many rows behind them."""
    begun, each = perf_counter(), rows // exports
    start = NOW - timedelta(hours=3 + each)
    stage = Year("\n".join(_export(f"e{n}", "1h", start, vendor) for n in range(exports)), NOW)
    _past(stage, each, vendor)
    _say(f"{rows:,} rows of {exports} exports are there after {perf_counter() - begun:.0f} s")
    stage.meter.clear()
    begun = perf_counter()
    stage.run(NOW + timedelta(hours=hours))
    _say(f"{hours} hours of them are simulated after {perf_counter() - begun:.0f} s")
    used, ticks = stage.meter.used, stage.invoked["requester"]
    due = [used[name] for name in ("due", "open", "aside", "head")]
    month = used["between"]
    return [
        f"{rows:,}", f"{ticks:,}", f"{sum(one.items for one in due) / ticks:.1f}",
        f"{sum(one.reads for one in due) / ticks:.1f}", f"{month.calls / ticks:.2f}",
        f"{month.items / max(1, month.calls):.0f}", f"{month.reads / max(1, month.calls):.0f}",
        f"{perf_counter() - begun:.0f} s",
    ]  # fmt: skip


@cache
def _pattern(vendor: str) -> Row:
    """A row that the handlers themselves brought to its end."""
    stage = Year(_export("e0", "1h", NOW - WARM, vendor), NOW - WARM)
    stage.run(NOW - timedelta(hours=12))
    return next(row for row in stage.memory.rows("e0") if row.aged == 2 and row.due_at is None)


def _past(stage: Year, number: int, vendor: str) -> None:
    """So many windows of each export are done; those that are still asked for again are due when they would be."""
    now = stage.now()
    for export in stage.exports.exports:
        stop = _whole(now - export.settle, export.window)
        stage.memory.fill(history(_pattern(vendor), export, stop, number))
        head = stage.memory.take(export.name, "past", now, now)
        if head is not None:
            stage.memory.save(head, born=now, keyed=True, spans={"calls": Span(export.first(now), stop, export.window)})


def _whole(when: datetime, seconds: int) -> datetime:
    """The last edge of a window at or before an instant."""
    return midnight(when) + (when - midnight(when)) // timedelta(seconds=seconds) * timedelta(seconds=seconds)


def counted(window: str, sample: int, vendor: str) -> dict[str, float]:
    """An export's year, from some days of it."""
    begun, seconds = perf_counter(), SECONDS[window]
    days = max(sample, 20 * seconds // 86_400)
    start = NOW - days * DAY / 2 - DAY
    stage = Year(_export("e0", window, start - 2 * WARM, vendor), start)
    _past(stage, 2 * WARM // timedelta(seconds=seconds), vendor)
    stage.run(start + DAY)  # until it has learned how long reports take
    for counted in (stage.meter, stage.invoked, stage.bucket.asked, stage.theirs.asked, stage.transitions):
        counted.clear()
    before = len(stage.memory.rows("e0"))
    stage.run(start + (1 + days) * DAY)
    _say(f"window {window}: {days} days simulated in {perf_counter() - begun:.0f} s")
    year = 365 / days
    used, asked, put = stage.meter.total, stage.theirs.asked, stage.bucket.asked
    ran = {name: stage.invoked[name] * year for name in (*prices.ASSUMED, "schedule")}
    steps = stage.transitions
    return {
        "rows of the ledger": (len(stage.memory.rows("e0")) - before) * year,
        "reports asked for": asked["ask"] * year,
        "requests to the vendor": sum(asked.values()) * year,
        "items read": used.items * year,
        "read units": used.reads * year,
        "write units": used.writes * year,
        "runs of the requester": ran["requester"],
        "runs of the poller": ran["poller"],
        "runs of the copier": ran["copier"],
        "runs of the callback": ran["callback"],
        "ticks of the schedule": ran["schedule"],
        "state transitions": sum(steps) * year,
        "of a report, on average": sum(steps) / len(steps),
        "of a report, at most": max(steps),
        "receipts that count them otherwise": stage.wrong,
        "S3: PUT": put["put"] * year,
        "S3: HEAD": put["head"] * year,
    }


def bound(luck: float, vendor: str) -> int:
    """State transitions of a report that never gets ready, until it is given up; the jitter is always the same."""
    stage = Year(_export("e0", "1d", NOW - DAY, vendor), NOW + timedelta(hours=3), luck)
    stage.theirs.fate = "never"
    while not stage.transitions:
        stage.run(stage.now() + timedelta(hours=1))
    return stage.transitions[0]


def _export(name: str, window: str, start: datetime, vendor: str) -> str:
    lines = ["[[export]]", f'name = "{name}"', f'vendor = "{vendor}"', f"start = {start:%Y-%m-%d}"]
    lines += [f'window = "{window}"', f"max_in_flight = {PLACES.get(window, 4)}", 'small_files = "accepted"']
    return "\n".join([*lines, *(['[export.options]\nsource = ["calls"]'] if vendor == "telnyx" else []), ""])


def _told(value: float) -> str:
    return f"{value:,.2f}" if value < 100 and value != int(value) else f"{value:,.0f}"


def _table(heads: list[str], lines: list[list[str]]) -> None:
    for line in (heads, ["---", *["---:"] * (len(heads) - 1)], *lines):
        click.echo(f"| {' | '.join(line)} |")
    click.echo()


def _say(what: str) -> None:
    click.echo(what, err=True)


if __name__ == "__main__":
    main()
