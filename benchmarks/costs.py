"""`python -m benchmarks.costs` writes the tables of docs/costs.md: list prices times what was counted or measured.

The counts are those that `benchmarks.scale --counts` left in counts.json, bytes and seconds those of docs/asking.md and
docs/copying.md, alarms those of infra/rings.py. A test holds the page to this.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.prices import ALTOGETHER, bill
from cli.charges import AS_OF, CHARGES, Charge, dollars
from infra.budget import budget
from infra.rings import Parts, Ring, Sum, rings
from lambdas.core.exports import parse
from lambdas.vendors import FACTS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "costs.md"
COUNTS: Mapping[str, Mapping[str, float]] = json.loads(Path(__file__).with_name("counts.json").read_text())["years"]
METRICS, STAGE_METRICS = 3, 2  # of an export; of a stage
MONTHS = 12
CALLS = 10**6
RAW, PARQUET = 115, 95  # bytes a call, windows of a day, 100,000 calls a day: docs/asking.md
PLAIN, CORE_S = 360, 15.9  # bytes a call of the vendor's text; seconds of a core for 1 GB of it: docs/copying.md
CORE, COPIER = 1769, 1024  # megabytes that give a whole core, and those of the copier
REPORTS = 3  # of a window: the first, and a re-export at a day and at a week
QUESTION = 465 * 10**6 / (33 * 100_000)  # bytes a call that `calls_daily` scans: docs/asking.md
LINES, EACH = 2, 1.0  # KB of log, and traces, of a run: assumed
ONE = """
[[export]]
name = "e"
vendor = "{0}"
start = 2026-01-01
"""


def main() -> None:
    """Write the page's tables anew."""
    PAGE.write_text(renewed(PAGE.read_text("utf-8")), "utf-8")


def renewed(page: str) -> str:
    """The page with the tables of today."""
    for name, table in tables().items():
        begin, end = f"<!-- {name}: python -m benchmarks.costs -->\n", f"<!-- end of {name} -->\n"
        page = re.sub(f"{begin}.*?{end}", lambda _, text=f"{begin}{table}{end}": text, page, flags=re.DOTALL)  # type: ignore[misc] # a lambda with a default
    return page


def tables() -> dict[str, str]:
    """The tables by their names."""
    return {"exports": exports(), "stage": stage(), "sums": sums(), "calls": calls(), "prices": prices()}


def counted(window: str) -> dict[str, float]:
    """What an export of such windows uses in a month."""
    return {name: number / MONTHS for name, number in COUNTS[window].items()}


def used(window: str) -> dict[str, float]:
    """What that costs in a month, lines and traces too."""
    bills = bill(counted(window))
    ran = sum(number for name, number in counted(window).items() if name.startswith("runs of"))
    written = dollars("log", ran * LINES / 10**6)
    more = {"logs, assumed": written, "traces, assumed": dollars("trace", ran * EACH)}
    total = bills.pop(ALTOGETHER) + sum(more.values())
    return {**bills, **more, ALTOGETHER: total}


def kept(vendor: str = "telnyx") -> dict[str, float]:
    """What an export costs a month whatever it does."""
    alarms = priced(_rings(vendor)) - priced(_rings(None))
    return {"a secret": dollars("secret"), "three metrics": dollars("metric", METRICS), "its alarms": alarms}


def standing() -> dict[str, float]:
    """What a stage costs a month whatever it does."""
    return {
        "the callbacks' secret": dollars("secret"),
        "metrics of the stage, while they are told": dollars("metric", STAGE_METRICS),
        "its alarms, the budget's among them": priced(_rings(None)),
        "a dashboard, of three that are free": 0.0,
    }


def priced(all_: Iterable[Ring]) -> float:
    """What alarms cost a month: each metric that one watches."""
    return dollars("alarm", sum(len(one.watches.metrics) if isinstance(one.watches, Sum) else 1 for one in all_))


