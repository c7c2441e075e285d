"""A real account exported to this machine: the vendors' own URLs, real waits, nothing simulated."""

import tempfile
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local import out, truth
from local.demo import Asked, Teller, covered, deployed, trouble, troubled
from local.watch import Halted, Outcome, Watch, title, told

HOURS = 3600.0
BRIEF = timedelta(minutes=6)  # an outage rests the vendor for five minutes; a refusal for longer


def export(asked: Asked, console: Console) -> bool:
    """Export every account of the file once, up to now, into `asked.out`; the vendor's totals beside ours.

    Raises Halted when somebody must act before the rest can go on; what came until then is written.
    """
    tell = Teller(console)
    folder = asked.out or Path("out") / f"export-{date.today():%Y%m%d}"  # noqa: DTZ011 # a folder's name for a person
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    console.print(f"[bold]{folder} will hold phone numbers; it is readable by you alone.[/]", soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="cdr-") as work, deployed(asked, Path(work), tell, real=True) as at:
        until = at.clock.until()
        ended = Watch(at.stack, at.exports, at.clock, until, tell, asked.patience, BRIEF).wait()
        lines = truth.compare(truth.answered(at.stack), {}, {})
        _show(ended, console)
        covered(ended, at.exports, console)
        trouble(ended, console)
        right = not troubled(ended) and not ended.left
        out.write(folder, at.stack, ended.rows, lines, at.exports.sources, until=until, right=right)
    console.print(f"written to {folder}: s3/, ledger.jsonl, summary.json", soft_wrap=True)
    if ended.left:
        raise Halted(ended.advice)
    return not troubled(ended)


def _show(ended: Outcome, console: Console) -> None:
    """What came, window by window, beside the vendor's own totals where it gives any."""
    table = Table("export", "window", "state", title="what came, beside the vendor's totals")
    for heading in ("rows", "vendor", "cost", "vendor"):
        table.add_column(heading, justify="right")
    for row in sorted(ended.rows, key=lambda row: (row.export, row.window)):
        said = row.published.totals if row.published else {}
        figures = (said.get(name, "-") for name in ("rows", "vendor_rows", "cost", "vendor_cost"))
        table.add_row(row.export, title(row.window), told(row), *figures)
    console.print(table)
