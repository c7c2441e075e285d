"""The simulated Flowroute, to the letter of its document and its example row."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from local.calls import truth
from local.vendors.flowroute import Flowroute, flowroute
from tests.local.vendors.asking import MEDIA, SPAN, exports, rows, wish
from tests.local.vendors.conftest import World

DAY = date(2026, 11, 20)
EXAMPLE = (
    "direction,start_time,end_time,destination,number_alias,callerid,total_cost,destination_name,callerid_country,"
    "line_information,result,call_fail_sip_code,call_fail_reason,duration,billed_duration,rate,first_increment,"
    "subsequent_increment,cost_subtotal,connect_fee,usf_fee,ccrf,cnam_lookup_fee,custom_x_tag,customer_ip"
)
NEWER = "sip_callid,cdr_id,sip_from_tag,sip_to_tag"
NULL_AT_FIRST = [
    *("download_url", "expires_at", "total_cost", "call_subtotal", "connect_fees"),
    *("cnamlookup_fees", "usf_fees", "ccrf", "num_calls", "billed_minutes"),
]


def made(vendor: Flowroute, **filters: Any) -> str:
    """The id of a new export."""
    answer = exports(vendor, "POST", json=wish(**filters))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["data"]["id"])


def got(vendor: Flowroute, id: str) -> dict[str, Any]:
    """The export's attributes."""
    attributes: dict[str, Any] = exports(vendor, "GET", f"/{id}").json()["data"]["attributes"]
    return attributes


def fetched(vendor: Flowroute, world: World, **filters: Any) -> list[dict[str, str]]:
    id = made(vendor, **filters)
    world.after(seconds=10)
    return rows(got(vendor, id)["download_url"])


def test_a_create_answers_as_the_example_does(flowroute_vendor: Flowroute) -> None:
    """202, links in both places, the filters in both places, everything null that is not known yet."""
    answer = exports(flowroute_vendor, "POST", json=wish("https://a.example/cb", number_aliases=["Office Line 1"]))
    assert (answer.status_code, answer.headers["Content-Type"]) == (202, MEDIA)
    body = answer.json()
    data, attributes = body["data"], body["data"]["attributes"]
    assert (data["type"], data["id"]) == ("cdrexport", "38647")
    assert data["links"] == body["links"] == {"self": f"{flowroute_vendor.base_url}/cdrs/exports/38647"}
    assert {name: attributes[name] for name in SPAN} == SPAN
    assert attributes["number_aliases"] == ["Office Line 1"]
    assert attributes["filter_parameters"] == {"number_aliases": ["Office Line 1"]}
    assert (attributes["callback_url"], attributes["status"]) == ("https://a.example/cb", "processing")
    assert attributes["requested_at"] == "2026-11-23T09:00:00+00:00"
    assert attributes["created_at"] == "2026-11-23T12:00:01+03:00"
    assert all(attributes[name] is None for name in NULL_AT_FIRST)


def test_an_id_may_be_an_integer(world: World) -> None:
    """As the document's field list says, against its own example."""
    with flowroute(7, "main", clock=world, per_day=1, whole_ids=True) as vendor:
        id = exports(vendor, "POST", json=wish()).json()["data"]["id"]
        assert id == 38647
        assert exports(vendor, "GET", f"/{id}").json()["data"]["id"] == id


def test_an_export_is_processing_then_completed_with_its_totals(flowroute_vendor: Flowroute, world: World) -> None:
    """Control totals agree with the truth and with the file, to the last of 8 decimals."""
    id = made(flowroute_vendor)
    world.after(seconds=1.9)
    assert got(flowroute_vendor, id)["status"] == "processing"
    world.after(seconds=4.2)
    done = got(flowroute_vendor, id)
    assert done["status"] == "completed"
    tally = truth(flowroute_vendor.calls.day(DAY))[DAY]
    assert (done["num_calls"], Decimal(done["total_cost"])) == (tally.rows, tally.cost)
    assert done["billed_minutes"] == f"{Decimal(tally.billed) / 60:.2f}"
    found = rows(done["download_url"])
    assert len(found) == tally.rows
    for total, column in (
        ("total_cost", "total_cost"),
        ("call_subtotal", "cost_subtotal"),
        ("connect_fees", "connect_fee"),
        ("cnamlookup_fees", "cnam_lookup_fee"),
        ("usf_fees", "usf_fee"),
        ("ccrf", "ccrf"),
    ):
        assert isinstance(done[total], str)
        assert Decimal(done[total]) == sum(Decimal(row[column]) for row in found)
    ready = datetime.fromisoformat(done["expires_at"]) - timedelta(days=3)
    assert timedelta(seconds=1) < ready - datetime(2026, 11, 23, 9, tzinfo=UTC) < timedelta(seconds=7)


