"""Telnyx's filters, held against a search by hand."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from local.calls import Call, Calls
from local.vendors.http import Refusal
from local.vendors.telnyx_asks import parse, wants
from tests.local.vendors.asking import ALL

CALLS = Calls(7, "filters", 600)
DAY = CALLS.day(date(2026, 11, 20))
NOW = datetime(2026, 11, 23, tzinfo=UTC)
LINE = CALLS.holder.lines[0]
TAGGED = next(call for call in DAY if call.source == "calls" and call.tags and "1" in call.to_number)


def chosen(v2: bool = False, **more: Any) -> set[str]:
    asked = parse({**ALL, **more}, NOW, "latest", v2)
    return {call.row_id for call in DAY if wants(asked, call)}


def searched(test: Callable[[Call], bool]) -> set[str]:
    found = {call.row_id for call in DAY if call.source == "calls" and test(call)}
    assert found, "the day must have such calls, or the test shows nothing"
    return found


def criterion(kind: str, **more: Any) -> dict[str, Any]:
    return {"filter_type": kind, **more}


@pytest.mark.parametrize("plus", ["", "+"])
def test_numbers_are_matched_with_or_without_their_plus(plus: str) -> None:
    """The beginning, the end and the middle of either end of the call."""
    starts = criterion("and", cli=f"{plus}1", cli_filter="starts_with")
    assert chosen(filters=[starts]) == searched(lambda call: call.from_number.startswith("+1"))
    ends = criterion("and", cld="7", cld_filter="ends_with")
    assert chosen(filters=[ends]) == searched(lambda call: call.to_number.endswith("7"))
    holds = criterion("and", cld="55", cld_filter="contains")
    assert chosen(filters=[holds]) == searched(lambda call: "55" in call.to_number)


def test_tags_match_any_of_the_list() -> None:
    """A call with one of the tags is enough."""
    tags = criterion("and", tags_list=["vip", "outbound"])
    assert chosen(filters=[tags]) == searched(lambda call: bool({"vip", "outbound"} & set(call.tags)))


def test_v2_takes_one_tag_and_a_billing_group() -> None:
    """Each alone; a list of tags as V1 has it, too."""
    one = criterion("and", tags_list="vip")
    assert chosen(True, filters=[one]) == searched(lambda call: "vip" in call.tags)
    assert chosen(True, filters=[{**one, "tags_list": ["vip"]}]) == chosen(True, filters=[one])
    group = criterion("and", billing_group=LINE.billing_group_id)
    assert chosen(True, filters=[group]) == searched(lambda call: call.billing_group_id == LINE.billing_group_id)


def test_an_object_of_v2_may_say_several_things() -> None:
    """As the public page's example does: then a call must have all of them."""
    tag = TAGGED.tags[0]
    ends = {"cli": TAGGED.from_number[:3], "cli_filter": "starts_with", "cld": "1", "cld_filter": "contains"}
    both = criterion("and", **ends, tags_list=tag, billing_group=TAGGED.billing_group_id)
    assert chosen(True, filters=[both]) == searched(
        lambda call: (
            call.from_number.startswith(TAGGED.from_number[:3])
            and "1" in call.to_number
            and tag in call.tags
            and call.billing_group_id == TAGGED.billing_group_id
        )
    )


@pytest.mark.parametrize(
    ("item", "v2"),
    [
        ({"cli": "1", "cli_filter": "contains", "tags_list": ["vip"]}, False),
        ({"billing_group": "a-uuid"}, False),
        ({"tags_list": "vip"}, False),
        ({"cli": "1"}, True),
        ({"cli_filter": "contains"}, True),
        ({"cli": "1", "cli_filter": ["contains"]}, True),
        ({"tags_list": "vip", "color": "red"}, True),
        ({"billing_group": 1}, True),
        ({"tags_list": [1]}, True),
        ({}, True),
    ],
)
def test_an_object_that_is_half_or_unknown_is_refused(item: dict[str, Any], v2: bool) -> None:
    """The number of the object is told."""
    with pytest.raises(Refusal, match=r"filters\[0\]"):
        chosen(v2, filters=[{"filter_type": "and", **item}])


def test_ands_come_before_ors() -> None:
    """(a and b) or c, which is all that the rule on their order leaves."""
    a = criterion("and", cli="1", cli_filter="starts_with")
    b = criterion("and", tags_list=["sales"])
    c = criterion("or", cld="44", cld_filter="starts_with")

    def either(call: Call) -> bool:
        both = call.from_number.startswith("+1") and "sales" in call.tags
        return both or call.to_number.startswith("+44")

    assert chosen(filters=[a, b, c]) == searched(either)


def test_connections_types_and_sources_narrow() -> None:
    """Each on its own, also a connection given as an integer."""
    own = LINE.connection_id
    assert chosen(connections=[own]) == searched(lambda call: call.connection_id == own)
    assert chosen(connections=[int(own)]) == chosen(connections=[own])
    assert chosen(call_types=[2]) == searched(lambda call: call.direction == "outbound")
    for kind in (1, 2, 3):
        assert chosen(record_types=[kind]) == {
            call.row_id for call in DAY if call.source == "calls" and call.record_type == kind
        }
    assert chosen(source="call-control") == {call.row_id for call in DAY if call.source == "call-control"}
    assert chosen(source="call-control") | chosen() == {call.row_id for call in DAY}
