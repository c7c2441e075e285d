"""The simulated DIDWW, to the letter of its pages at version 2026-04-16."""

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from local.calls import Call
from local.vendors.didww import MEDIA, Didww
from local.vendors.didww_asks import trunk_id
from tests.local.vendors.conftest import World

SPAN = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
SHARED = "Date/Time Start (UTC),Date/Time Connect (UTC),Date/Time End (UTC),Status,Source"
HEADINGS = {
    "cdr_in": f"{SHARED},Source Name,Destination DID,Duration (sec),Attempt,Disconnect Code,Response,"
    "Disconnect Initiator,Voice IN Trunk,Destination,Trunk Group,Capacity Group,Toll-free (USD),PSTN (USD),"
    "Metered (USD),CNAM IN (USD),Total (USD),Call ID",
    "cdr_out": f"{SHARED},CLI,Destination Number,Call Duration (sec),Billing Duration (sec),Disconnect Code,"
    "Disconnect Reason,Voice OUT Trunk,Destination Country,Network,Call Type,Rate (USD),Charged (USD),Call ID",
}


@pytest.fixture
def vendor(world: World) -> Iterator[Didww]:
    with Didww(7, "main", clock=world, per_day=60, callbacks="never") as made:
        yield made


def called(vendor: Didww, method: str, path: str = "", **more: Any) -> requests.Response:
    """One operation of DIDWW."""
    headers = {"Api-Key": vendor.credentials["key"], "Content-Type": MEDIA, "X-DIDWW-API-Version": "2026-04-16"}
    return requests.request(method, f"{vendor.base_url}/exports{path}", headers=headers, timeout=20, **more)


def wish(kind: str = "cdr_in", filters: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The body of a create."""
    attributes = {"export_type": kind, "filters": {**SPAN, **(filters or {})}, **more}
    return {"data": {"type": "exports", "attributes": attributes}}


def made(vendor: Didww, kind: str = "cdr_in", filters: dict[str, Any] | None = None, **more: Any) -> str:
    """The id of a new export."""
    answer = called(vendor, "POST", json=wish(kind, filters, **more))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def got(vendor: Didww, id: str) -> dict[str, Any]:
    """The export's attributes."""
    attributes: dict[str, Any] = called(vendor, "GET", f"/{id}").json()["data"]["attributes"]
    return attributes


def fetched(vendor: Didww, world: World, kind: str, filters: dict[str, Any] | None = None) -> str:
    """The text of a new export's file."""
    id = made(vendor, kind, filters)
    world.after(seconds=10)
    key = {"Api-Key": vendor.credentials["key"]}
    return gzip.decompress(requests.get(got(vendor, id)["url"], headers=key, timeout=20).content).decode()


def calls(vendor: Didww, direction: str) -> list[Call]:
    span = (datetime(2026, 11, day, tzinfo=UTC) for day in (20, 21))
    return [one for one in vendor.calls.between(*span) if one.direction == direction]


def test_a_create_answers_as_the_example_does(vendor: Didww) -> None:
    """201, everything null that was not given, the span echoed with a space, and the version that answered."""
    answer = called(vendor, "POST", json=wish(external_reference_id="mine"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, MEDIA)
    assert answer.json()["meta"] == {"api_version": "2026-04-16"}
    data = answer.json()["data"]
    assert data["type"] == "exports"
    assert data["attributes"] == {
        "status": "pending",
        "created_at": "2026-11-23T09:00:00.000Z",
        "external_reference_id": "mine",
        "url": None,
        "callback_url": None,
        "callback_method": None,
        "export_type": "cdr_in",
        "filters": {"from": "2026-11-20 00:00:00", "to": "2026-11-21 00:00:00"},
    }


def test_an_export_is_pending_then_processing_then_completed(vendor: Didww, world: World) -> None:
    """With its address only at the end."""
    id = made(vendor)
    seen = [(got(vendor, id)["status"], got(vendor, id)["url"])]
    for _ in range(60):
        world.after(seconds=0.1)
        one = got(vendor, id)
        seen.append((one["status"], one["url"] and "there"))
    assert list(dict.fromkeys(seen)) == [("pending", None), ("processing", None), ("completed", "there")]


@pytest.mark.parametrize(("kind", "direction"), [("cdr_in", "inbound"), ("cdr_out", "outbound")])
def test_a_file_has_every_call_of_its_direction(vendor: Didww, world: World, kind: str, direction: str) -> None:
    """Under the headings of the page, with the page's cost for each."""
    text = fetched(vendor, world, kind)
    assert text.partition("\n")[0] == HEADINGS[kind]
    rows, wanted = list(csv.DictReader(io.StringIO(text))), calls(vendor, direction)
    cost = "Total (USD)" if kind == "cdr_in" else "Charged (USD)"
    told = sorted((one["Date/Time Start (UTC)"], one["Call ID"], one[cost]) for one in rows)
    assert told == sorted((f"{one.started_at:%Y-%m-%d %H:%M:%S}", one.call_id, f"{one.cost:.8f}") for one in wanted)
    assert len(rows) > 10


def test_a_filter_keeps_the_calls_of_one_number_or_one_trunk(vendor: Didww, world: World) -> None:
    """Each in its own direction."""
    number = calls(vendor, "inbound")[0].to_number.removeprefix("+")
    rows = list(csv.DictReader(io.StringIO(fetched(vendor, world, "cdr_in", {"did_number": number}))))
    assert {one["Destination DID"] for one in rows} == {number}
    first = calls(vendor, "outbound")[0]
    text = fetched(vendor, world, "cdr_out", {"voice_out_trunk.id": trunk_id(first)})
    assert {one["Voice OUT Trunk"] for one in csv.DictReader(io.StringIO(text))} == {first.connection_id}


def test_the_file_needs_the_key_and_is_not_there_before_its_time(vendor: Didww, world: World) -> None:
    """401 without the key, 404 for a name that nobody has."""
    id = made(vendor)
    world.after(seconds=10)
    url = got(vendor, id)["url"]
    assert url.startswith(vendor.download_from)
    assert requests.get(url, timeout=20).status_code == 401
    assert called(vendor, "GET", "/nobody.csv.gz").status_code == 404
    assert called(vendor, "GET", f"/{url.rpartition('/')[2]}").headers["Content-Type"] == "application/gzip"
    assert [status for _, status in vendor.downloads] == [401, 404, 200]


def test_an_export_is_deleted_a_month_after_it_was_completed(vendor: Didww, world: World) -> None:
    """It cannot be retrieved, listed or fetched any more."""
    id = made(vendor)
    world.after(days=29)
    url = got(vendor, id)["url"]
    world.after(days=2)
    assert called(vendor, "GET", f"/{id}").status_code == 404
    assert called(vendor, "GET").json()["data"] == []
    assert called(vendor, "GET", f"/{url.rpartition('/')[2]}").status_code == 404


@pytest.mark.parametrize("key", ["", "wrong", "Bearer simulated-didww-key"])
def test_the_key_stands_alone(vendor: Didww, key: str) -> None:
    """Without a word before it."""
    answer = requests.get(f"{vendor.base_url}/exports", headers={"Api-Key": key}, timeout=20)
    assert (answer.status_code, answer.json()["errors"][0]["status"]) == (401, "401")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "sms_in"}, "export_type"),
        ({"filters": {"to": "2026-11-20T00:00:00Z"}}, "filters/from"),
        ({"filters": {"from": "2026-08-31T00:00:00Z"}}, "filters/from"),
        ({"filters": {"to": "2026-11-24T00:00:00Z"}}, "filters/to"),
        ({"filters": {"from": "yesterday"}}, "filters/from"),
        ({"filters": {"voice_out_trunk.id": "x"}}, "filters"),
        ({"external_reference_id": "x" * 101}, "external_reference_id"),
        ({"callback_url": "https://a.example/cb"}, "callback_method"),
        ({"callback_method": "post"}, "callback_url"),
    ],
)
def test_a_request_that_breaks_a_rule_is_422(vendor: Didww, more: dict[str, Any], field: str) -> None:
    """The error names the field, and nothing is created."""
    answer = called(vendor, "POST", json=wish(**more))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"].startswith(f"{field} - ")
    assert vendor.created == []


