"""The simulated Telnyx: V1 to the letter of its document, V2 as its twin."""

import csv
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import requests

from local.calls import Axis
from local.vendors.telnyx import V2 as V2_PATHS
from local.vendors.telnyx import Telnyx, telnyx
from local.vendors.telnyx_file import COLUMNS, EVERY, FIELDS, HEADINGS
from tests.local.vendors.asking import ALL, V1, V2, WINDOW, rows, v1, v2
from tests.local.vendors.conftest import World

FIELDS_OF_V1 = [
    *("id", "start_time", "end_time", "call_types", "record_types", "connections", "report_name", "status"),
    *("report_url", "filters", "created_at", "updated_at"),
]
# The example of https://developers.telnyx.com/api-reference/cdr-reports/get-available-cdr-report-fields
DOCUMENTED = {
    "Interaction Data": [
        *("origination_number", "terminating_number", "start_timestamp_utc", "start_timestamp"),
        *("answer_timestamp", "end_timestamp", "direction"),
    ],
    "Number Information": [
        *("origination_city", "origination_state", "origination_lata", "origination_country"),
        *("terminating_city", "terminating_state"),
    ],
    "Telephony Data": ["route", "connection_id", "hangup_code", "pdd", "tags", "sip_call_id", "mos"],
    "Billing": ["billable_time", "cost", "rate", "billing_group_id"],
}


