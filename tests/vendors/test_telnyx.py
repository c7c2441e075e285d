"""Telnyx's own words: two APIs, defaults that would lose calls, integers for states."""

from dataclasses import replace
from typing import Any

import pytest

from lambdas.core.errors import Declined, Problem, Refused, TryAgain, Unclear
from lambdas.core.progress import State
from lambdas.vendors.paging import PAGES
from lambdas.vendors.telnyx import PATH, PER_PAGE, PREFIXES, Telnyx
from tests.core.making import NOW, mistakes, table
from tests.vendors.door import Door
from tests.vendors.making import WINDOW, telnyx

V1, V2 = PATH, PREFIXES[0]


def test_both_directions_and_all_records_are_asked_for(door: Door) -> None:
    """Telnyx's own defaults are inbound and complete ones alone."""
    assert telnyx(door).fields(WINDOW) == {
        "start_time": "2026-11-20T00:00:00+00:00",
        "end_time": "2026-11-21T00:00:00+00:00",
        "call_types": [1, 2],
        "record_types": [1, 2, 3],
        "source": "calls",
    }


def test_what_the_operator_narrowed_is_narrowed(door: Door) -> None:
    """Words become the vendor's numbers; numbers may be given as well."""
    options = (
        'call_types = ["inbound"]\nrecord_types = [3, "complete"]\nconnections = ["12"]\nsource = "call-control"\n'
        'filters = [{ filter_type = "and", cli = "+1206", cli_filter = "starts_with" }]'
    )
    fields = telnyx(door, options).fields(WINDOW)
    assert (fields["call_types"], fields["record_types"], fields["connections"]) == ([1], [1, 3], ["12"])
    assert fields["filters"] == [{"filter_type": "and", "cli": "+1206", "cli_filter": "starts_with"}]


def test_an_account_is_both_sources_unless_narrowed(door: Door) -> None:
    """One report covers one of them."""
    assert Telnyx.facts.sources({}, "v1") == ("calls", "call-control")
    assert Telnyx.facts.sources({"source": "call-control"}, "v1") == ("call-control",)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('start_time = "x"', "start_time"),
        ('report_name = "x"', "report_name"),
        ("call_types = []", "call_types"),
        ('call_types = "inbound"', "call_types"),
        ("call_types = [3]", "call_types"),
        ('record_types = ["broken"]', "record_types"),
        ('source = "fax-api"', "source"),
        ('source = ["calls", "calls-control"]', "source"),
        ("source = []", "source"),
        ("connections = [12]", "connections"),
        ("connections = []", "connections"),
        ('filters = [{ filter_type = "or", tags_list = ["a"] }]', "filters"),
        ('timezone = "UTC"', "timezone"),
    ],
)
def test_a_mistake_in_the_options_is_told(line: str, field: str) -> None:
    """Ours to set, of another shape, or not a field of the request."""
    (told,) = mistakes(f"{table()}\n[export.options]\n{line}")
    assert f": options.{field}: " in told


V2_OPTIONS = """
include_all_metadata = true
connections = ["1234567890", "a-name"]
fields = ["sip_call_id", "start_timestamp_utc", "answer_timestamp", "end_timestamp", "cost", "rate"]
managed_accounts = ["a-uuid"]
source = ["calls", "webrtc"]
filters = [{ filter_type = "and", billing_group = "b-uuid", cli = "1206", cli_filter = "starts_with" }]
"""


def test_v2_sends_what_v1_has_not(door: Door) -> None:
    """The zone is ours and UTC; connections are integers where they can be; one request a source."""
    vendor = telnyx(door, V2_OPTIONS, api='"v2"')
    assert vendor.fields(replace(WINDOW, source="webrtc")) == {
        "start_time": "2026-11-20T00:00:00+00:00",
        "end_time": "2026-11-21T00:00:00+00:00",
        "call_types": [1, 2],
        "record_types": [1, 2, 3],
        "source": "webrtc",
        "timezone": "UTC",
        "include_all_metadata": True,
        "connections": [1234567890, "a-name"],
        "fields": ["sip_call_id", "start_timestamp_utc", "answer_timestamp", "end_timestamp", "cost", "rate"],
        "managed_accounts": ["a-uuid"],
        "filters": [{"filter_type": "and", "billing_group": "b-uuid", "cli": "1206", "cli_filter": "starts_with"}],
    }


