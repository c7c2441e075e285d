"""The figures of a copy, block by block: what adds up, what is missing, and which rows contradict themselves."""

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.core.columns import COLUMNS, MONEY
from lambdas.core.receipt import Tally
from lambdas.stream.place import count, disordered, true

PRICES = ("rate",)  # money that does not add up
SUMMED = ("duration_s", "billed_s", *(c.name for c in COLUMNS if c.athena == MONEY and c.name not in PRICES))
TERMS = ("rate", "billed_s", "cost", "fees", "cost_subtotal")
DIGIT = 1.1e-8  # the last digit of a cost, which a vendor may round either way


def add(tally: Tally, block: pa.RecordBatch, outside: int) -> None:
    """Count a block of `calls_all`."""
    tally.rows += block.num_rows
    tally.outside += outside
    tally.boundary += count(block.column("boundary"))
    tally.unpriced += block.column("cost").null_count
    for name in SUMMED:
        if (amount := pc.sum(block.column(name)).as_py()) is not None:
            tally.sums[name] = tally.sums.get(name, 0) + amount
    for name in block.schema.names:
        if nulls := block.column(name).null_count:
            tally.nulls[name] = tally.nulls.get(name, 0) + nulls
    for what, rows in (("rows have their times out of order", disordered(block)), *_sums(block)):
        if rows:
            tally.odd[what] = tally.odd.get(what, 0) + rows


def _sums(block: pa.RecordBatch) -> list[tuple[str, int]]:
    """Each row's own arithmetic, where the file has all of its terms (shared/vendors.md)."""
    rate, billed, cost, fees, before = (block.column(name) for name in TERMS)
    if before.null_count == len(before) or fees.null_count == len(fees):
        return []
    # In floating point, for it is a check with a tolerance, and no product can be too large for it.
    expected = pc.divide(pc.multiply(rate.cast(pa.float64()), billed.cast(pa.float64())), 60.0)
    apart = pc.abs(pc.subtract(expected, before.cast(pa.float64())))
    return [
        ("rows cost another subtotal than rate and time make", count(true(pc.greater(apart, DIGIT)))),
        ("rows cost another sum than subtotal and fees make", count(true(pc.not_equal(pc.add(before, fees), cost)))),
    ]
