"""Faults of a report and of its file, as a client of either vendor meets them."""

import gzip
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
import requests

from local.vendors.flowroute import Flowroute, flowroute
from local.vendors.flowroute_file import COLUMNS, NEWER
from local.vendors.telnyx import Telnyx
from tests.local.vendors.asking import ALL, rows, v1, v2
from tests.local.vendors.clients import Client, client, table
from tests.local.vendors.conftest import World


@pytest.fixture(params=["telnyx_vendor", "flowroute_vendor"])
def one(request: pytest.FixtureRequest) -> Client:
    return client(request.getfixturevalue(request.param))


@pytest.fixture
def plain(world: World) -> Iterator[Client]:
    """A Flowroute that does not compress."""
    with flowroute(7, "main", clock=world, per_day=60, plain=True) as vendor:
        yield client(vendor)


def struck(one: Client, world: World, *faults: str) -> str:
    """The id of a report that was struck by these, once it would be ready."""
    for fault in faults:
        one.vendor.faults.add(fault)
    id = one.made()
    assert not one.vendor.faults.pending
    world.after(seconds=10)
    return id


@pytest.mark.parametrize(("seconds", "wait"), [(None, 600), (30, 30)])
def test_a_report_can_take_longer(one: Client, world: World, seconds: float | None, wait: int) -> None:
    """So many seconds more than it would have; then it is as any other."""
    one.vendor.faults.add("slow", seconds=seconds)
    slow, other = one.made(), one.made()
    world.after(seconds=6)
    assert (one.got(other)["status"], one.got(slow)["status"]) == (one.done, one.pending)
    world.after(seconds=wait - 6)
    assert one.got(slow)["status"] == one.pending
    world.after(seconds=6)
    assert one.got(slow)["status"] == one.done
    assert table(one.link(slow)) == table(one.link(other))


def test_a_report_can_be_stuck(one: Client, world: World) -> None:
    """For days."""
    id = struck(one, world, "stuck")
    world.after(days=20)
    assert one.got(id)["status"] == one.pending


def test_a_report_of_telnyx_can_expire_at_once(telnyx_vendor: Telnyx, world: World) -> None:
    """Pending at first, then status 4 and no link."""
    one = client(telnyx_vendor)
    one.vendor.faults.add("expired")
    id = one.made()
    assert one.got(id)["status"] == 1
    world.after(seconds=10)
    told = one.got(id)
    assert (told["status"], told["report_url"]) == (4, None)


def test_a_report_of_flowroute_can_expire_at_once(flowroute_vendor: Flowroute, world: World) -> None:
    """There is no such status: it is completed, its time is over, and its link is refused."""
    one = client(flowroute_vendor)
    told = one.got(struck(one, world, "expired"))
    assert told["status"] == "completed"
    assert datetime.fromisoformat(told["expires_at"]) < world.now
    answer = requests.get(told["download_url"], timeout=9)
    assert (answer.status_code, "Request has expired" in answer.text) == (403, True)


def test_a_report_can_be_empty(one: Client, world: World) -> None:
    """A header line alone; where there are totals, they are nought."""
    told = one.got(struck(one, world, "empty"))
    (header,) = table(told.get("report_url") or told["download_url"])
    assert len(header) > 20
    assert told["status"] == one.done
    if one.vendor.name == "flowroute":
        totals = ("num_calls", "total_cost", "call_subtotal", "billed_minutes")
        assert [Decimal(told[name]) for name in totals] == [0] * 4


def test_a_gzip_can_end_in_the_middle(flowroute_vendor: Flowroute, world: World) -> None:
    """Its Content-Length agrees with what comes: only who unpacks it sees."""
    one = client(flowroute_vendor)
    answer = requests.get(one.link(struck(one, world, "cut")), timeout=9)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(EOFError):
        gzip.decompress(answer.content)
    whole = one.made()
    world.after(seconds=10)
    assert requests.get(one.link(whole), timeout=9).content.startswith(answer.content)


@pytest.mark.parametrize("which", ["telnyx_vendor", "plain"])
def test_plain_text_can_end_in_the_middle_of_a_row(request: pytest.FixtureRequest, world: World, which: str) -> None:
    """Its last line is a part of one, without an end."""
    found = request.getfixturevalue(which)
    one = found if isinstance(found, Client) else client(found)
    cut = struck(one, world, "cut")
    other = one.made()
    world.after(seconds=10)
    answer, whole = (requests.get(one.link(id), timeout=9) for id in (cut, other))
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert whole.content.startswith(answer.content)
    lines, full = answer.text.split("\n"), whole.text.split("\n")
    assert 2 < len(lines) < len(full) - 2
    assert 0 < len(lines[-1]) < len(full[len(lines) - 1])