def test_v2_asks_for_all_managed_accounts_where_it_is_told_to(door: Door) -> None:
    """As it was written; without it, the field is left out."""
    vendor = telnyx(door, "select_all_managed_accounts = true", api='"v2"')
    assert vendor.fields(WINDOW)["select_all_managed_accounts"] is True
    assert "select_all_managed_accounts" not in telnyx(door, api='"v2"').fields(WINDOW)


def test_each_api_has_its_sources(door: Door) -> None:
    """All of an account by default; V2 has two more."""
    assert Telnyx.facts.sources({}, "v2") == ("calls", "call-control", "fax-api", "webrtc")
    assert Telnyx.facts.sources({"source": ["webrtc", "calls", "webrtc"]}, "v2") == ("webrtc", "calls")
    assert Telnyx.facts.check({"source": "webrtc"}, "v2") == []
    assert [field for field, _ in Telnyx.facts.check({"source": "webrtc"}, "v1")] == ["source"]


@pytest.mark.parametrize(
    ("line", "field", "said"),
    [
        ('timezone = "UTC"', "timezone", "ours to set"),
        ('include_all_metadata = "yes"', "include_all_metadata", "true or false"),
        ("fields = []", "fields", "a list of names of fields"),
        ('fields = ["Start Timestamp"]', "fields", "a list of names of fields"),
        ('fields = ["start_timestamp_utc", "answer_timestamp", "end_timestamp", "cost"]', "fields", "no identity"),
        ('fields = ["sip_call_id", "answer_timestamp", "end_timestamp", "cost"]', "fields", "add start_timestamp_utc"),
        ('fields = ["sip_call_id", "start_timestamp_utc", "answer_timestamp", "end_timestamp"]', "fields", "add cost"),
        ("managed_accounts = [1]", "managed_accounts", "ids of managed accounts"),
        ("select_all_managed_accounts = 1", "select_all_managed_accounts", "true or false"),
        ('managed_accounts = ["a"]\nselect_all_managed_accounts = true', "select_all_managed_accounts", "not both"),
        ('source = "fax"', "source", "one of calls, call-control, fax-api, webrtc"),
        ('filters = [{ filter_type = "and", tags_list = ["vip"] }]', "filters", "object 1: tags_list is a text"),
    ],
)
def test_a_mistake_in_v2_s_options_is_told(line: str, field: str, said: str) -> None:
    """What `fields` leaves out must not be a call's identity, times or cost."""
    text = table(api='"v2"')
    (told,) = mistakes(f"{text}\n[export.options]\n{line}")
    assert f": options.{field}: " in told and said in told


def test_v1_knows_nothing_of_v2_s_fields() -> None:
    """They are refused with the names that V1 has."""
    for name in ("fields", "include_all_metadata", "managed_accounts", "select_all_managed_accounts"):
        ((field, said),) = Telnyx.facts.check({name: True}, "v1")
        assert field == name and "not a field of Telnyx's v1 request" in said


@pytest.mark.parametrize(
    ("options", "narrowed"),
    [
        ("", ()),
        ('call_types = ["inbound", "outbound"]\nrecord_types = [1, 2, 3]', ()),
        ('call_types = ["inbound"]', ("call_types",)),
        ("record_types = [1]", ("record_types",)),
        ('connections = ["1"]', ("connections",)),
        ('filters = [{ filter_type = "and", tags_list = ["a"] }]', ("filters",)),
    ],
)
def test_what_narrows_a_request_is_known(door: Door, options: str, narrowed: tuple[str, ...]) -> None:
    """All directions and records are no filter."""
    vendor = telnyx(door, options)
    assert vendor.facts.narrows(vendor.fields(WINDOW)) == narrowed


def test_a_400_about_the_window_declines_the_window_and_any_other_the_request(door: Door) -> None:
    """Whichever reading of the documented limit is the right one."""
    for said, window in (
        ("end_time: must be less than 24 hours from now", True),
        ("start time is out of range", True),
        ("Reports are limited to a date range of 31 days", True),
        ("filters[0]: the first must be an 'and'", False),
        ("", False),
    ):
        door.answers.clear()
        door.says({"errors": [{"detail": said}]}, status=400)
        with pytest.raises(Declined) as no:
            telnyx(door).ask({}, "cdr1.x", None)
        assert no.value.window is window
        assert ("take a shorter `window`" in no.value.what) is window