def made(vendor: Telnyx, **more: Any) -> dict[str, Any]:
    """A request as its create answers it."""
    answer = v1(vendor, "POST", json={**ALL, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def got(vendor: Telnyx, id: str) -> dict[str, Any]:
    body: dict[str, Any] = v1(vendor, "GET", f"/{id}").json()
    return body


def ids(vendor: Telnyx, world: World, **more: Any) -> set[str]:
    """The rows of a report."""
    report = made(vendor, **more)
    world.after(seconds=10)
    return {row["Unique CDR ID"] for row in rows(got(vendor, report["id"])["report_url"])}


def wanted(vendor: Telnyx, world: World, **more: Any) -> tuple[dict[str, Any], str]:
    """A complete V2 request as its retrieve answers it, and its file."""
    answer = v2(vendor, "POST", json={**ALL, **more})
    assert answer.status_code == 200, answer.text
    world.after(seconds=10)
    body: dict[str, Any] = v2(vendor, "GET", f"/{answer.json()['data']['id']}").json()["data"]
    return body, requests.get(body["report_url"], timeout=9).text


def test_a_request_is_echoed_with_every_documented_field(telnyx_vendor: Telnyx) -> None:
    """Bare, ids and connections as strings, filters as one string, no link yet."""
    wanted = {"connections": ["17", "18"], "report_name": "cdr1.tag", "source": "call-control"}
    criteria = [{"filter_type": "and", "cli": "+1206", "cli_filter": "starts_with"}]
    body = made(telnyx_vendor, **wanted, filters=criteria)
    assert list(body) == FIELDS_OF_V1
    assert UUID(body["id"]).version == 1
    assert {name: body[name] for name in WINDOW} == WINDOW
    assert (body["call_types"], body["record_types"]) == ([1, 2], [1, 2, 3])
    assert (body["connections"], body["report_name"]) == (["17", "18"], "cdr1.tag")
    assert body["filters"] == '[{"filter_type": "and", "cli": "+1206", "cli_filter": "starts_with"}]'
    assert (body["status"], body["report_url"]) == (1, None)
    assert body["created_at"] == body["updated_at"] == "2026-11-23T09:00:00+00:00"


def test_the_defaults_lose_data(telnyx_vendor: Telnyx, world: World) -> None:
    """Who asks for nothing gets inbound calls and complete records of one source, as documented."""
    answer = v1(telnyx_vendor, "POST", json=WINDOW).json()
    assert (answer["call_types"], answer["record_types"], answer["connections"]) == ([1], [1], [])
    world.after(seconds=10)
    found = rows(got(telnyx_vendor, answer["id"])["report_url"])
    assert {row["Direction"] for row in found} == {"inbound"}
    assert all(row["Answer Timestamp"] for row in found)


def test_a_report_is_pending_then_complete_then_expired(telnyx_vendor: Telnyx, world: World) -> None:
    """Status 1 until its time, then 2 with a link, and 4 without one after 30 days."""
    report = made(telnyx_vendor)
    world.after(seconds=1.9)
    assert got(telnyx_vendor, report["id"])["status"] == 1
    world.after(seconds=4.2)
    done = got(telnyx_vendor, report["id"])
    assert done["status"] == 2
    assert done["updated_at"] > done["created_at"]
    world.after(days=30)
    late = got(telnyx_vendor, report["id"])
    assert (late["status"], late["report_url"]) == (4, None)


def test_a_link_is_on_another_origin_fresh_each_time_and_dies(telnyx_vendor: Telnyx, world: World) -> None:
    """Its hour starts anew with every retrieve; afterwards it answers 403 as S3 does."""
    report = made(telnyx_vendor)
    world.after(seconds=10)
    first = got(telnyx_vendor, report["id"])["report_url"]
    assert first.startswith(telnyx_vendor.download_from)
    assert not first.startswith(telnyx_vendor.root)
    world.after(minutes=59)
    second = got(telnyx_vendor, report["id"])["report_url"]
    assert second != first
    assert requests.get(first, timeout=9).status_code == 200
    world.after(minutes=2)
    dead = requests.get(first, timeout=9)
    assert dead.status_code == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in dead.text
    assert requests.get(second, timeout=9).status_code == 200


@pytest.mark.parametrize(("axis", "closed"), list(product(("start", "end", "record"), (False, True))))
def test_a_window_selects_by_the_axis_and_end_it_was_told(world: World, axis: Axis, closed: bool) -> None:
    """The files of both sources together are exactly what the generator says."""
    with telnyx(5, "axes", clock=world, per_day=80, axis=axis, closed=closed) as vendor:
        found = ids(vendor, world) | ids(vendor, world, source="call-control")
        days = [call for day in (19, 20, 21) for call in vendor.calls.day(world.now.date().replace(day=day))]
        at = {"start": "started_at", "end": "ended_at", "record": "recorded_at"}[axis]
        wanted = {
            call.row_id
            for call in days
            if str(getattr(call, at))[:10] == "2026-11-20"
            or (closed and str(getattr(call, at))[:19] == "2026-11-21 00:00:00")
        }
        assert found == wanted


def test_a_row_tells_what_the_call_is(telnyx_vendor: Telnyx, world: World) -> None:
    """Headings, times, numbers, codes and money as the document and working clients have them."""
    report = made(telnyx_vendor)
    world.after(seconds=10)
    found = {row["Unique CDR ID"]: row for row in rows(got(telnyx_vendor, report["id"])["report_url"])}
    for call in telnyx_vendor.calls.day(world.now.date().replace(day=20)):
        if call.source != "calls":
            continue
        row = found[call.row_id]
        assert row["Call UUID"] == call.call_id
        assert row["Start Timestamp(UTC)"] == f"{call.started_at:%Y-%m-%d %H:%M:%S}"
        assert row["Answer Timestamp"] == (f"{call.answered_at:%Y-%m-%d %H:%M:%S}" if call.answered_at else "")
        assert (row["Originating Number"], row["Terminating number"]) == (call.from_number, call.to_number)
        assert row["Full Terminating number"] == call.to_full
        assert (row["Call duration"], row["Billable time"]) == (str(call.duration_s), str(call.billed_s))
        assert (row["Hangup cause"], row["Hangup code"]) == (call.hangup_cause, str(call.hangup_code))
        assert row["Cost"] == ("" if call.cost is None else f"{call.cost:f}")
        assert row["Tags"] == ",".join(call.tags)
        assert row["Billing group"] == call.billing_group


def test_an_empty_window_is_a_header_alone(telnyx_vendor: Telnyx, world: World) -> None:
    """No calls is a success."""
    nowhere = {"connections": ["1"]}
    report = made(telnyx_vendor, **nowhere)
    world.after(seconds=10)
    answer = requests.get(got(telnyx_vendor, report["id"])["report_url"], timeout=9)
    assert answer.text.count("\n") == 1
    assert "Unique CDR ID" in answer.text


def test_what_is_older_than_the_retention_is_gone(telnyx_vendor: Telnyx, world: World) -> None:
    """CDRs are available for 30 days: a report about older ones is empty, not refused."""
    old = {"start_time": "2026-10-20T00:00:00+00:00", "end_time": "2026-10-21T00:00:00+00:00"}
    assert ids(telnyx_vendor, world, **old) == set()


def test_a_live_vendor_holds_back_what_is_not_recorded_yet(world: World) -> None:
    """A report about this morning has the records written when it was ready; a later one has more."""
    window = {"start_time": "2026-11-23T00:00:00+00:00", "end_time": "2026-11-24T00:00:00+00:00"}
    with telnyx(5, "live", clock=world, live=True) as vendor:
        early = ids(vendor, world, **window)
        written = {call.row_id: call.recorded_at for call in vendor.calls.day(world.now.date())}
        assert early
        assert max(written[id] for id in early) <= world.now
        world.after(hours=9)
        assert ids(vendor, world, **window) > early


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-user": "ops@example.com"},
        {"x-api-user": "ops@example.com", "x-api-token": "wrong"},
        {"Authorization": "Bearer KEY-simulated-v2"},
    ],
)
def test_v1_wants_user_and_token(telnyx_vendor: Telnyx, headers: dict[str, str]) -> None:
    """The V2 key does not open V1."""
    answer = requests.get(f"{telnyx_vendor.root}{V1}", headers=headers, timeout=9)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "10009"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "KEY-simulated-v2"}])