def test_an_empty_window_is_completed_with_no_calls(flowroute_vendor: Flowroute, world: World) -> None:
    """A header, zero calls, zero money."""
    id = made(flowroute_vendor, callerid_numbers=["1"])
    world.after(seconds=10)
    done = got(flowroute_vendor, id)
    assert (done["status"], done["num_calls"], done["total_cost"]) == ("completed", 0, "0.00000000")
    assert rows(done["download_url"]) == []


def test_the_file_is_gzip_in_the_form_of_the_example_row(flowroute_vendor: Flowroute, world: World) -> None:
    """25 columns and four newer ones; times with +00, destination without a plus, decimals as there."""
    id = made(flowroute_vendor)
    world.after(seconds=10)
    url = got(flowroute_vendor, id)["download_url"]
    assert url.startswith(flowroute_vendor.download_from)
    assert url.split("?")[0].endswith(".csv.gz")
    answer = requests.get(url, timeout=9)
    assert answer.content[:2] == b"\x1f\x8b"
    assert "Content-Encoding" not in answer.headers
    found = {row["cdr_id"]: row for row in rows(url)}
    calls = flowroute_vendor.calls.day(DAY)
    assert list(found) == [call.row_id for call in calls]
    for call in calls:
        row = found[call.row_id]
        assert ",".join(row) == f"{EXAMPLE},{NEWER}"
        assert row["direction"] == call.direction.capitalize()
        assert row["start_time"] == f"{call.started_at:%Y-%m-%d %H:%M:%S}+00"
        assert row["destination"] == call.to_number.lstrip("+")
        assert row["callerid"] == call.from_number
        assert row["total_cost"] == f"{call.cost:.8f}"
        assert (row["rate"], row["connect_fee"]) == (f"{call.rate:.6f}", f"{call.connect_fee:.4f}")
        assert (row["ccrf"], row["cnam_lookup_fee"]) == (f"{call.ccrf:.8f}", f"{call.cnam_fee:.5f}")
        assert (row["result"], row["call_fail_sip_code"]) == (call.result, str(call.sip_code))
        assert (row["duration"], row["billed_duration"]) == (str(call.duration_s), str(call.billed_s))


def test_old_files_have_25_columns_and_plain_ones_are_not_compressed(world: World) -> None:
    """Both have been met."""
    with flowroute(7, "main", clock=world, per_day=9, old=True, plain=True) as vendor:
        id = made(vendor)
        world.after(seconds=10)
        text = requests.get(got(vendor, id)["download_url"], timeout=9).text
        assert text.splitlines()[0] == EXAMPLE


@pytest.mark.parametrize("minutes", [60, 15])
def test_windows_are_half_open_on_the_start(flowroute_vendor: Flowroute, world: World, minutes: int) -> None:
    """Windows that touch divide the day, edge calls and all: nothing twice, nothing lost."""
    found = []
    for n in range(0, 24 * 60, 360 if minutes == 60 else 720):
        start = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(minutes=n)
        for begin in (start, start + timedelta(minutes=minutes)):
            end = begin + timedelta(minutes=minutes)
            window = dict(zip(SPAN, (f"{begin:%Y-%m-%d %H:%M:%S}", f"{end:%Y-%m-%d %H:%M:%S}"), strict=True))
            ids = [row["cdr_id"] for row in fetched(flowroute_vendor, world, **window)]
            assert ids == [c.row_id for c in flowroute_vendor.calls.day(DAY) if begin <= c.started_at < end]
            found += ids
    assert len(found) == len(set(found))