def _rings(vendor: str | None) -> list[Ring]:
    """The alarms of a stage with one export, or with none that is active."""
    text = ONE.format(vendor) if vendor else ONE.format("telnyx") + 'state = "retired"\n'
    parts = Parts(namespace="n", requester="r", callback="c", machine="m", failures="f")
    functions = dict.fromkeys(("requester", "callback", "poller", "copier"), ("", 0))
    return [*rings(parse(text, "dev", FACTS), FACTS, parts), budget(parts, functions, 1)]


def exports() -> str:
    """An export and month, by its windows."""
    found, fixed = {window: used(window) for window in COUNTS}, kept()
    lines = [[name, *(_money(found[one][name]) for one in COUNTS)] for name in next(iter(found.values()))]
    lines[-1][0] = "**what it does**"
    lines += [[name, *([_money(price)] * len(COUNTS))] for name, price in fixed.items()]
    both = [f"**{_money(found[one][ALTOGETHER] + sum(fixed.values()))}**" for one in COUNTS]
    return _table(["an export and month", *(f"window {one}" for one in COUNTS)], [*lines, ["**altogether**", *both]])


def stage() -> str:
    """A stage and month, without an export."""
    found = standing()
    lines = [[name, _money(price)] for name, price in found.items()]
    return _table(["a stage and month", "$"], [*lines, ["**altogether**", f"**{_money(sum(found.values()))}**"]])


def sums() -> str:
    """Whole stages, by the number of their exports."""
    fixed, each = sum(standing().values()), {one: used(one)[ALTOGETHER] + sum(kept().values()) for one in COUNTS}
    lines = [[f"{number}", *(_money(fixed + number * each[one]) for one in COUNTS)] for number in (1, 3, 10, 50)]
    return _table(["exports", *(f"window {one}, $ a month" for one in COUNTS)], lines)


def calls() -> str:
    """A million calls: once, and for as long as they lie there."""
    seconds = CALLS * PLAIN / 10**9 * CORE_S / (COPIER / CORE)
    copied = REPORTS * dollars("gb_s", seconds * COPIER / 1024)
    gigabytes = {"raw": CALLS * RAW / 10**9, "calls": CALLS * PARQUET / 10**9}
    lines = [
        [f"copied {REPORTS} times, {seconds:.0f} s of the copier each", _money(copied)],
        ["`calls/`, a month", _money(dollars("standard", gigabytes["calls"]))],
        ["`raw/`, each of the first three months, at most", _money(dollars("standard", gigabytes["raw"]))],
        ["`raw/`, a month from then on", _money(dollars("instant", gigabytes["raw"]))],
        ["one question that reads them all (`calls_daily`)", _money(dollars("scan", CALLS * QUESTION / 10**12))],
        ["**a year of it, asked every day**", f"**{_money(_year(copied, gigabytes))}**"],
    ]
    return _table(["a million calls, windows of a day", "$"], lines)


def _year(copied: float, gigabytes: Mapping[str, float]) -> float:
    raw = 3 * dollars("standard", gigabytes["raw"]) + 9 * dollars("instant", gigabytes["raw"])
    asked = 365 * dollars("scan", CALLS * QUESTION / 10**12)
    return copied + MONTHS * dollars("standard", gigabytes["calls"]) + raw + asked


def prices() -> str:
    """Every price, with its page and how far it was checked."""
    of = CHARGES.values()
    lines = [[one.what, f"{one.dollars * one.many:.10g}", _for(one), _page(one.page), one.checked] for one in of]
    return f"As of {AS_OF}.\n\n" + _table(["what", "$", "for", "page", "last seen in"], lines)


def _for(one: Charge) -> str:
    return f"a million {one.unit}s" if one.many > 1 else f"a {one.unit}"


def _page(page: str) -> str:
    return f"[{page}](https://aws.amazon.com/{page}/)"


def _money(amount: float) -> str:
    return f"{amount:.2f}" if amount >= 0.1 or not amount else f"{amount:.2g}" if amount >= 0.001 else f"{amount:.1g}"


def _table(heads: list[str], lines: Iterable[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in (heads, rule, *lines))


if __name__ == "__main__":
    main()
