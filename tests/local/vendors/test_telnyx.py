"""The simulated Telnyx: V1 to the letter of its document, V2 as its twin."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest
import requests

from local.calls import Axis
from local.vendors.telnyx import V2 as V2_PATHS
from local.vendors.telnyx import Telnyx, telnyx
from tests.local.vendors.asking import ALL, V1, V2, WINDOW, rows, v1, v2
from tests.local.vendors.conftest import World

FIELDS = [
    *("id", "start_time", "end_time", "call_types", "record_types", "connections", "report_name", "status"),
    *("report_url", "filters", "created_at", "updated_at"),
]


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


def test_a_request_is_echoed_with_every_documented_field(telnyx_vendor: Telnyx) -> None:
    """Bare, ids and connections as strings, filters as one string, no link yet."""
    wanted = {"connections": ["17", "18"], "report_name": "cdr1.tag", "source": "call-control"}
    criteria = [{"filter_type": "and", "cli": "+1206", "cli_filter": "starts_with"}]
    body = made(telnyx_vendor, **wanted, filters=criteria)
    assert list(body) == FIELDS
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
        ("oldest", "2026-11-01T00:00:00+00:00", "2026-11-22T09:00:00+00:00", 200),
        ("oldest", "2026-11-22T00:00:00+00:00", "2026-11-22T08:59:59+00:00", 400),
    ],
)
def test_each_reading_of_the_24_hour_rule(world: World, rule: Any, start: str, end: str, status: int) -> None:
    """Latest end, longest span, oldest end: each refuses what lies one second beyond."""
    with telnyx(7, "main", clock=world, per_day=1, end_rule=rule) as vendor:
        assert v1(vendor, "POST", json={"start_time": start, "end_time": end}).status_code == status


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


def test_v2_has_more_sources_and_filters(telnyx_vendor: Telnyx, world: World) -> None:
    """A fax source without calls, and a billing group that narrows."""
    assert v2(telnyx_vendor, "POST", json={**ALL, "source": "fax-api"}).status_code == 200
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
