"""Faults asked for over HTTP, beside the vendor's API."""

from typing import Any

import pytest
import requests

from local.vendors.faults import FAULTS
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests.local.vendors.asking import exports, v1


def control(vendor: Telnyx | Flowroute, method: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{vendor.root}/_faults", json=body, timeout=9)


def test_what_can_be_asked_for_is_told(telnyx_vendor: Telnyx, flowroute_vendor: Flowroute) -> None:
    """In the order and the words of the table, less what this vendor cannot play; and that it is simulated."""
    for vendor in (telnyx_vendor, flowroute_vendor):
        answer = control(vendor, "GET")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        told = answer.json()
        assert (told["simulated"], told["vendor"], told["pending"]) == (True, vendor.name, [])
        assert told["faults"] == [
            {"fault": name, "strikes": fault.where, "does": fault.does, "seconds": fault.seconds}
            for name, fault in FAULTS.items()
            if name in vendor.plays
        ]


def test_a_fault_that_is_asked_for_strikes(flowroute_vendor: Flowroute) -> None:
    """Neither key nor content type is needed, and nothing of it is in the vendor's log."""
    url = f"{flowroute_vendor.root}/_faults"
    body = '{"fault": "throttled", "times": 2, "on": "list", "seconds": 9}'
    pending = [{"fault": "throttled", "times": 2, "on": "list", "seconds": 9}]
    assert requests.post(url, data=body, timeout=9).json() == {"pending": pending}
    answer = exports(flowroute_vendor, "GET")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "9")
    assert control(flowroute_vendor, "GET").json()["pending"] == [{**pending[0], "times": 1}]
    assert [one.path for one in flowroute_vendor.requests] == ["/v2/cdrs/exports"]


def test_no_fault_keeps_one_from_taking_it_back(telnyx_vendor: Telnyx) -> None:
    """DELETE forgets all, whatever is pending."""
    control(telnyx_vendor, "POST", {"fault": "broken", "times": 99})
    assert control(telnyx_vendor, "DELETE").json() == {"pending": []}
    assert v1(telnyx_vendor, "GET").status_code == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "the body must be JSON such as"),
        ([], "the body must be JSON such as"),
        ({"fault": ["broken"]}, "the body must be JSON such as"),
        ({"fault": "droped"}, "no such fault: 'droped'; possible: unauthorized, "),
        ({"fault": "silent"}, "this vendor cannot play 'silent'; possible: unauthorized, "),
        ({"fault": "broken", "times": "2"}, "times: a whole number, at least 1, not '2'"),
        ({"fault": "broken", "on": "fetch"}, "on: no such operation: 'fetch'; possible: create, list, "),
        ({"fault": "broken", "on": ["list"]}, "on: no such operation: ['list']; possible: create, list, "),
        ({"fault": "dead", "on": "list"}, "on: 'dead' strikes where it always does; possible with on: unauthorized, "),
        ({"fault": "dead", "seconds": 1}, "seconds: 'dead' takes none; possible with seconds: throttled, "),
        ({"fault": "slow", "seconds": "1"}, "seconds: a number from 0 to "),
        ({"fault": "broken", "time": 2}, "no such field: time; possible: fault, times, on, seconds"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_planned(telnyx_vendor: Telnyx, body: Any, said: str) -> None:
    """400, and what is possible."""
    answer = control(telnyx_vendor, "POST", body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert not telnyx_vendor.faults.pending


def test_other_methods_and_paths_are_not_there(telnyx_vendor: Telnyx) -> None:
    """Below it there is nothing, and nothing of the vendor's."""
    assert control(telnyx_vendor, "PUT").status_code == 405
    assert requests.get(f"{telnyx_vendor.root}/_faults/broken", timeout=9).status_code == 404
    assert requests.get(f"{telnyx_vendor.files_url}/_faults", timeout=9).status_code == 403
