"""What asking costs, measured and projected: one command, tables, JSON."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks.asking.bench import Measured, measure
from benchmarks.asking.tables import Book
from local.cloud import ROOT

DATA = ROOT / "build" / "benchmarks"


@click.command(context_settings={"show_default": True})
@click.option("--accounts", default="10000,100000,1000000", help="Calls a day, one account each.")
@click.option("--calls", default=3_000_000, help="To draw at most, in equal shares; four days of an account do.")
@click.option("--out", default=DATA / "asking", type=click.Path(path_type=Path), help="For figures and tables.")
def main(accounts: str, calls: int, out: Path) -> None:
    """Make lakes of three lengths of window, ask them every question, print, and write `asking.json`, `asking.md`."""
    console, begun = Console(width=170), time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    with console.status("") as status:
        measured = measure(out / "lakes", [int(one) for one in accounts.split(",")], calls, status.update)
    sheets = Book(measured).sheets()
    for sheet in sheets:
        console.print(sheet.rich())
    (out / "asking.md").write_text("\n".join(sheet.markdown() for sheet in sheets), "utf-8")
    (out / "asking.json").write_text(json.dumps(_figures(measured, time.monotonic() - begun), indent=1), "utf-8")
    console.print(f"written: {out}/asking.json, {out}/asking.md")


def _figures(measured: Measured, took: float) -> dict[str, Any]:
    return {"when": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "seconds": round(took), **measured.figures()}


if __name__ == "__main__":
    main()
