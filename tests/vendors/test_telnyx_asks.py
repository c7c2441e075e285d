"""The rules of Telnyx's filters, as the vendor's document states them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.vendors.telnyx_asks import rules
from tests.core.making import always

CLI = {"cli": "+1206", "cli_filter": "starts_with"}


def one(kind: str, **more: Any) -> dict[str, Any]:
    return {"filter_type": kind, **(more or CLI)}


@always
@given(st.lists(st.sampled_from(["and", "or"]), min_size=1, max_size=8))
def test_the_first_is_an_and_and_no_and_follows_an_or(kinds: list[str]) -> None:
    """Any other order of any length is right."""
    allowed = not kinds or (kinds[0] == "and" and "or,and" not in ",".join(kinds))
    assert (rules([one(kind) for kind in kinds]) == []) is allowed


def test_a_wrong_order_is_told_with_the_object() -> None:
    """Counted from one, as people do."""
    assert rules([one("or")]) == ["object 1: the first object's filter_type must be 'and'"]
    assert rules([one("and"), one("or"), one("and")]) == ["object 3: an 'and' may not follow an 'or'"]


@pytest.mark.parametrize("match", ["contains", "starts_with", "ends_with"])
@pytest.mark.parametrize("end", ["cli", "cld"])
def test_either_end_matches_in_three_ways(end: str, match: str) -> None:
    """A part of a number and how it is compared."""
    assert rules([one("and", **{end: "206", f"{end}_filter": match})]) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("and", "a list of tables"),
        (["and"], "object 1: a table is wanted"),
        ([one("xor")], "filter_type is 'and' or 'or'"),
        ([{**CLI}], "filter_type is 'and' or 'or'"),
        ([], "a list of tables"),
        ([one("and", cli="+1206")], "cli_filter is missing beside cli"),
        ([one("and", **CLI, colour="red")], "colour is not known; beside filter_type it has cli and cli_filter"),
        ([one("and", **CLI, cld="49", cld_filter="contains")], "cli and cld need an object each"),
        ([{"filter_type": "and"}], "nothing is asked for"),
        ([one("and", cli="  ", cli_filter="contains")], "cli is a text, not empty"),
        ([one("and", cli="+1206", cli_filter="is")], "cli_filter is one of"),
        ([one("and", cli="", cli_filter="contains")], "cli is a text, not empty"),
        ([one("and", cld=206, cld_filter="contains")], "cld is a text, not empty"),
        ([one("and", **CLI, tags_list=["a"])], "or tags_list"),
        ([one("and", tags_list=[])], "tags_list is a list of texts"),
        ([one("and", tags_list="vip")], "tags_list is a list of texts"),
        ([one("and"), one("or", billing_group="x")], "object 2: "),
    ],
)
def test_a_wrong_object_is_told_with_the_rule(wrong: Any, said: str) -> None:
    """Which object, and what it should be."""
    assert any(said in told for told in rules(wrong))


@pytest.mark.parametrize(
    ("more", "older", "newer"),
    [
        (CLI, True, True),
        ({"tags_list": ["vip"]}, True, False),
        ({"tags_list": "vip"}, False, True),
        ({"billing_group": "a-uuid"}, False, True),
        ({**CLI, "cld": "49", "cld_filter": "contains", "tags_list": "vip", "billing_group": "a-uuid"}, False, True),
        ({"colour": "red"}, False, False),
        ({**CLI, "colour": "red"}, False, False),
        ({"cli_filter": "contains"}, False, False),
        ({"billing_group": ""}, False, False),
    ],
)
def test_each_api_has_its_own_shapes(more: dict[str, Any], older: bool, newer: bool) -> None:
    """V2 has a billing group, one tag without a list, and several criteria in one object."""
    assert (rules([one("and", **more)]) == []) is older
    assert (rules([one("and", **more)], newer=True) == []) is newer


def test_v2_s_own_shapes_have_rules_too() -> None:
    """The message names the object and the rule."""
    assert rules([one("and", billing_group="")], newer=True) == ["object 1: billing_group is a text, not empty"]
    assert "or billing_group" in rules([one("and", colour="red")], newer=True)[0]
    assert rules([one("and", tags_list=["vip"])], newer=True) == ["object 1: tags_list is a text, not empty"]
