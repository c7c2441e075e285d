"""Faults of any operation, of a create and of a list, as a client of either vendor meets them."""

import pytest
import requests
from flask.typing import ResponseReturnValue

from local.vendors.faults import at
from local.vendors.flowroute import Flowroute, flowroute
from local.vendors.http import hang_up
from local.vendors.telnyx import Telnyx, telnyx
from tests.local.vendors.asking import v2
from tests.local.vendors.clients import Client, client
from tests.local.vendors.conftest import World

STATUSES = {"unauthorized": 401, "forbidden": 403, "throttled": 429, "broken": 500, "page": 200, "redirect": 302}
CASES = [(vendor, on) for vendor in (Telnyx, Flowroute) for on in vendor.operations]


@pytest.fixture(params=["telnyx_vendor", "flowroute_vendor"])
def one(request: pytest.FixtureRequest) -> Client:
    return client(request.getfixturevalue(request.param))


def test_each_of_them_is_tried_here() -> None:
    """A fault of any operation that is added without a case here fails."""
    assert {*STATUSES, "nothing", "truncated"} == at("any operation")


@pytest.mark.parametrize("fault", STATUSES)
@pytest.mark.parametrize(("kind", "on"), CASES)
def test_a_fault_strikes_one_operation_alone(world: World, kind: type[Telnyx | Flowroute], on: str, fault: str) -> None:
    """As often as told, whatever else is asked between; the others go on."""
    with kind(7, "main", clock=world, per_day=9) as vendor:
        one = client(vendor)
        id = one.made()
        calls = one.operations(id)
        vendor.faults.add(fault, 2, on=on)
        for name, call in calls.items():
            if name not in (on, "delete"):
                assert call().status_code in (200, 202)
        struck = [_call(calls[on]) for _ in range(2)]
        assert [answer.status_code for answer in struck] == [STATUSES[fault]] * 2
        assert calls[on]().status_code in (200, 202)
        assert not vendor.faults.pending


def _call(call: object) -> requests.Response:
    """Redirects are not followed here, for what they say is what is asked about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests.Session, "resolve_redirects", lambda *_, **__: iter(()))
        return call()  # type: ignore[operator,no-any-return]  # one of the functions above


@pytest.mark.parametrize("on", ["create", None])
def test_an_answer_can_be_a_page_of_something_else(one: Client, on: str | None) -> None:
    """HTML with status 200, and nothing was created."""
    one.vendor.faults.add("page", on=on)
    answer = one.create()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert one.ids() == []


def test_a_redirect_leads_to_another_origin_that_has_nothing(one: Client) -> None:
    """Who follows it is seen there; nothing was created."""
    one.vendor.faults.add("redirect", 2)
    answer = _call(one.create)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{one.vendor.files_url}/moved")
    assert one.vendor.downloads == []
    followed = one.listed()
    assert followed.status_code in (400, 403)
    assert one.vendor.downloads == [("moved", followed.status_code)]
    assert one.ids() == []


def test_an_answer_can_be_empty_though_the_report_was_created(one: Client) -> None:
    """Status 200, no byte; the list has it."""
    one.vendor.faults.add("nothing", 2)
    answer = one.create()
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")
    assert one.listed().content == b""
    assert len(one.ids()) == 1


def test_an_answer_can_end_in_the_middle(one: Client) -> None:
    """Fewer bytes than its Content-Length, half of the JSON; the report is there all the same."""
    one.vendor.faults.add("truncated", 2)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        one.create()
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        one.listed()
    assert len(one.ids()) == 1


def test_a_refusal_is_not_spoiled_as_well(one: Client) -> None:
    """The fault waits for a success."""
    one.vendor.faults.add("nothing")
    assert one.retrieve("7").status_code == 404
    assert one.listed().content == b""


def test_a_fault_strikes_what_no_operation_answers(one: Client) -> None:
    """Unless it is kept for one."""
    one.vendor.faults.add("forbidden", on="list")
    assert requests.get(f"{one.vendor.root}/nope", timeout=9).status_code == 401
    one.vendor.faults.add("broken")
    assert requests.get(f"{one.vendor.root}/nope", timeout=9).status_code == 500


@pytest.mark.parametrize(("seconds", "told"), [(None, "2"), (37, "37"), (0.5, "1")])
def test_a_429_says_how_long_to_wait(one: Client, seconds: float | None, told: str) -> None:
    """Two seconds unless told otherwise, in the vendor's own header."""
    one.vendor.faults.add("throttled", seconds=seconds)
    answer = one.listed()
    assert answer.headers["x-ratelimit-reset" if one.vendor.name == "telnyx" else "Retry-After"] == told


