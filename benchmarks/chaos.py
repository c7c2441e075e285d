"""What the usual script makes of bad nights, beside the truth and beside cdr-exporter: `python -m benchmarks.chaos`."""

import io
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import exported, scripted
from benchmarks.plan import CALM, EDGE, LATE, NIGHTS, calls, cause
from benchmarks.scripted import Ran
from local.call import Call

EVENTS = (*dict.fromkeys(one for one in NIGHTS if one != CALM), EDGE, LATE)

WHY = {
    "answer dropped": "the script repeats its POST: a second report, and the first is nobody's; we look into the list",
    "killed while copying": "half a file stays: never completed, or counted beside the next, longer one",
    "vendor down for 3 hours": "its patience ends before: without a state file nobody goes back to that day",
    "link dead before its time": "the same; with a state file the next night fetches both days",
    "file cut, its length agrees": "plain text ends anywhere; gzip tells, but what was written until then stays",
    "schedule missed for 6 hours": "cron does not make up for it; a state file does",
    EDGE: "a call that ends there is in both days' reports",
    LATE: "the call had not ended yet, or was not written yet; nobody asks again",
}


class Judged:
    """One vendor's exports against the truth, by what caused each difference."""

    def __init__(self, ran: Ran) -> None:
        self.ran, self.true = ran, calls(ran.player)
        self.lost, self.double = Counter[str](), Counter[str]()
        for row_id, call in self.true.items():
            times = ran.found[row_id]
            if times != 1:
                into = self.double if times else self.lost
                into[cause(ran.player, call, times)] += max(times - 1, 1)

    @property
    def twice(self) -> int:
        """How many reports were asked for once too often."""
        return self.ran.asked.total() - len(self.ran.asked)

    @property
    def had(self) -> list[Call]:
        """The calls as they are there, each as often as it is."""
        return [call for row_id, call in self.true.items() for _ in range(self.ran.found[row_id])]

    def told(self, event: str) -> str:
        """What an event did."""
        parts = [
            f"{count} {what}" for what, count in (("lost", self.lost[event]), ("twice", self.double[event])) if count
        ]
        if event == "answer dropped" and self.twice:
            parts.append(f"report asked {1 + self.twice}x")
        if parts and event not in self.ran.said:
            parts.append("silent")
        return ", ".join(parts)


def run() -> tuple[dict[str, Judged], dict[str, Judged]]:
    """The script's and cdr-exporter's, by vendor."""
    with tempfile.TemporaryDirectory(prefix="cdr-") as folder:
        script = scripted.run(Path(folder))
    with _quiet():
        ours = exported.run()
    return {name: Judged(one) for name, one in script.items()}, {name: Judged(one) for name, one in ours.items()}


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither log nor metrics: the tables are what is to be seen."""
    os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "cdr-exporter")
    logging.disable()
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)


def events(script: Mapping[str, Judged], ours: Mapping[str, Judged]) -> Table:
    """What each event did to whom."""
    table = Table("what went wrong", title="calls, of all that there were; one export a night")
    for name, one in script.items():
        table.add_column(f"script, {name.title()}\n{len(one.true):,} calls")
    table.add_column("cdr-exporter, both\nvendors")
    for event in EVENTS:
        told = [", ".join(filter(None, (one.told(event),))) for one in script.values()]
        own = "; ".join(filter(None, (one.told(event) for one in ours.values())))
        table.add_row(event, *(text or "-" for text in told), own or "-")
    return table


def sums(script: Mapping[str, Judged], ours: Mapping[str, Judged]) -> Table:
    """Calls, minutes and cost beside the truth."""
    table = Table("", "", title="calls, minutes and cost beside the truth")
    for heading in ("calls", "minutes", "cost", "lost", "twice", "reports asked twice"):
        table.add_column(heading, justify="right")
    for name in script:
        table.add_row(name.title(), "truth", *_sums(list(script[name].true.values())), "", "", "")
        for who, one in (("script", script[name]), ("cdr-exporter", ours[name])):
            table.add_row(
                "", who, *_sums(one.had), *(f"{count:,}" for count in (one.lost.total(), one.double.total(), one.twice))
            )
    return table


def _sums(found: list[Call]) -> tuple[str, str, str]:
    cost = sum((call.cost or Decimal() for call in found), Decimal())
    return f"{len(found):,}", f"{sum(call.duration_s for call in found) / 60:,.2f}", f"{cost:,.8f}"


def main() -> None:
    """Run both, show both."""
    console = Console(width=120)
    console.print("SIMULATED: invented calls, simulated vendors on 127.0.0.1")
    script, ours = run()
    console.print(events(script, ours))
    console.print("\n".join(f"{event}: {WHY[event]}." for event in EVENTS), highlight=False, soft_wrap=True)
    console.print(sums(script, ours))


if __name__ == "__main__":
    main()
