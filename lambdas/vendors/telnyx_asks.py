"""What may be asked of Telnyx: the fields of both APIs and the rules of `filters`, checked before a deploy."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from lambdas.core import options
from lambdas.core.facts import Mistake, Options
from lambdas.core.options import Kind

CALL_TYPES = {"inbound": 1, "outbound": 2}
RECORD_TYPES = {"complete": 1, "incomplete": 2, "errors": 3}
SOURCES = {"v1": ("calls", "call-control"), "v2": ("calls", "call-control", "fax-api", "webrtc")}
MATCHES = ("contains", "starts_with", "ends_with")
SHAPES = {
    "cli": {"cli", "cli_filter"},
    "cld": {"cld", "cld_filter"},
    "tags_list": {"tags_list"},
    "billing_group": {"billing_group"},
}
OURS = ("start_time", "end_time", "report_name", "timezone")
# Every field of V1's request that is the operator's to set, and what V2 adds (the `telnyx` package, its OpenAPI page).
V1: dict[str, Kind] = {
    "call_types": options.some(CALL_TYPES, "both"),
    "record_types": options.some(RECORD_TYPES, "all of them"),
    "connections": options.texts("connection ids", r"\S{1,64}", example="1234567890"),
    "source": options.among(*SOURCES["v1"], without="all of them"),
    "filters": options.ANY,  # `rules` tells more
}
V2: dict[str, Kind] = V1 | {
    "source": options.among(*SOURCES["v2"], without="all of them"),
    "include_all_metadata": options.FLAG,
    "fields": options.texts("names of fields", "[a-z][a-z0-9_]*", example="start_timestamp_utc"),
    "managed_accounts": options.texts("ids of managed accounts", r"\S+", example="f5586561-8ff0-4291"),
    "select_all_managed_accounts": options.FLAG,
}
OPTIONS = {"v1": V1, "v2": V2}
# What `fields` must keep. Of the identities only the last is on the documented (and open) list of fields.
IDENTITY = ("unique_cdr_id", "call_uuid", "sip_call_id")
NEEDED = ("start_timestamp_utc", "answer_timestamp", "end_timestamp", "cost")


def check(given: Options, api: str) -> list[Mistake]:
    """The mistakes in an export's options for one of the APIs."""
    found = options.check(given, OPTIONS[api], OURS, f"Telnyx's {api}")
    if "filters" in given:
        found += [("filters", what) for what in rules(given["filters"], newer=api == "v2")]
    if "fields" in OPTIONS[api] and OPTIONS[api]["fields"].fits(given.get("fields")):
        found += [("fields", what) for what in _missing(given["fields"])]
    return found + options.both(given, "managed_accounts", "select_all_managed_accounts")


def sources(given: Options, api: str) -> tuple[str, ...]:
    """One report covers one source, so all of an account takes one request for each (shared/vendors.md)."""
    named = given.get("source", SOURCES[api])
    return tuple(dict.fromkeys(named)) if isinstance(named, list | tuple) else (str(named),)


def narrows(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Which fields of a request leave calls out."""
    whole = {"call_types": CALL_TYPES, "record_types": RECORD_TYPES}
    found = [name for name, words in whole.items() if set(fields.get(name, ())) < set(words.values())]
    return (*found, *(name for name in ("connections", "filters") if fields.get(name)))


def rules(filters: Any, *, newer: bool = False) -> list[str]:
    """What is wrong with a list of filter objects, each message pointing at the object and the rule.

    `newer`: V2's objects, which may name several criteria, a billing group too, and one tag, not a list of them
    (the `telnyx` package).
    """
    if not isinstance(filters, list) or not filters:
        return ["a list of tables, such as [{ filter_type = 'and', cli = '+1206', cli_filter = 'starts_with' }]"]
    wrong = [f"object {n + 1}: {what}" for n, one in enumerate(filters) for what in _shape(one, newer)]
    return wrong or _order(filters)


def _missing(fields: list[str]) -> Iterator[str]:
    """What a report must keep, whatever else is left out of it: identity, times and cost."""
    if not set(IDENTITY) & set(fields):
        yield f"add one of {', '.join(IDENTITY)}: without it a call has no identity"
    yield from (f"add {name}: a call needs its times and its cost" for name in NEEDED if name not in fields)


def _shape(one: Any, newer: bool) -> list[str]:
    if not isinstance(one, Mapping):
        return ["a table is wanted"]
    wrong = [] if one.get("filter_type") in ("and", "or") else ["filter_type is 'and' or 'or'"]
    shapes = {name: keys for name, keys in SHAPES.items() if newer or name != "billing_group"}
    met = [name for name, keys in shapes.items() if keys & one.keys()]
    wanted = {"filter_type"}.union(*(shapes[name] for name in met))
    kinds = ", or ".join(" and ".join(sorted(keys)) for keys in shapes.values())
    wrong += [f"{key} is not known; beside filter_type it has {kinds}" for key in sorted(one.keys() - wanted)]
    wrong += [f"{key} is missing beside {', '.join(met)}" for key in sorted(wanted - one.keys() - {"filter_type"})]
    if not met and not one.keys() - {"filter_type"}:
        wrong.append(f"nothing is asked for; beside filter_type it has {kinds}")
    if len(met) > 1 and not newer:
        wrong.append(f"{' and '.join(met)} need an object each; beside filter_type one has {kinds}")
    return wrong or [what for name in met for what in _values(name, one, newer)]


def _values(name: str, one: Mapping[str, Any], newer: bool) -> Iterator[str]:
    if f"{name}_filter" in one and one[f"{name}_filter"] not in MATCHES:
        yield f"{name}_filter is one of {', '.join(MATCHES)}"
    if name == "tags_list" and not newer:
        if not _texts(one[name]):
            yield "tags_list is a list of texts"
    elif not _text(one[name]):
        yield f"{name} is a text, not empty"


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_text, value))


def _order(filters: Sequence[Mapping[str, Any]]) -> list[str]:
    kinds = [str(one["filter_type"]) for one in filters]
    if kinds and kinds[0] != "and":
        return ["object 1: the first object's filter_type must be 'and'"]
    return [
        f"object {n + 2}: an 'and' may not follow an 'or'"
        for n, pair in enumerate(pairwise(kinds))
        if pair == ("or", "and")
    ]