def test_even_an_empty_file_can_be_cut(one: Client, world: World) -> None:
    """Inside its header."""
    id = struck(one, world, "empty", "cut")
    assert len(requests.get(one.link(id), timeout=9).content) > 2


@pytest.mark.parametrize("which", ["telnyx_vendor", "flowroute_vendor", "plain"])
def test_a_file_can_have_other_columns(request: pytest.FixtureRequest, world: World, which: str) -> None:
    """Reversed, one known heading renamed, an unknown one added; the values are those of before."""
    found = request.getfixturevalue(which)
    one = found if isinstance(found, Client) else client(found)
    other = struck(one, world, "columns")
    known = one.made()
    world.after(seconds=10)
    changed, usual = table(one.link(other)), table(one.link(known))
    renamed = {"telnyx": "Billing group", "flowroute": "number_alias"}[one.vendor.name]
    assert changed[0][0] == "Simulated column"
    assert changed[0][1:] == [f"{renamed} (renamed)" if name == renamed else name for name in usual[0][::-1]]
    assert [line[1:] for line in changed[1:]] == [line[::-1] for line in usual[1:]]
    assert len(usual) > 10


def test_a_renamed_column_need_not_be_there(telnyx_vendor: Telnyx, world: World) -> None:
    """Whoever asked for few fields has another one renamed."""
    telnyx_vendor.faults.add("columns")
    body = {**ALL, "fields": ["call_uuid", "direction", "cost"]}
    id = v2(telnyx_vendor, "POST", json=body).json()["data"]["id"]
    world.after(seconds=10)
    header = table(v2(telnyx_vendor, "GET", f"/{id}").json()["data"]["report_url"])[0]
    assert header == ["Simulated column", "Cost", "Direction (renamed)", "Call UUID"]


def test_a_total_of_rows_can_be_wrong_by_one(flowroute_vendor: Flowroute, world: World) -> None:
    """The file is right, and so is the money."""
    one = client(flowroute_vendor)
    told = one.got(struck(one, world, "count"))
    found = rows(told["download_url"])
    assert told["num_calls"] == len(found) + 1
    assert Decimal(told["total_cost"]) == sum(Decimal(row["total_cost"]) for row in found)


def test_totals_of_money_can_be_rounded_to_cents(flowroute_vendor: Flowroute, world: World) -> None:
    """All of them; the rows are counted right."""
    one = client(flowroute_vendor)
    told = one.got(struck(one, world, "cents"))
    found = rows(told["download_url"])
    assert told["num_calls"] == len(found)
    for total, column in (("total_cost", "total_cost"), ("call_subtotal", "cost_subtotal"), ("ccrf", "ccrf")):
        true = sum((Decimal(row[column]) for row in found), Decimal())
        assert Decimal(told[total]).as_tuple().exponent == -2
        assert Decimal(told[total]) == true.quantize(Decimal("0.01")) != true


@pytest.mark.parametrize(("source", "other"), [("calls", "call-control"), ("call-control", "calls")])
def test_a_report_can_have_calls_of_another_source(
    telnyx_vendor: Telnyx, world: World, source: str, other: str
) -> None:
    """All of its own, and every fifth of the other one that the rest of the request allows."""
    telnyx_vendor.faults.add("both")
    body = {**ALL, "source": source, "call_types": [1]}
    id = v1(telnyx_vendor, "POST", json=body).json()["id"]
    world.after(seconds=10)
    found = [row["Unique CDR ID"] for row in rows(v1(telnyx_vendor, "GET", f"/{id}").json()["report_url"])]
    day = [call for call in telnyx_vendor.calls.day(date(2026, 11, 20)) if call.direction == "inbound"]
    theirs = [call.row_id for call in day if call.source == other][::5]
    assert theirs
    assert sorted(found) == sorted([*(call.row_id for call in day if call.source == source), *theirs])


def test_a_stale_link_is_handed_out_to_a_retrieve_alone(one: Client, world: World) -> None:
    """Refused as any link past its life; the list shows a good one, and so does the next retrieve."""
    id = one.made()
    one.vendor.faults.add("stale")
    assert one.got(id)["status"] == one.pending  # without a link nothing is used up
    world.after(seconds=10)
    assert one.listed().status_code == 200
    stale = one.link(id)
    answer = requests.get(stale, timeout=9)
    assert (answer.status_code, "Request has expired" in answer.text) == (403, True)
    good = one.link(id)
    assert good != stale
    assert requests.get(good, timeout=9).status_code == 200


def test_faults_of_one_report_leave_the_next_alone(one: Client, world: World) -> None:
    """Whatever struck the first, the second is whole."""
    struck(one, world, "empty", "columns", "cut", "slow")
    other = one.made()
    world.after(seconds=10)
    lines = table(one.link(other))
    assert len(lines) > 10
    assert set(map(len, lines)) == {len(COLUMNS | NEWER) if one.vendor.name == "flowroute" else len(lines[0])}
