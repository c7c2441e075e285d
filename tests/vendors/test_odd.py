"""Whatever a vendor answers and whatever stands in the options: a Problem or a Mistake, never another exception."""

import json
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.core.errors import Problem
from lambdas.core.exports import Export, parse
from lambdas.core.receipt import Tally, disagreements, warnings
from lambdas.core.windows import Window
from lambdas.vendors import FACTS, VENDORS, Discards, Vendor
from lambdas.web import Answer, Web
from tests.core.making import NOW, always

APIS = [(name, api) for name, facts in FACTS.items() for api in facts.apis]
FIELDS = [
    "id",
    "data",
    "attributes",
    "status",
    "url",
    "download_url",
    "report_url",
    "report_name",
    "external_reference_id",
    "callback_url",
    "requested_at",
    "expires_at",
    "num_calls",
    "total_cost",
    "meta",
    "total_pages",
    "success",
    "message",
    "filter_parameters",
    "start_call_start_time",
]
ODD = [1, 2, 5, "completed", "pending", "TAG", "https://x/TAG/c", "2026-11-20T00:00:00Z", "1E+999999", "NaN", "1_0",
       "https://[bad", "\ud800", "9" * 5000, 10**40, "9999-12-31T24:00:00", ".", ".."]  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(ODD)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner), max_leaves=12
)
SHAPED = JSON | st.fixed_dictionaries({"data": JSON | st.fixed_dictionaries({"id": LEAVES, "attributes": JSON})})
OPTIONS = [
    "call_types",
    "record_types",
    "connections",
    "source",
    "filters",
    "include_all_metadata",
    "fields",
    "managed_accounts",
    "timezone",
    "export_type",
    "did_number",
    "voice_out_trunk.id",
    "number_aliases",
    "caller_ip",
    "duration_greater_than",
    "duration_less_than",
    "cost_less_than",
    "destination_countries_included",
    "tollfree_only",
    "direction",
    "filter_type",
    "cli",
    "cli_filter",
    "tags_list",
    "billing_group",
]
WORDS = ["calls", "inbound", "complete", "and", "or", "contains", "cdr_in", 10**400, "9" * 40, "²", "::1%eth0", 1, 2.5]
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(OPTIONS), inner, max_size=3),
    max_leaves=6,
)


class Said:
    """A web that answers one thing."""

    def __init__(self, body: Any) -> None:
        self.body = body

    def call(self, *_: Any, **__: Any) -> Answer:
        return Answer(200, {}, self.body)


def export(vendor: str, api: str) -> Export:
    text = f'[[export]]\nname = "a"\nvendor = "{vendor}"\napi = "{api}"\nstart = "-1d"'
    return parse(text, "dev", FACTS).exports[0]


def window(made: Export) -> Window:
    return Window(datetime(2026, 11, 20, tzinfo=UTC), 86_400, made.sources[0])


def account(made: Export, body: Any) -> Vendor:
    keys = dict.fromkeys(FACTS[made.vendor].secret[made.api], "key")
    return VENDORS[made.vendor](made, keys, cast(Web, Said(body)))


def looked(vendor: Vendor) -> None:
    """A look, and what the copier does with the totals."""
    totals = vendor.look("7").totals
    disagreements(Tally(rows=1), totals)
    warnings(Tally(rows=1), totals)


@pytest.mark.parametrize("what", ["ask", "find", "look", "discard"])
@pytest.mark.parametrize(("name", "api"), APIS)
@settings(always, max_examples=60)
@given(body=SHAPED)
def test_any_answer_is_understood_or_a_problem(name: str, api: str, what: str, body: Any) -> None:
    """Of any type in any place; what was accepted as an id can be looked at."""
    made = export(name, api)
    vendor = account(made, body)
    try:
        match what:
            case "ask":
                assert vendor.ask({}, "TAG", None).isprintable()
            case "find":
                vendor.find({}, "TAG", NOW)
            case "look":
                looked(vendor)
            case "discard" if isinstance(vendor, Discards):
                vendor.discard("7")
    except Problem as problem:
        assert problem.what.startswith(f"{name}: ")


@pytest.mark.parametrize(("name", "api"), APIS)
@settings(always, max_examples=150)
@given(options=st.dictionaries(st.sampled_from(OPTIONS), VALUES, max_size=3))
def test_any_options_are_right_or_a_mistake(name: str, api: str, options: dict[str, Any]) -> None:
    """What passes the check makes a request that is JSON."""
    facts = FACTS[name]
    if facts.check(options, api):
        return
    made = export(name, api)
    made = Export(**{**vars(made), "options": options, "sources": facts.sources(options, api)})
    for source in made.sources:
        fields = account(made, None).fields(Window(window(made).start, 86_400, source))
        json.dumps(fields, allow_nan=False)
        assert set(facts.narrows(fields)) <= {*fields, *options}
