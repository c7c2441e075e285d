"""Simulated vendors with two habits of their own: one calls back before it answers, one gives very large files."""

import base64
import csv
import gzip
import io
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from random import Random

from local.vendors.flowroute import Flowroute
from local.vendors.flowroute_asks import Asked
from local.vendors.flowroute_file import Export
from local.vendors.frame import Report
from local.vendors.pack import reading

ANSWERED = 200
PATIENCE_S = 8.0  # the callback may be the first request that its function gets
# More rows than a group of the Parquet file has, twice: so a part of it is in S3 when the file ends in its middle.
ROWS = 70_000
MARK = "IDENTITY"
BLOB = 160  # bytes that do not compress, in each row: a group is larger than a part of an upload


class Hasty(Flowroute):
    """Calls back while its answer to the request is still on its way: the callback comes before there is a token."""

    def _announce(self, report: Report[Asked, Export]) -> None:
        super()._announce(report)
        until = time.monotonic() + PATIENCE_S
        while report.asked.callback_url and time.monotonic() < until and not self._heard(report.id):
            time.sleep(0.02)

    def _heard(self, id: str) -> bool:
        return any(one.export == id and one.status == ANSWERED for one in self.callbacks)


class Wide(Flowroute):
    """Each file has the account's calls over and over, with a column that nobody knows and nothing compresses."""

    def _make(self, build: Callable[[datetime], Export], ready: datetime, struck: Mapping[str, float]) -> Export:
        return super()._make(lambda at: _widened(build(at)), ready, struck)


def _widened(made: Export) -> Export:
    """`ROWS` rows in all, each under an identity of its own; the totals that are told stay those of the few."""
    with reading(made.file) as old:
        head, *rows = csv.reader(old)
    place, text = head.index("cdr_id"), io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[*row[:place], MARK, *row[place + 1 :]] for row in rows])
    halves = [line.split(MARK) for line in text.getvalue().splitlines()]
    with gzip.open(made.file, "wt", compresslevel=1, encoding="utf-8", newline="") as out:
        out.write(f"{','.join(head)},blob\n")
        for number, blob in enumerate(_blobs()):
            before, after = halves[number % len(halves)]
            out.write(f"{before}{number:012d}{after},{blob}\n")
    return made


@cache
def _blobs() -> list[str]:
    draw = Random(0)
    return [base64.b85encode(draw.randbytes(BLOB)).decode() for _ in range(ROWS)]