@pytest.mark.parametrize("path", V2_PATHS)
def test_v2_wants_its_key_as_a_bearer(telnyx_vendor: Telnyx, headers: dict[str, str], path: str) -> None:
    """Neither the bare key nor the V1 headers will do, under either prefix."""
    assert requests.get(f"{telnyx_vendor.root}{path}", headers=headers, timeout=9).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"start_time": None},
        {"start_time": "yesterday"},
        {"end_time": 5},
        {"end_time": "2026-11-19T00:00:00+00:00"},
        {"end_time": "2026-11-24T09:00:01+00:00"},
        {"call_types": [3]},
        {"call_types": ["inbound"]},
        {"record_types": [0]},
        {"connections": "17"},
        {"report_name": 5},
        {"source": "fax-api"},
        {"filters": {"filter_type": "and"}},
        {"filters": ["cli=1"]},
        {"filters": [{"filter_type": "or", "cli": "1", "cli_filter": "contains"}]},
        {"filters": [{"filter_type": "and", "cli": "1", "cli_filter": "equals"}]},
        {"filters": [{"filter_type": "and", "cli": "1", "cld_filter": "contains"}]},
        {"filters": [{"filter_type": "and", "tags_list": "sales"}]},
        {
            "filters": [
                {"filter_type": "and", "tags_list": ["a"]},
                {"filter_type": "or", "tags_list": ["b"]},
                {"filter_type": "and", "tags_list": ["c"]},
            ]
        },
    ],
)
def test_a_request_that_breaks_a_rule_is_400(telnyx_vendor: Telnyx, change: dict[str, Any]) -> None:
    """The error names the field, and nothing is created."""
    body = {name: value for name, value in {**ALL, **change}.items() if value is not None}
    answer = v1(telnyx_vendor, "POST", json=body)
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert set(error) == {"code", "title", "detail"}
    assert next(iter(change)) in error["detail"]
    assert telnyx_vendor.created == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_a_body_that_is_no_object_is_400(telnyx_vendor: Telnyx, body: bytes) -> None:
    """Whatever its content type claims."""
    assert v1(telnyx_vendor, "POST", data=body).status_code == 400


