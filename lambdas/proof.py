"""The proof of coverage in S3: what the ledger says of each month, written before a row may forget that it is news."""

from collections.abc import Collection, Iterable
from contextlib import suppress

from lambdas.aws.lake import Fenced
from lambdas.aws.ledger import Raced
from lambdas.core import keys
from lambdas.core.entries import document
from lambdas.core.errors import Problem, TryAgain
from lambdas.core.rows import Row, entered
from lambdas.core.windows import months
from lambdas.logs import trouble
from lambdas.rooms import Rooms

TRIES = 3


def enter(at: Rooms, export: str, sources: Collection[str], rows: Iterable[Row]) -> None:
    """Write the months of these rows; then those that are news are so no more.

    A row is due until this was done: who dies in between leaves it to the next tick.
    """
    rows = list(rows)
    for month in sorted({row.window.month for row in rows}):
        try:
            _write(at, export, sources, month)
        except Problem as problem:  # the other months do not wait for it
            trouble(problem, export=export, month=month)
            continue
        for row in rows:
            if row.news and row.window.month == month:
                with suppress(Raced):  # it has moved on: the next tick reads it again
                    at.ledger.apply(row, entered(row))


def _write(at: Rooms, export: str, sources: Collection[str], month: str) -> None:
    """The ETag first, the rows second: who replaced the object in between may have read newer rows than we."""
    key, (since, until) = keys.coverage(export, month), months(month)
    for _ in range(TRIES):
        there = at.lake.etag(key)
        rows = [row for source in sources for row in at.ledger.between(export, source, since, until)]
        with suppress(Fenced):
            at.lake.replace(key, document(rows), "application/gzip", fence=there[0] if there else None)
            return
    raise TryAgain("the proof of coverage is being written by another tick")
