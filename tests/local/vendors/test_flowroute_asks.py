"""Flowroute's filters, every key of the document, held against a search by hand."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from local.calls import Call, Calls
from local.vendors.flowroute_asks import FILTERS, parse, wants
from tests.local.vendors.asking import wish

DAY = Calls(7, "filters", 900).day(date(2026, 11, 20))
ALIAS = 'The "Red" Phone'
CASES: list[tuple[str, Any, Callable[[Call], bool]]] = [
    ("number_aliases", [ALIAS], lambda call: call.number_alias == ALIAS),
    ("number_aliases_contains", ["Office"], lambda call: "Office" in call.number_alias),
    ("destination_numbers", [DAY[3].to_number], lambda call: call.to_number == DAY[3].to_number),
    ("destination_numbers", [DAY[3].to_number.lstrip("+")], lambda call: call.to_number == DAY[3].to_number),
    ("callerid_numbers", [DAY[5].from_number.lstrip("+")], lambda call: call.from_number == DAY[5].from_number),
    ("custom_x_tag", ["campaign-1", "campaign-2"], lambda call: call.custom_tag in ("campaign-1", "campaign-2")),
    ("custom_x_tags", ["campaign-3"], lambda call: call.custom_tag == "campaign-3"),
    ("caller_ip", "203.0.113.21", lambda call: call.customer_ip in ("203.0.113.21", "203.0.113.21:5060")),
    ("duration_greater_than", 60, lambda call: call.duration_s > 60),
    ("duration_less_than", 1, lambda call: call.duration_s == 0),
    ("cost_greater_than", 0.05, lambda call: (call.cost or 0) > Decimal("0.05")),
    ("cost_less_than", 0.01, lambda call: (call.cost or 0) < Decimal("0.01")),
    ("destination_countries_included", ["GB", "germany"], lambda call: call.to_country in ("GB", "DE")),
    ("destination_countries_excluded", ["US"], lambda call: call.to_country != "US"),
    ("tollfree_only", True, lambda call: call.to_number[:5] in ("+1800", "+1888", "+1877", "+1866", "+1855")),
    ("tollfree_only", False, lambda call: call in DAY),
    ("direction", "inbound", lambda call: call.direction == "inbound"),
    ("direction", "Outbound", lambda call: call.direction == "outbound"),
    ("exclude_cancelled", True, lambda call: call.sip_code != 487),
    ("exclude_cancelled", False, lambda call: call in DAY),
    ("destination_prefix", ["44", "+49"], lambda call: call.to_number.startswith(("+44", "+49"))),
    ("callerid_prefix", ["1"], lambda call: call.from_number.startswith("+1")),
]


@pytest.mark.parametrize(("name", "value", "test"), CASES, ids=[f"{name}-{i}" for i, (name, *_) in enumerate(CASES)])
def test_a_filter_keeps_what_it_says(name: str, value: Any, test: Callable[[Call], bool]) -> None:
    """No more, no less, and there is something to keep."""
    asked = parse(wish(**{name: value}))
    kept = [call.row_id for call in DAY if wants(asked, call)]
    assert kept == [call.row_id for call in DAY if test(call)] != []


def test_every_filter_is_tried() -> None:
    """A filter added without a case here fails."""
    assert {name for name, *_ in CASES} == set(FILTERS)


def test_filters_narrow_together() -> None:
    """All of them must hold; null means not given."""
    asked = parse(wish(direction="outbound", duration_greater_than=60, callerid_prefix=None))
    kept = {call.row_id for call in DAY if wants(asked, call)}
    assert kept == {call.row_id for call in DAY if call.direction == "outbound" and call.duration_s > 60}