def test_the_two_months_before_this_one_can_be_asked_for(vendor: Didww) -> None:
    """From their first second."""
    made(vendor, filters={"from": "2026-09-01T00:00:00Z", "to": "2026-09-02T00:00:00Z"})


def test_the_list_is_paged_and_filtered_by_the_reference(vendor: Didww) -> None:
    """Newest first, the total told, no next link on the last page."""
    for n in range(5):
        made(vendor, external_reference_id=f"n{n}")
    pages = [called(vendor, "GET", params={"page[number]": n, "page[size]": 2}).json() for n in (1, 2, 3, 4)]
    told = [[one["attributes"]["external_reference_id"] for one in page["data"]] for page in pages]
    assert told == [["n4", "n3"], ["n2", "n1"], ["n0"], []]
    assert ["next" in page["links"] for page in pages] == [True, True, False, False]
    assert {page["meta"]["total_records"] for page in pages} == {5}
    (one,) = called(vendor, "GET", params={"filter[external_reference_id]": "n3"}).json()["data"]
    assert one["attributes"]["external_reference_id"] == "n3"


@pytest.mark.parametrize("query", ["page[number]=0", "page[size]=101", "page[size]=x", "filter[status]=completed"])
def test_a_list_that_is_asked_for_wrongly_is_400(vendor: Didww, query: str) -> None:
    """At most 100 a page; this version filters by the reference alone."""
    assert called(vendor, "GET", f"?{query}").status_code == 400


def test_an_export_that_failed_is_completed_and_has_no_file(vendor: Didww, world: World) -> None:
    """There is no other word."""
    vendor.faults.add("failed")
    id = made(vendor)
    world.after(seconds=10)
    assert (got(vendor, id)["status"], got(vendor, id)["url"]) == ("completed", None)