def test_the_end_may_be_left_out_in_v1_alone(telnyx_vendor: Telnyx) -> None:
    """V1 documents it as optional, V2 requires it and answers 422."""
    body = {"start_time": WINDOW["start_time"]}
    assert v1(telnyx_vendor, "POST", json=body).json()["end_time"] == "2026-11-23T09:00:00+00:00"
    refused = v2(telnyx_vendor, "POST", json=body)
    assert refused.status_code == 422
    assert "end_time" in refused.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("rule", "start", "end", "status"),
    [
        ("latest", "2026-11-01T00:00:00+00:00", "2026-11-24T09:00:00+00:00", 200),
        ("latest", "2026-11-24T00:00:00+00:00", "2026-11-24T09:00:01+00:00", 400),
        ("longest", "2026-11-01T00:00:00+00:00", "2026-11-02T00:00:00+00:00", 200),
        ("longest", "2026-11-01T00:00:00+00:00", "2026-11-02T00:00:01+00:00", 400),
        ("shorter", "2026-11-01T00:00:00+00:00", "2026-11-01T23:59:59+00:00", 200),
        ("shorter", "2026-11-01T00:00:00+00:00", "2026-11-02T00:00:00+00:00", 400),
        ("oldest", "2026-11-01T00:00:00+00:00", "2026-11-22T09:00:00+00:00", 200),
        ("oldest", "2026-11-22T00:00:00+00:00", "2026-11-22T08:59:59+00:00", 400),
    ],
)
def test_each_reading_of_the_24_hour_rule(world: World, rule: Any, start: str, end: str, status: int) -> None:
    """Latest end, longest span, a span below that, oldest end: each refuses what lies one second beyond."""
    with telnyx(7, "main", clock=world, per_day=1, end_rule=rule) as vendor:
        answer = v1(vendor, "POST", json={"start_time": start, "end_time": end})
        assert answer.status_code == status
        if status == 400:
            assert answer.json()["errors"][0]["detail"] == "end_time: must be less than 24 hours from now"


def test_the_list_is_a_bare_array_of_pages_newest_first(telnyx_vendor: Telnyx) -> None:
    """Page from 1; beyond the last an empty array; names echoed so that a lost answer can be found."""
    for n in range(5):
        made(telnyx_vendor, report_name=f"n{n}")
    names = [
        [item["report_name"] for item in v1(telnyx_vendor, "GET", params={"page": page, "per_page": 2}).json()]
        for page in (1, 2, 3, 4)
    ]
    assert names == [["n4", "n3"], ["n2", "n1"], ["n0"], []]
    assert len(v1(telnyx_vendor, "GET").json()) == 5


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=0", "per_page=1001", "page=-1", "per_page=%C2%B2"])
def test_a_page_out_of_range_is_400(telnyx_vendor: Telnyx, query: str) -> None:
    """At most 1000 a page."""
    assert v1(telnyx_vendor, "GET", f"?{query}").status_code == 400
    assert v1(telnyx_vendor, "GET", "?page=1&per_page=1000").status_code == 200


def test_delete_says_success_and_the_request_is_gone(telnyx_vendor: Telnyx, world: World) -> None:
    """From the list too, and its file with it; a second delete is 404."""
    report = made(telnyx_vendor)
    world.after(seconds=10)
    link = got(telnyx_vendor, report["id"])["report_url"]
    answer = v1(telnyx_vendor, "DELETE", f"/{report['id']}")
    assert (answer.status_code, set(answer.json()), answer.json()["success"]) == (200, {"success", "message"}, True)
    assert v1(telnyx_vendor, "GET").json() == []
    assert v1(telnyx_vendor, "DELETE", f"/{report['id']}").status_code == 404
    assert requests.get(link, timeout=9).status_code == 404


def test_what_does_not_exist_is_404_in_the_vendors_words(telnyx_vendor: Telnyx) -> None:
    """An unknown request, an unknown path, a method nobody offers."""
    assert v1(telnyx_vendor, "GET", "/nope").json()["errors"][0]["title"] == "Resource not found"
    assert v1(telnyx_vendor, "GET", "/a/b/c").json()["errors"][0]["code"] == "10005"
    assert v1(telnyx_vendor, "PUT").status_code == 405


def test_v2_wraps_everything(telnyx_vendor: Telnyx, world: World) -> None:
    """One object under data, a list with its meta, connections as integers, filters as a list."""
    criteria = [{"filter_type": "and", "tags_list": "sales"}]
    answer = v2(telnyx_vendor, "POST", json={**ALL, "connections": ["17"], "filters": criteria})
    body = answer.json()
    assert list(body) == ["data"]
    assert (body["data"]["connections"], body["data"]["filters"]) == ([17], criteria)
    assert (body["data"]["retry"], body["data"]["source"]) == (0, "calls")
    v2(telnyx_vendor, "POST", json=ALL)
    world.after(seconds=10)
    listed = v2(telnyx_vendor, "GET", params={"page": 2, "per_page": 1}).json()
    assert listed["meta"] == {"page_number": 2, "page_size": 1, "total_pages": 2, "total_results": 2}
    assert [item["id"] for item in listed["data"]] == [body["data"]["id"]]
    one = v2(telnyx_vendor, "GET", f"/{body['data']['id']}").json()["data"]
    assert one["status"] == 2
    rows(one["report_url"])
    assert v2(telnyx_vendor, "DELETE", f"/{one['id']}").json()["data"]["id"] == one["id"]
    assert v2(telnyx_vendor, "GET", f"/{one['id']}").status_code == 404