def test_v1_sends_two_headers_and_the_tag_as_the_report_s_name(door: Door) -> None:
    """Neither Basic nor Bearer, and nothing of a callback."""
    door.says({"id": 7})
    vendor = telnyx(door)
    assert vendor.ask(vendor.fields(WINDOW), "cdr1.x", "https://example.com/callbacks") == "7"
    (heard,) = door.heard
    assert (heard.method, heard.path) == ("POST", V1)
    assert (heard.headers["X-Api-User"], heard.headers["X-Api-Token"]) == ("ops@example.com", "token-of-mine")
    assert "Authorization" not in heard.headers
    assert heard.body == {**vendor.fields(WINDOW), "report_name": "cdr1.x"}


def test_v2_sends_a_bearer_key_and_opens_the_envelope(door: Door) -> None:
    """At its own path, with the zone that the file's times shall have."""
    door.says({"data": {"id": "a-uuid"}})
    vendor = telnyx(door, api='"v2"')
    assert vendor.ask(vendor.fields(WINDOW), "cdr1.x", None) == "a-uuid"
    (heard,) = door.heard
    assert heard.path == V2 and heard.body["timezone"] == "UTC"
    assert heard.headers["Authorization"] == "Bearer KEY-of-mine" and "X-Api-Token" not in heard.headers


def test_v2_s_path_is_a_setting(door: Door) -> None:
    """Two spellings are met."""
    door.says({"data": {"id": "7", "status": 1}})
    telnyx(door, api='"v2"', prefix='"/legacy_reporting/batch_detail_records/voice"').look("7")
    assert door.heard[0].path == "/legacy_reporting/batch_detail_records/voice/7"


@pytest.mark.parametrize(
    ("status", "state"), [(1, State.PENDING), (2, State.READY), (3, State.FAILED), (4, State.EXPIRED)]
)
def test_a_status_is_one_of_four(door: Door, status: int, state: State) -> None:
    """And only a complete one has a file, whose link needs no key."""
    door.says({"id": "7", "status": status, "report_url": "https://host/a.csv"})
    progress = telnyx(door).look("7")
    assert progress.state is state
    assert [(file.url, dict(file.headers)) for file in progress.files] == [("https://host/a.csv", {})] * (status == 2)


@pytest.mark.parametrize("status", [0, 5, "2", None, "complete", 2.5])
def test_any_other_status_is_unclear(door: Door, status: Any) -> None:
    """Never a guess; the text names it."""
    door.says({"id": "7", "status": status})
    with pytest.raises(Unclear, match="telnyx: retrieve: unknown status") as problem:
        telnyx(door).look("7")
    assert str(status) in str(problem.value)


def test_complete_without_a_link_is_unclear(door: Door) -> None:
    """There is nothing to copy."""
    door.says({"id": "7", "status": 2, "report_url": None})
    with pytest.raises(Unclear, match="without a report_url"):
        telnyx(door).look("7")


def test_the_documented_plain_link_is_fetched_safely(door: Door) -> None:
    """The same host serves https."""
    door.says({"id": "7", "status": 2, "report_url": "http://portal.telnyx.com/downloads/a.csv"})
    assert telnyx(door).look("7").files[0].url == "https://portal.telnyx.com/downloads/a.csv"


def test_v1_s_list_is_searched_to_its_short_page(door: Door) -> None:
    """No total is told; the tag must be the whole name."""
    full = [{"id": n, "report_name": f"cdr1.x{n}"} for n in range(PER_PAGE)]
    door.says(full, [{"id": "8", "report_name": "cdr1.x"}])
    assert telnyx(door).find({}, "cdr1.x", NOW).report_id == "8"
    assert [one.query for one in door.heard] == [{"page": str(n), "per_page": "1000"} for n in (1, 2)]