def test_a_created_report_can_be_missing_from_the_list(one: Client, world: World) -> None:
    """For its seconds; it can be retrieved meanwhile, and others are listed."""
    one.vendor.faults.add("hidden")
    one.vendor.faults.add("hidden", seconds=60)
    late, sooner, other = one.made(), one.made(), one.made()
    assert one.ids() == [other]
    assert one.retrieve(late).status_code == 200
    world.after(seconds=60)
    assert one.ids() == [other, sooner]
    world.after(seconds=540)
    assert one.ids() == [other, sooner, late]


def test_an_unanswered_create_can_be_missing_from_the_list_too(one: Client, world: World) -> None:
    """Both strike the same create, twice as both were asked for twice; then the list tells of them."""
    for fault in ("dropped", "hidden"):
        one.vendor.faults.add(fault, 2)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            one.create()
    assert len(one.vendor.created) == 2
    assert one.ids() == []
    assert one.create().status_code in (200, 202)
    world.after(seconds=600)
    assert len(one.ids()) == 3


def test_a_create_that_was_refused_uses_up_no_fault(one: Client) -> None:
    """It strikes the next that is accepted."""
    one.vendor.faults.add("dropped")
    one.vendor.faults.add("stuck")
    assert one.call(one.vendor, "POST", json={}).status_code in (400, 422)
    with pytest.raises(requests.ConnectionError):
        one.create()
    assert not one.vendor.faults.pending


def _page(one: Client, number: int, size: int) -> list[str]:
    place = {"page": number + 1} if one.vendor.name == "telnyx" else {"offset": number * size}
    return one.ids(**{one.sized: size, **place})


def test_a_list_can_move_between_two_pages(one: Client) -> None:
    """The entry at the head of the second page is skipped, twice; then the list stands still."""
    made = [one.made() for _ in range(9)][::-1]
    one.vendor.faults.add("moving", 2)
    assert _page(one, 0, 9) == made  # there is no next page that could move
    assert _page(one, 0, 2) == made[:2]
    assert _page(one, 1, 2) == made[3:5]
    assert _page(one, 0, 2) == [made[0], made[2]]
    assert _page(one, 1, 2) == made[4:6]
    assert _page(one, 0, 2) == [made[0], made[3]]
    assert _page(one, 1, 2) == made[4:6]
    assert all(one.retrieve(id).status_code == 200 for id in made)


def test_a_server_may_give_smaller_pages_than_asked_for(world: World) -> None:
    """Telnyx numbers its pages in that size, and V2 says which; Flowroute's offsets count entries anyway."""
    for vendor in (
        telnyx(7, "main", clock=world, per_day=9, page_most=2),
        flowroute(7, "main", clock=world, per_day=9, page_most=2),
    ):
        with vendor:
            one = client(vendor)
            made = [one.made() for _ in range(5)][::-1]
            assert _page(one, 0, 200) == made[:2]
            assert _page(one, 0, 1) == made[:1]
    with telnyx(7, "main", clock=world, per_day=9, page_most=2) as vendor:
        one = client(vendor)
        made = [one.made() for _ in range(5)][::-1]
        assert _page(one, 1, 200) == made[2:4]
        assert v2(vendor, "GET", params={"page[size]": 200}).json()["meta"] == {
            "page_number": 1, "page_size": 2, "total_pages": 3, "total_results": 5,
        }  # fmt: skip


class Own(Telnyx):
    """A vendor that hangs up by itself."""

    def _create(self) -> ResponseReturnValue:
        answer = super()._create()
        return hang_up() if self.faults.take("dropped") else answer


def test_a_vendor_that_hangs_up_by_itself_uses_up_one_fault(world: World) -> None:
    """The frame does not take another for the same create."""
    with Own(7, "main", clock=world, per_day=9) as vendor:
        one = client(vendor)
        vendor.faults.add("dropped", 2)
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                one.create()
        assert one.create().status_code == 200