def test_v2_tells_more_of_a_request(telnyx_vendor: Telnyx) -> None:
    """Every field of V1's answer and five of its own; who names no zone gets UTC."""
    body = v2(telnyx_vendor, "POST", json=ALL).json()["data"]
    assert set(body) == {*FIELDS_OF_V1, "source", "timezone", "managed_accounts", "retry", "record_type"}
    assert (body["timezone"], body["managed_accounts"]) == ("UTC", [])
    assert (body["record_type"], body["filters"]) == ("cdr_detailed_report", [])


@pytest.mark.parametrize("path", V2_PATHS)
def test_v2_lists_the_fields_that_may_be_asked_for(telnyx_vendor: Telnyx, path: str) -> None:
    """In four groups and no envelope, under either prefix, each group with the documented names first."""
    headers = {"Authorization": f"Bearer {telnyx_vendor.credentials['key']}"}
    body = requests.get(f"{telnyx_vendor.root}{path}/fields", headers=headers, timeout=9).json()
    assert list(body) == list(DOCUMENTED)
    assert {group: names[: len(DOCUMENTED[group])] for group, names in body.items()} == DOCUMENTED
    assert requests.get(f"{telnyx_vendor.root}{path}/fields", timeout=9).status_code == 401
    assert v1(telnyx_vendor, "GET", "/fields").status_code == 404


def test_every_column_has_exactly_one_name() -> None:
    """Those of each report, and those that come only on request."""
    names = [name for group in FIELDS.values() for name in group]
    assert len(names) == len(set(names)) == len(EVERY)
    assert set(HEADINGS.values()) == set(EVERY)


def test_a_file_has_only_the_fields_asked_for(telnyx_vendor: Telnyx, world: World) -> None:
    """In the file's own order, each once, whatever else is asked; they are the same cells as in the whole file."""
    names = ["cost", "origination_number", "cost", "call_uuid"]
    _, narrow = wanted(telnyx_vendor, world, fields=names, include_all_metadata=True)
    _, whole = wanted(telnyx_vendor, world)
    found = list(csv.DictReader(narrow.splitlines()))
    assert list(found[0]) == ["Call UUID", "Originating Number", "Cost"]
    assert found == [{name: row[name] for name in found[0]} for row in csv.DictReader(whole.splitlines())]


def test_v2_without_wishes_gives_v1s_file(telnyx_vendor: Telnyx, world: World) -> None:
    """Byte for byte; V1 knows no wishes."""
    v1_id = made(telnyx_vendor, fields=["cost"], timezone="Asia/Tokyo", include_all_metadata=True)["id"]
    _, text = wanted(telnyx_vendor, world, fields=[], timezone=None, include_all_metadata=False)
    assert requests.get(got(telnyx_vendor, v1_id)["report_url"], timeout=9).text == text
    assert text.splitlines()[0].split(",") == list(COLUMNS)


def test_all_metadata_is_every_column(telnyx_vendor: Telnyx, world: World) -> None:
    """Those that a report leaves out come last; no call knows a city."""
    _, text = wanted(telnyx_vendor, world, include_all_metadata=True)
    found = list(csv.DictReader(text.splitlines()))
    assert list(found[0]) == [*COLUMNS, "Start Timestamp", "Originating city", "Terminating city"]
    assert all(row["Start Timestamp"] == row["Start Timestamp(UTC)"] for row in found)
    assert {row["Originating city"] for row in found} == {""}


def test_times_are_in_the_zone_asked_for(telnyx_vendor: Telnyx, world: World) -> None:
    """All but the one that says UTC, across midnight too; the request's own times stay in UTC."""
    body, text = wanted(telnyx_vendor, world, timezone="Asia/Kolkata", include_all_metadata=True)
    assert (body["timezone"], body["start_time"]) == ("Asia/Kolkata", WINDOW["start_time"])
    calls = {call.row_id: call for call in telnyx_vendor.calls.day(world.now.date().replace(day=20))}
    for row in csv.DictReader(text.splitlines()):
        call = calls[row["Unique CDR ID"]]
        assert row["Start Timestamp(UTC)"] == f"{call.started_at:%Y-%m-%d %H:%M:%S}"
        names = ("Start Timestamp", "Answer Timestamp", "End Timestamp")
        assert [row[name] for name in names] == [
            _kolkata(at) for at in (call.started_at, call.answered_at, call.ended_at)
        ]


