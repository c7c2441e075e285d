"""What a copy found, and the two things that follow from it: the checks before publishing, and the receipt."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.headings import counts, few
from lambdas.core.progress import Totals
from lambdas.core.rows import Published, Row

CENT = Decimal("0.01")
SHARE = Decimal("0.001")  # of money that may differ, and of rows that may not parse
MINUTES = "billed_minutes"  # of a vendor's total: our seconds, divided
STRAY = Decimal("0.01")  # of rows that may have no time at all in the window; a tenth of it is worth a warning


@dataclass
class Tally:
    """The figures of one copy; money is exact, seconds are whole, unpriced calls are counted apart."""

    rows: int = 0
    sums: dict[str, Any] = field(default_factory=dict)  # of each column that adds up
    unpriced: int = 0
    outside: int = 0
    boundary: int = 0
    rejected: int = 0
    swallowed: int = 0  # line ends within rows that do not parse: each may have been the end of one
    repeated: int = 0  # rows left out: the vendor's identity came before
    headers: int = 0  # header lines met again
    received: int = 0  # bytes that came
    size: int = 0  # bytes of text
    digest: str = ""  # SHA-256 of the text
    arrived: list[str] = field(default_factory=list)  # SHA-256 of each file as it came
    forms: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)  # what each text was read as
    headings: str = ""  # a fingerprint of the files' headings in their order
    unparsed: dict[str, int] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)  # headings without a column
    withheld: dict[str, int] = field(default_factory=dict)  # values of such headings that privacy left out
    assumed: list[str] = field(default_factory=list)  # columns whose times were read as UTC, though no zone was given
    odd: dict[str, int] = field(default_factory=dict)  # rows that contradict themselves, by what
    nulls: dict[str, int] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, Any]:
        """All of it, for the note of a quarantine, which stays small whatever the file says."""
        maps = {name: counts(getattr(self, name)) for name in ("unparsed", "withheld")}
        return {**vars(self), **maps, "unknown": few(self.unknown)}

    @property
    def duration_s(self) -> int:
        """Seconds of all calls."""
        return int(self.sums.get("duration_s", 0))

    @property
    def billed_s(self) -> int:
        """Seconds charged for."""
        return int(self.sums.get("billed_s", 0))

    @property
    def cost(self) -> Decimal:
        """What all calls cost."""
        return Decimal(self.sums.get("cost", 0))

    @property
    def parsed(self) -> int:
        """The rows of the file."""
        return self.rows + self.rejected + self.repeated


def disagreements(tally: Tally, totals: Totals, before: Published | None = None) -> list[str]:
    """Why the copy must not be published: each reason with both numbers."""
    found = []
    if before is not None and before.rows and not tally.rows and totals.rows is None:
        found.append(f"{before.rows} rows are published, the new file has none")
    if totals.rows is not None and totals.rows != tally.parsed:
        found.append(f"the vendor counts {totals.rows} rows, the file has {tally.parsed}")
    if totals.cost is not None and _apart(tally.cost, totals.cost) > max(CENT, abs(totals.cost) * SHARE):
        found.append(f"the vendor's cost is {totals.cost}, the file's {tally.cost}")
    if tally.rejected + tally.swallowed > tally.parsed * SHARE:
        lines = f", and hold {tally.swallowed} line ends" if tally.swallowed else ""
        found.append(f"{tally.rejected} of {tally.parsed} rows do not parse{lines}")
    if tally.outside > tally.rows * STRAY:
        found.append(f"{tally.outside} of {tally.rows} rows have no time in the window")
    return found


def warnings(tally: Tally, totals: Totals) -> list[str]:
    """What is odd, yet no reason to keep the calls back."""
    found = [f"the vendor's {name} is {theirs}, the file's {ours}" for name, ours, theirs in _compared(tally, totals)]
    counted = (
        (tally.rejected, "rows do not parse; they are kept in the quarantine, in the object `rejects` names"),
        (tally.repeated, "rows have an identity that came before; they count once"),
        (tally.headers, "header lines stand between the rows"),
        *((count, what) for what, count in sorted(tally.odd.items())),
    )
    found += [f"{count} {what}" for count, what in counted if count]
    if tally.outside > tally.rows * STRAY / 10:
        found.append(f"{tally.outside} of {tally.rows} rows have no time in the window")
    if odd := sorted({one for one in tally.letters if one != "utf-8"}):
        found.append(f"the text is not all UTF-8; it was read as {', '.join(odd)}")
    where = "withheld" if tally.withheld else "in `extra`"
    if tally.unknown:
        found.append(f"headings that nobody knows are {where}: {', '.join(few(tally.unknown))}")
    if tally.unparsed:
        found.append(f"values that did not parse are {where}: {', '.join(few(tally.unparsed))}")
    return found


def _compared(tally: Tally, totals: Totals) -> Iterator[tuple[str, Any, Decimal]]:
    """Every total that the vendor gives and that differs from ours."""
    ours = {**tally.sums, MINUTES: Decimal(tally.billed_s) / 60}
    given = {**totals.sums, **({} if totals.cost is None else {"cost": totals.cost})}
    for name, theirs in given.items():
        if name in ours and _apart(Decimal(ours[name]), theirs):
            yield name, ours[name], theirs


def _apart(ours: Decimal, theirs: Decimal) -> Decimal:
    """The difference at the vendor's own number of decimals."""
    with localcontext(prec=60):
        return abs(ours.quantize(Decimal(1).scaleb(int(theirs.as_tuple().exponent))) - theirs)