def test_a_link_is_signed_once_and_dies_after_its_time(world: World) -> None:
    """The same link however often one asks, refused as S3 refuses; the export stays completed."""
    with flowroute(7, "main", clock=world, per_day=9, link_s=3600) as vendor:
        id = made(vendor)
        world.after(seconds=10)
        url = got(vendor, id)["download_url"]
        world.after(minutes=58)
        assert got(vendor, id)["download_url"] == url
        assert requests.get(url, timeout=9).status_code == 200
        world.after(minutes=2)
        assert requests.get(url, timeout=9).status_code == 403
        assert got(vendor, id)["status"] == "completed"


def test_credentials_sent_to_the_file_are_refused(flowroute_vendor: Flowroute, world: World) -> None:
    """A pre-signed link takes no Authorization header: 400, as S3 does."""
    id = made(flowroute_vendor)
    world.after(seconds=10)
    url = got(flowroute_vendor, id)["download_url"]
    answer = requests.get(url, auth=("simulated-access-key", "simulated-secret-key"), timeout=9)
    assert answer.status_code == 400
    assert "<Code>InvalidArgument</Code>" in answer.text


def test_the_list_wraps_twice_and_links_inside(flowroute_vendor: Flowroute, world: World) -> None:
    """Ten by default, newest first, at most 200, every link on a host that nobody can reach."""
    made_ids = [made(flowroute_vendor) for _ in range(12)]
    first = exports(flowroute_vendor, "GET").json()
    assert [item["data"]["id"] for item in first["data"]] == made_ids[::-1][:10]
    assert first["links"]["next"] == "http://cdr-api/v2/cdrs/exports?limit=10&offset=10"
    assert first["data"][0]["links"]["self"].startswith("http://cdr-api/")
    assert first["data"][0]["data"]["links"]["self"].startswith("http://cdr-api/")
    rest = exports(flowroute_vendor, "GET", params={"limit": 200, "offset": 10}).json()
    assert [item["data"]["id"] for item in rest["data"]] == made_ids[::-1][10:]
    assert "next" not in rest["links"]
    assert exports(flowroute_vendor, "GET", "?status=completed").json()["data"] == []
    world.after(seconds=10)
    assert len(exports(flowroute_vendor, "GET", "?status=completed&limit=200").json()["data"]) == 12


@pytest.mark.parametrize("query", ["limit=201", "limit=0", "limit=x", "offset=-1", "status=expired"])
def test_a_list_out_of_range_is_422(flowroute_vendor: Flowroute, query: str) -> None:
    """The error names the parameter."""
    answer = exports(flowroute_vendor, "GET", f"?{query}")
    assert answer.status_code == 422
    assert query.split("=")[0] in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("filters", "detail"),
    [
        ({"start_call_start_time": "2026-11-20"}, "start_call_start_time is improperly formatted."),
        ({"start_call_start_time": "2026-11-20T00:00:00"}, "start_call_start_time is improperly formatted."),
        ({"start_call_end_time": None}, "start_call_end_time is improperly formatted."),
        ({"start_call_end_time": "2026-11-20 00:00:00"}, "start_call_end_time must be after"),
        ({"start_call_start_time": "2026-08-20 23:59:59"}, "at most 92 days"),
        ({"direction": "both"}, "direction is improperly formatted."),
        ({"number_aliases": "Office"}, "number_aliases is improperly formatted."),
        ({"duration_greater_than": "5"}, "duration_greater_than is improperly formatted."),
        ({"tollfree_only": "yes"}, "tollfree_only is improperly formatted."),
        ({"colour": "red"}, "colour is not a filter parameter."),
    ],
)
def test_a_value_that_cannot_be_is_422(flowroute_vendor: Flowroute, filters: dict[str, Any], detail: str) -> None:
    """In the document's words, and nothing is created."""
    answer = exports(flowroute_vendor, "POST", json=wish(**filters))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert set(error) == {"detail", "id", "status", "title"}
    assert error["status"] == 422
    assert error["detail"].startswith("Invalid value: ")
    assert detail in error["detail"]
    assert flowroute_vendor.created == []