def _kolkata(at: datetime | None) -> str:
    return f"{at.astimezone(ZoneInfo('Asia/Kolkata')):%Y-%m-%d %H:%M:%S}" if at else ""


def test_managed_accounts_are_echoed_and_add_nothing(telnyx_vendor: Telnyx, world: World) -> None:
    """The account manages no other, so an unknown one has no calls, and all of them are none."""
    others = ["f47ac10b-58cc-4372-a567-0e02b2c3d479"]
    body, text = wanted(telnyx_vendor, world, managed_accounts=others, select_all_managed_accounts=True)
    assert body["managed_accounts"] == others
    assert text == wanted(telnyx_vendor, world)[1]


@pytest.mark.parametrize("source", ["fax-api", "webrtc"])
def test_v2s_other_sources_have_no_calls(telnyx_vendor: Telnyx, world: World, source: str) -> None:
    """The account neither faxes nor calls from a browser: a header alone."""
    body, text = wanted(telnyx_vendor, world, source=source)
    assert body["source"] == source
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"start_time": None}, "start_time"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"timezone": "America"}, "America"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"timezone": 1}, "timezone"),
        ({"fields": ["cost", "colour"]}, "colour"),
        ({"fields": ["Cost"]}, "Cost"),
        ({"fields": "cost"}, "fields"),
        ({"fields": [1]}, "fields"),
        ({"include_all_metadata": "yes"}, "include_all_metadata"),
        ({"managed_accounts": "a"}, "managed_accounts"),
        ({"managed_accounts": [1]}, "managed_accounts"),
        ({"select_all_managed_accounts": 1}, "select_all_managed_accounts"),
    ],
)
@pytest.mark.parametrize("path", V2_PATHS)
def test_what_v2_alone_knows_is_refused_by_422(
    telnyx_vendor: Telnyx, path: str, change: dict[str, Any], told: str
) -> None:
    """The error names the field or the value, and nothing is created."""
    headers = {"Authorization": f"Bearer {telnyx_vendor.credentials['key']}"}
    answer = requests.post(f"{telnyx_vendor.root}{path}", json={**ALL, **change}, headers=headers, timeout=9)
    assert answer.status_code == 422
    assert told in answer.json()["errors"][0]["detail"]
    assert telnyx_vendor.created == []


def test_v2_filters_by_billing_group(telnyx_vendor: Telnyx, world: World) -> None:
    """Its id narrows the report."""
    group = telnyx_vendor.calls.holder.lines[0].billing_group_id
    criteria = [{"filter_type": "and", "billing_group": group}]
    report = v2(telnyx_vendor, "POST", json={**ALL, "filters": criteria}).json()["data"]
    world.after(seconds=10)
    found = rows(v2(telnyx_vendor, "GET", f"/{report['id']}").json()["data"]["report_url"])
    assert {row["Billing group Id"] for row in found} == {group}


def test_base_url_follows_the_api(world: World) -> None:
    """V2's base ends in /v2, as the vendor's own."""
    with telnyx(7, "main", clock=world, api="v2") as vendor:
        assert vendor.base_url == f"{vendor.root}/v2"
        assert f"{vendor.root}{V2}".startswith(vendor.base_url)


def test_the_log_tells_requests_and_no_secrets(telnyx_vendor: Telnyx, world: World) -> None:
    """Method, path, query and status; what was asked for is kept apart, for tests alone."""
    report = made(telnyx_vendor, report_name="tag")
    v1(telnyx_vendor, "GET", "?page=2")
    told = [(one.method, one.path, one.query, one.status) for one in telnyx_vendor.requests]
    assert told == [("POST", V1, "", 200), ("GET", V1, "page=2", 200)]
    (asked,) = telnyx_vendor.created
    assert (asked.id, asked.at, asked.body["report_name"]) == (report["id"], world.now, "tag")
    secrets = telnyx_vendor.credentials.values()
    assert not any(secret in repr(telnyx_vendor.requests) for secret in secrets)
