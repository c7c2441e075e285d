"""`python -m local.schema` writes docs/schema.md from the list of columns and the vendors' files."""

from collections.abc import Iterator
from pathlib import Path

from lambdas.core.columns import COLUMNS, PARTITIONS, Column
from lambdas.core.mapping import Columns, Party
from lambdas.vendors import VENDORS

FILE = Path(__file__).resolve().parent.parent / "docs" / "schema.md"
HEAD = """# The columns of `calls` and `calls_all`

Written by `python -m local.schema` from `lambdas/core/columns.py` and the vendors' files; a test keeps it true.

`calls_all` holds every row of every window; the view `calls` holds each call once: its rows that are not `boundary`,
and of the boundary rows one per `row_id`. Ask `calls`; filter on `dt` (the UTC date of the window a row was exported
for) to scan less. `dt` is a call's own date except near midnight, where a vendor may select by another time than the
call's start: filter a day too wide and then by `started_at`. A row is a leg; legs of one call share `call_id`.

Headings are compared without case and punctuation: `Start Timestamp(UTC)` is `start timestamp utc`. A value without
a column, and one that does not parse, is in `extra` under the vendor's own heading.

"""
TAIL = """
## What the vendors mean
- **Duration**: Telnyx `Call duration`, Flowroute `duration`, DIDWW `Duration (sec)` and `Call Duration (sec)` are whole
  seconds, as the vendor counts them; whether ringing is included no document says. `billed_s` is what is charged for;
  DIDWW tells it of outbound calls alone.
- **Answered**: Telnyx and DIDWW when the row has an answer time; Flowroute when `result` is `completed` with SIP code
  200.
- **Cost**: null is not zero: the vendor has not priced the call yet. Flowroute's and DIDWW's are in USD by their
  documents (DIDWW: `Total (USD)` inbound, `Charged (USD)` outbound); Telnyx does not say, so `currency` is null unless
  `currency` is set on the export.
- **Times**: UTC. Where the vendor writes no zone, UTC is assumed, and the receipt says so (`assumed_zone`). Where
  Telnyx gives the start both in UTC and in another zone, their difference shifts answer and end.
- **Numbers**: E.164 only where the world's numbering plans allow them in that form (Google's `phonenumbers`); else
  they are in `from_raw`, `to_raw` alone. Countries and `toll_free` come from the number; country names that a vendor
  gives are in `extra`.
"""


def text() -> str:
    """The whole file."""
    heads = ["column", "type", "meaning", *(f"`{name}`" for name in VENDORS)]
    table = [_row(heads), "|---" * len(heads) + "|", *(_line(column) for column in (*COLUMNS, *PARTITIONS))]
    return HEAD + "\n".join(table) + "\n" + TAIL


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _line(column: Column) -> str:
    sources = [_from(one.columns, column.name) for one in VENDORS.values()]
    return _row([f"`{column.name}`", column.athena, column.doc, *sources])


def _from(columns: Columns, name: str) -> str:
    if any(name in told for told in columns.by_source.values()):
        return "the report's source"
    return ", ".join(f"`{heading}`" for heading in headings(columns, name))


def headings(columns: Columns, name: str) -> Iterator[str]:
    """The vendor's headings that a column comes from."""
    if name in columns.fields:
        yield from columns.fields[name].headings
    parties: dict[str, Party] = {"from": columns.caller, "to": columns.callee}
    end, _, kind = name.partition("_")
    if end in parties and kind in ("number", "raw"):
        yield from parties[end].headings
    if name in ("q850_cause", "sip_code") and columns.cause_code:
        yield columns.cause_code


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
