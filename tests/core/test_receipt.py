"""The gates before publishing at their exact limits, and a receipt that tells all and betrays nothing."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from lambdas.core.progress import Totals
from lambdas.core.receipt import Tally, disagreements, figures, receipt, warnings
from lambdas.core.rows import Published, Work
from tests.core.making import NOW, export, row


def tally(**figures: Any) -> Tally:
    sums: dict[str, Any] = {name: figures.pop(name) for name in ("cost", "duration_s", "billed_s") if name in figures}
    return Tally(rows=figures.pop("rows", 1000), sums={"cost": Decimal("100.00000000"), **sums}, **figures)


def test_a_copy_that_agrees_passes_without_a_word() -> None:
    """With the vendor's totals, and where the vendor gives none."""
    for totals in (Totals(1000, Decimal("100.00")), Totals()):
        assert disagreements(tally(), totals) == [] == warnings(tally(), totals)


@pytest.mark.parametrize("rows", [999, 1001])
def test_one_row_more_or_less_is_too_many(rows: int) -> None:
    """Both numbers are told."""
    (told,) = disagreements(tally(), Totals(rows))
    assert str(rows) in told and "1000" in told


def test_rows_that_do_not_parse_are_rows_that_came() -> None:
    """The vendor's count is held against both together."""
    assert disagreements(tally(rows=9999, rejected=1), Totals(10_000)) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "passes"),
    [
        ("100.10000000", "100.00", True),  # exactly 0.1 %
        ("100.11000000", "100.00", False),
        ("1.01000000", "1.00", True),  # exactly a cent, which is more than 0.1 %
        ("1.01100000", "1.000", False),
        ("0.99000000", "1.00", True),
        ("0.98900000", "1.000", False),
        ("-1.00000000", "1.00", False),
        ("0.00000000", "0.00", True),
    ],
)
def test_money_may_differ_by_a_cent_or_a_thousandth(ours: str, theirs: str, passes: bool) -> None:
    """Whichever is more; below the limit it is a warning."""
    cost, totals = Decimal(ours), Totals(cost=Decimal(theirs))
    assert (disagreements(tally(cost=cost), totals) == []) is passes
    assert (warnings(tally(cost=cost), totals) == []) is (cost == Decimal(theirs))


def test_money_is_compared_at_the_vendor_s_own_precision() -> None:
    """What they round away is no difference."""
    assert warnings(tally(cost=Decimal("1.23456789")), Totals(cost=Decimal("1.23"))) == []
    assert warnings(tally(cost=Decimal("1.23456789")), Totals(cost=Decimal("1.2345678")))


@pytest.mark.parametrize(("rejected", "passes"), [(1, True), (2, False)])
def test_a_thousandth_of_the_rows_may_not_parse(rejected: int, passes: bool) -> None:
    """Exactly that share passes with a warning."""
    found = tally(rows=1000 - rejected, rejected=rejected)
    assert (disagreements(found, Totals()) == []) is passes
    assert warnings(found, Totals())


@pytest.mark.parametrize(
    ("outside", "passes", "warns"), [(1, True, False), (2, True, True), (10, True, True), (11, False, True)]
)
def test_strays_warn_from_a_thousandth_and_stop_from_a_hundredth(outside: int, passes: bool, warns: bool) -> None:
    """Rows none of whose times lies in the window."""
    found = tally(outside=outside)
    assert (disagreements(found, Totals()) == []) is passes
    assert bool(warnings(found, Totals())) is warns


def test_a_report_without_calls_passes() -> None:
    """No rows and no cost are a success."""
    assert disagreements(Tally(), Totals(0, Decimal("0.00000000"))) == []


def test_a_receipt_tells_what_was_asked_got_and_counted() -> None:
    """As JSON; the filters by their names and fingerprint alone, for they may hold numbers."""
    made = export('filters = [{ filter_type = "and", cli = "+12065550123", cli_filter = "contains" }]')
    copied = row(
        Work.COPYING, tag="cdr1.x", report_id="7", fingerprint="0a1b2c3d", fields={"cli": "+12065550123"}, asked_at=NOW
    )
    text = json.dumps(
        receipt(
            copied,
            made,
            tally(unparsed={"Cost": 2}),
            Totals(1000, Decimal("100.00")),
            NOW,
            checked=False,
            narrowed=("filters",),
        )
    )
    told = json.loads(text)
    assert (told["rows"], told["cost"], told["vendor_rows"], told["vendor_cost"]) == (
        1000,
        "100.00000000",
        1000,
        "100.00",
    )
    assert (told["narrowed"], told["fingerprint"], told["checked"]) == (["filters"], "0a1b2c3d", False)
    assert told["complete_for"] == "this filter: filters"
    assert told["warnings"] == ["values that did not parse are in `extra`: Cost"]
    assert "5550123" not in text


def test_a_later_revision_tells_the_difference() -> None:
    """In rows, seconds and cost."""
    before = Published(0, "d", "k", "e", "r", (), 990, NOW, figures(tally(rows=990, cost=Decimal("99.5")), Totals()))
    now = tally(duration_s=60)
    told = receipt(replace(row(Work.COPYING), published=before), export(), now, Totals(), NOW, narrowed=())
    assert {name: Decimal(value) for name, value in told["changed"].items()} == {
        "rows": 10,
        "duration_s": 60,
        "cost": Decimal("0.5"),
    }
    assert (told["complete_for"], told["narrowed"]) == ("all calls", [])
    assert receipt(row(Work.COPYING), export(), now, Totals(), NOW, narrowed=())["changed"] is None
    assert figures(now, Totals(5, Decimal(1)))["vendor_rows"] == "5"


def test_an_empty_file_does_not_replace_calls_that_were_there() -> None:
    """Unless the vendor's own count says so."""
    before = Published(0, "d", "k", "e", "r", (), 990, NOW)
    (told,) = disagreements(Tally(), Totals(), before)
    assert "990 rows are published" in told
    assert disagreements(Tally(), Totals(0), before) == []
    assert disagreements(Tally(), Totals(), replace(before, rows=0)) == []
    assert disagreements(tally(), Totals(), before) == []