def test_v2_s_list_is_searched_to_its_last_page(door: Door) -> None:
    """Which the envelope tells, however short the pages are."""
    door.says(*({"data": [{"id": n, "report_name": "another"}], "meta": {"total_pages": 3}} for n in range(3)))
    found = telnyx(door, api='"v2"').find({}, "cdr1.x", NOW)
    assert (found.report_id, found.complete) == (None, True)
    assert [one.query["page[number]"] for one in door.heard] == ["1", "2", "3"]


def test_a_search_has_a_budget(door: Door) -> None:
    """A list that never ends is searched on at another tick."""
    door.says(*([{"id": n + page, "report_name": None} for n in range(PER_PAGE)] for page in range(PAGES)))
    found = telnyx(door).find({}, "cdr1.x", NOW)
    assert (found.report_id, found.complete) == (None, False)
    assert len(door.heard) == PAGES <= 20


def test_an_id_stays_within_the_vendor_s_own_path(door: Door) -> None:
    """Whatever a vendor calls a report, the key goes nowhere else."""
    door.says({"id": "7", "status": 1, "success": True})
    for odd in ("../../other", "7?x=1", "7#", "//evil.example/", "@evil.example"):
        telnyx(door).look(odd)
        telnyx(door).discard(odd)
    assert all(one.path.startswith(f"{V1}/") for one in door.heard)
    assert {tuple(one.query) for one in door.heard} == {()}


def test_a_list_that_is_not_paged_is_read_once(door: Door) -> None:
    """The package's own `list` has no pages to turn (tests/local/vendors/test_sdk.py)."""
    door.says([{"id": 1, "report_name": "another"}])
    found = telnyx(door).find({}, "cdr1.x", NOW)
    assert (found.report_id, found.complete, len(door.heard)) == (None, True, 2)


def test_a_search_goes_on_where_it_stopped(door: Door) -> None:
    """At the page after the last one that was read."""
    door.says([])
    telnyx(door).find({}, "cdr1.x", NOW, page=10)
    assert door.heard[0].query["page"] == "11"


def test_a_request_can_be_deleted_twice(door: Door) -> None:
    """Gone already is as good."""
    door.says({"success": True})
    telnyx(door).discard("7")
    door.answers.clear()
    door.says({}, status=404)
    telnyx(door).discard("7")
    assert [(one.method, one.path) for one in door.heard] == [("DELETE", f"{V1}/7")] * 2


def test_v2_s_delete_shows_what_is_gone(door: Door) -> None:
    """An answer that shows nothing is a deletion that was not done."""
    door.says({"data": {"id": "7", "status": 2}}, {"data": {}})
    vendor = telnyx(door, api='"v2"')
    vendor.discard("7")
    with pytest.raises(Declined, match="telnyx: delete: not done"):
        vendor.discard("7")
    assert [(one.method, one.path) for one in door.heard] == [("DELETE", f"{V2}/7")] * 2


@pytest.mark.parametrize(
    ("api", "body"), [("v1", []), ("v1", {}), ("v1", None), ("v2", []), ("v2", {"id": "7"}), ("v2", {"data": []})]
)
def test_an_answer_without_an_id_is_unclear(door: Door, api: str, body: Any) -> None:
    """Of a create as of a look; nor is an object a list."""
    door.says(body)
    vendor = telnyx(door, api=f'"{api}"')
    for call in (lambda: vendor.ask({}, "cdr1.x", None), lambda: vendor.look("7")):
        with pytest.raises(Unclear, match="telnyx: "):
            call()
    door.answers.clear()
    door.says({"data": {}} if api == "v2" else {})
    with pytest.raises(Unclear, match="list: not a list"):
        vendor.find({}, "cdr1.x", NOW)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, Refused), (403, Refused), (422, Refused), (429, TryAgain), (503, TryAgain)]
)
def test_the_vendor_s_own_words_are_told(door: Door, status: int, kind: type[Problem]) -> None:
    """What is wrong with the request, without the number in it."""
    said = {"errors": [{"code": "10015", "title": "Bad Request", "detail": "cli +12065550123: is not a part"}]}
    door.says(said, status=status)
    with pytest.raises(kind, match=rf"telnyx: create: HTTP {status} \(cli \[number\]: is not a part\)"):
        telnyx(door).ask({}, "cdr1.x", None)
