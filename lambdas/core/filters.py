"""The rules of Telnyx's `filters`, checked before anything is deployed (shared/seeds, CDR Reports V1)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

MATCHES = ("contains", "starts_with", "ends_with")


def check(filters: Any) -> list[str]:
    """What is wrong with a list of filter objects, each message pointing at the object and the rule."""
    if not isinstance(filters, list):
        return ["a list of tables, such as [{ filter_type = 'and', cli = '+1206', cli_filter = 'starts_with' }]"]
    wrong = [f"object {n + 1}: {what}" for n, one in enumerate(filters) for what in _shape(one)]
    return wrong or _order(filters)


def _shape(one: Any) -> list[str]:
    if not isinstance(one, Mapping):
        return ["a table is wanted"]
    wrong = [] if one.get("filter_type") in ("and", "or") else ["filter_type is 'and' or 'or'"]
    keys = set(one) - {"filter_type"}
    for end in ("cli", "cld"):
        if keys == {end, f"{end}_filter"}:
            if one[f"{end}_filter"] not in MATCHES:
                wrong.append(f"{end}_filter is one of {', '.join(MATCHES)}")
            if not isinstance(one[end], str) or not one[end]:
                wrong.append(f"{end} is a text, not empty")
            return wrong
    if keys == {"tags_list"}:
        tags = one["tags_list"]
        good = isinstance(tags, list) and bool(tags) and all(isinstance(tag, str) for tag in tags)
        return wrong if good else [*wrong, "tags_list is a list of texts"]
    return [*wrong, "beside filter_type it has cli and cli_filter, or cld and cld_filter, or tags_list"]


def _order(filters: Sequence[Mapping[str, Any]]) -> list[str]:
    kinds = [str(one["filter_type"]) for one in filters]
    if kinds and kinds[0] != "and":
        return ["object 1: the first object's filter_type must be 'and'"]
    return [
        f"object {n + 2}: an 'and' may not follow an 'or'"
        for n, pair in enumerate(pairwise(kinds))
        if pair == ("or", "and")
    ]