def test_ninety_two_days_are_allowed(flowroute_vendor: Flowroute) -> None:
    """Exactly; one second more is not, above."""
    window = {"start_call_start_time": "2026-08-21 00:00:00", "start_call_end_time": "2026-11-21 00:00:00"}
    assert made(flowroute_vendor, **window)


@pytest.mark.parametrize("url", ["ftp://a.example/x", "a.example/x", "", "https://", 5, "file:///etc/passwd"])
def test_a_callback_goes_to_the_web_or_nowhere(flowroute_vendor: Flowroute, url: Any) -> None:
    """Anything but http and https with a host is 422."""
    answer = exports(flowroute_vendor, "POST", json=wish(url))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"] == "Invalid value: callback_url is improperly formatted."


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"data": {"type": "cdrexport"}}'])
def test_a_body_without_attributes_is_400(flowroute_vendor: Flowroute, body: bytes) -> None:
    """Nothing to parse is not the same as a wrong value."""
    assert exports(flowroute_vendor, "POST", data=body).status_code == 400


def test_the_type_and_the_window_are_required(flowroute_vendor: Flowroute) -> None:
    """Each missing piece is named."""
    for body, named in (
        ({"data": {"type": "cdr", "attributes": {}}}, "type"),
        ({"data": {"type": "cdrexport", "attributes": {}}}, "filter_parameters"),
        ({"data": {"type": "cdrexport", "attributes": {"filter_parameters": {}}}}, "start_call_start_time"),
    ):
        answer = exports(flowroute_vendor, "POST", json=body)
        assert answer.status_code == 422
        assert named in answer.json()["errors"][0]["detail"]


def test_another_content_type_is_415(flowroute_vendor: Flowroute) -> None:
    """The document's curl line sends one that the API does not take."""
    for media in ("application/json", "application/vnd+api.json", f"{MEDIA}; charset=utf-8"):
        answer = exports(flowroute_vendor, "POST", json=wish(), headers={"Content-Type": media})
        assert answer.status_code == 415
        assert answer.json()["errors"][0]["status"] == 415


def test_wrong_keys_are_401_and_the_rest_404_and_405(flowroute_vendor: Flowroute) -> None:
    """There is no delete and no cancel; every error has the same shape."""
    url = f"{flowroute_vendor.base_url}/cdrs/exports"
    access = flowroute_vendor.credentials["access_key"]
    answers = {
        401: requests.get(url, auth=(access, "wrong"), timeout=9),
        404: exports(flowroute_vendor, "GET", "/1"),
        405: exports(flowroute_vendor, "DELETE", f"/{made(flowroute_vendor)}"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        (error,) = answer.json()["errors"]
        assert (set(error), error["status"]) == ({"detail", "id", "status", "title"}, status)
        assert answer.headers["Content-Type"] == MEDIA
    assert requests.get(url, timeout=9).status_code == 401
    assert requests.get(url, headers={"Authorization": "Bearer x"}, timeout=9).status_code == 401


def test_all_history_is_kept(flowroute_vendor: Flowroute, world: World) -> None:
    """Years back."""
    window = {"start_call_start_time": "2023-02-01 00:00:00", "start_call_end_time": "2023-02-02 00:00:00"}
    assert len(fetched(flowroute_vendor, world, **window)) == len(flowroute_vendor.calls.day(date(2023, 2, 1)))


def test_the_same_export_has_the_same_bytes(world: World) -> None:
    """In another server with the same seed too: not even gzip's header knows the time."""
    seen = set()
    for _ in range(2):
        with flowroute(7, "main", clock=world, per_day=30) as vendor:
            id = made(vendor)
            world.after(minutes=1)
            seen.add(requests.get(got(vendor, id)["download_url"], timeout=9).content)
    (content,) = seen
    assert content[4:8] == bytes(4)  # gzip's time of modification
