"""A real account exported to this machine: the vendors' own URLs, real waits, nothing simulated."""

import tempfile
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lambdas.core.rows import Row
from local import out, truth
from local.demo import Asked, Teller, deployed
from local.watch import TROUBLE, Watch, title

HOURS = 3600.0


def export(asked: Asked, console: Console) -> bool:
    """Export every account of the file once, up to now, into `asked.out`; the vendor's totals beside ours."""
    tell = Teller(console)
    folder = asked.out or Path("out") / f"export-{date.today():%Y%m%d}"  # noqa: DTZ011 # a folder's name for a person
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    console.print(f"[bold]{folder} will hold phone numbers; it is readable by you alone.[/]")
    with tempfile.TemporaryDirectory(prefix="cdr-") as work, deployed(asked, Path(work), tell, real=True) as (at, _):
        rows = Watch(at.stack, at.exports, at.clock, None, tell, asked.patience).wait()
        lines = truth.compare(truth.answered(at.stack), {}, {})
        _show(rows, console)
        out.write(folder, at.stack, rows, lines, until=None)
    console.print(f"written to {folder}: s3/, ledger.jsonl, summary.json")
    return not any(row.state in TROUBLE for row in rows)


def _show(rows: list[Row], console: Console) -> None:
    """What came, window by window, beside the vendor's own totals where it gives any."""
    table = Table("export", "window", title="what came, beside the vendor's totals")
    for heading in ("rows", "vendor", "cost", "vendor"):
        table.add_column(heading, justify="right")
    for row in sorted(rows, key=lambda row: (row.export, row.window)):
        said = row.published.totals if row.published else {}
        figures = (said.get(name, "-") for name in ("rows", "vendor_rows", "cost", "vendor_cost"))
        table.add_row(row.export, title(row.window), *figures)
    console.print(table)