def narrowed(fields: Mapping[str, Any], export: Export, facts: Facts) -> tuple[str, ...]:
    """The fields of a request that left calls of the account out; their values may be phone numbers and stay here."""
    every = facts.sources({}, export.api)
    some = (facts.source_option,) if set(export.sources) < set(every) else ()
    return tuple(sorted({*some, *facts.narrows(fields)}))


def complete_for(narrowed: Collection[str]) -> str:
    """What a copy holds all of: so that nobody takes a filtered export for a full one."""
    return f"this filter: {', '.join(narrowed)}" if narrowed else "all calls"


def receipt(
    row: Row, export: Export, tally: Tally, totals: Totals, now: datetime, *, narrowed: Collection[str], **kept: Any
) -> dict[str, Any]:
    """The receipt of one revision; phone numbers that filters may hold are told by their fingerprint alone."""
    window, before = row.window, row.published
    return {
        "export": row.export,
        "vendor": export.vendor,
        "window": {"start": window.start.isoformat(), "end": window.end.isoformat(), "source": window.source},
        "revision": row.revision,
        "attempt": row.attempt,
        "run": row.run,
        "tag": row.tag,
        "report_id": row.report_id,
        "fingerprint": row.fingerprint,
        "complete_for": complete_for(narrowed),
        "narrowed": list(narrowed),
        "asked_at": row.asked_at.isoformat() if row.asked_at else None,
        "copied_at": now.isoformat(),
        "rows": tally.rows,
        "rows_read": tally.parsed,
        "rejected": tally.rejected,
        "repeated": tally.repeated,
        "headers": tally.headers,
        "outside": tally.outside,
        "boundary": tally.boundary,
        "duration_s": tally.duration_s,
        "billed_s": tally.billed_s,
        "cost": str(tally.cost),
        "sums": {name: str(value) for name, value in tally.sums.items()},
        "unpriced": tally.unpriced,
        "odd": tally.odd,
        "vendor_rows": totals.rows,
        "vendor_cost": None if totals.cost is None else str(totals.cost),
        "vendor_sums": {name: str(value) for name, value in totals.sums.items()},
        "bytes_received": tally.received,
        "bytes_text": tally.size,
        "sha256_text": tally.digest,
        "sha256_files": tally.arrived,
        "forms": tally.forms,
        "letters": tally.letters,
        "headings": tally.headings,
        "assumed_zone": dict.fromkeys(tally.assumed, "UTC"),
        "unparsed": counts(tally.unparsed),
        "unknown_headings": few(tally.unknown),
        "withheld": counts(tally.withheld),
        "nulls": tally.nulls,
        "warnings": warnings(tally, totals),
        "looks": row.looks,
        "transitions": row.steps,
        "changed": _change(tally, before.totals) if before else None,
        "act": None,
        **kept,
    }


def figures(tally: Tally, totals: Totals) -> dict[str, str]:
    """What the ledger keeps of a published copy: to tell the next revision's difference, and the vendor's totals."""
    ours = {"rows": str(tally.rows), "duration_s": str(tally.duration_s), "cost": str(tally.cost)}
    theirs = {"vendor_rows": totals.rows, "vendor_cost": totals.cost}
    return ours | {name: str(value) for name, value in theirs.items() if value is not None}


def _change(tally: Tally, before: Any) -> dict[str, str]:
    now = figures(tally, Totals())
    return {name: str(Decimal(now[name]) - Decimal(before.get(name, "0"))) for name in now}
