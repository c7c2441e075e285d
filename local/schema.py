"""`python -m local.schema` writes docs/schema.md from the lists of columns, the questions and the vendors' files."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.answers import VIEWS
from infra.places import TABLES
from infra.questions import QUESTIONS, Question
from lambdas.core.columns import COLUMNS, PARTITIONS, Column
from lambdas.core.mapping import Columns, Party
from lambdas.vendors import FACTS, VENDORS

FILE = Path(__file__).resolve().parent.parent / "docs" / "schema.md"
HEAD = """# What can be asked in Athena

Written by `python -m local.schema` from the lists of columns (`lambdas/core/columns.py`, `lambdas/core/proofs.py`,
`infra/answers.py`), the questions (`infra/sql/`) and the vendors' files; a test keeps it true.

`cdk deploy` makes every table, view and saved question; no crawler, no DDL. The partitions of the tables are projected
from their names. There is no table over the vendors' own files, whose columns vary, and in which a revision would count
twice: `cdr raw` fetches one as it came.

"""
CALLS = """
## `calls` and `calls_all`
`calls_all` holds every row of every window; the view `calls` holds each call once: its rows that are not `boundary`,
and of the boundary rows one per `row_id`. Ask `calls`; filter on `dt` (the UTC date of the window a row was exported
for) to scan less: [asking.md](asking.md). `dt` is a call's own date except near midnight, where a vendor may select by
another time than the call's start: filter a day too wide and then by `started_at`, or ask a view by its `day`, which
does so by itself. A row is a leg; legs of one call share `call_id`.

Headings are compared without case and punctuation: `Start Timestamp(UTC)` is `start timestamp utc`. A value without
a column, and one that does not parse, is in `extra` under the vendor's own heading. A column that a vendor adds
tomorrow is there as well: `new_headings` tells of it, a line for each. New columns of ours are added at the end; a file
from before has nulls there.

"""
MEANING = """
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

## How it is counted
- **Calls** are attempts: distinct `call_id`, and each row that has none. Legs of a forked call are one; where they
  differ in what is grouped by (a country, an hour), the call counts in each group.
  Legs that began on two days, of one call over midnight, are told on both, as two calls.
- **ASR** = answered / calls. **NER** = (answered + busy + no answer + rejected by the called party) / calls. Both are
  null where calls were chosen by how they ended, since a share of those says nothing. Fields that choose so:
  {outcome}.
- **ACD** = seconds of answered calls / answered calls.
- **Money** is grouped by `currency`; calls without a cost yet are told beside each sum, as `unpriced`.
- **Days, hours and months** are of a time zone: the views' is the stack's (`-c timezone=`, UTC by default), `cdr query`
  takes any (`--timezone`). A call belongs to the day it began on; one that began more than two days before its window's
  date, or of which the vendor gives no start, counts on the nearest day. `coverage` and the vendor's totals go by the
  UTC date of the windows.
- **Vendor's totals** are compared window by window, with all rows of the window, on an edge or not, as the vendor
  counts.

## The views
A filter on `day` spares the other dates of `calls_all` where the engine prunes partitions by a join (Trino's dynamic
filtering; on Athena not tried). `cdr query` asks the same with fixed dates, which every engine prunes by.
"""
SAVED = """
## The saved questions
In the workgroup, about the last 30 days; `cdr query NAME` asks them about any days, exports and time zone.

"""
PROOFS = """
## `{name}`
{doc}. Times are {times}, money is text: `CAST(cost AS decimal(38,8))`.

"""
TIMES = {"receipts": "ISO 8601 texts (`from_iso8601_timestamp(copied_at)`)", "windows": "UTC"}


def text() -> str:
    """The whole file."""
    outcome = "; ".join(f"{facts.name} {_names(facts.by_outcome)}" for facts in FACTS.values() if facts.by_outcome)
    parts = [HEAD, *_places(), CALLS, *_calls(), MEANING.format(outcome=outcome)]
    for name, columns in VIEWS.items():
        parts += [f"\n### `{name}`\n{QUESTIONS[name].asks}\n\n", *_listed(columns)]
    parts += [SAVED, *_table(["name", "asks", "numbers"], map(_saved, QUESTIONS.values()))]
    for table in TABLES[1:]:
        parts += [PROOFS.format(name=table.name, doc=table.doc, times=TIMES[table.name])]
        parts += _listed((*table.columns, *table.partitions))
    return "".join(parts)


def _places() -> Iterator[str]:
    """Every table and view in a line."""
    tables = [[f"`{one.name}`", one.doc, ", ".join(f"`{part.name}`" for part in one.partitions)] for one in TABLES]
    views = [["`calls`", "Each call once", "as `calls_all`"]]
    views += [[f"`{name}`", QUESTIONS[name].asks, ""] for name in VIEWS]
    return _table(["table or view", "holds, or answers", "partitions"], [*tables, *views])


def _calls() -> Iterator[str]:
    """The columns of `calls`, with the vendors' headings."""
    heads = ["column", "type", "meaning", *(f"`{name}`" for name in VENDORS)]
    return _table(heads, map(_line, (*COLUMNS, *PARTITIONS)))


def _listed(columns: Iterable[Column]) -> Iterator[str]:
    return _table(["column", "type", "meaning"], ([f"`{one.name}`", one.athena, one.doc] for one in columns))


def _saved(question: Question) -> list[str]:
    values = ", ".join(f"`{name}` = {value}" for name, value in question.values.items())
    return [f"`{question.name}`{' (view)' if question.is_view else ''}", question.asks, values]


def _table(heads: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"{_row(heads)}\n{'|---' * len(heads)}|\n"
    yield from (f"{_row(row)}\n" for row in rows)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _line(column: Column) -> list[str]:
    sources = [_from(one.columns, column.name) for one in VENDORS.values()]
    return [f"`{column.name}`", column.athena, column.doc, *sources]


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
