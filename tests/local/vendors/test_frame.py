"""What both vendors share: faults, loopback only, many clients at once, nothing left behind."""

import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx, telnyx
from tests.local.vendors.asking import ALL, exports, v1, v2, wish
from tests.local.vendors.conftest import World

STATUSES = [("unauthorized", 401), ("forbidden", 403), ("throttled", 429), ("broken", 500)]


@pytest.mark.parametrize(("fault", "status"), STATUSES)
def test_a_fault_strikes_as_often_as_planned(telnyx_vendor: Telnyx, fault: str, status: int) -> None:
    """Twice, then never again, whatever the operation; with the vendor's body."""
    telnyx_vendor.faults.add(fault, 2)
    answers = [v1(telnyx_vendor, "GET"), v1(telnyx_vendor, "POST", json=ALL), v1(telnyx_vendor, "GET")]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert set(answers[0].json()["errors"][0]) == {"code", "title", "detail"}


@pytest.mark.parametrize(("fault", "status"), STATUSES)
def test_flowroute_has_the_same_faults(flowroute_vendor: Flowroute, fault: str, status: int) -> None:
    """In its own words."""
    flowroute_vendor.faults.add(fault)
    answers = [exports(flowroute_vendor, "GET") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, 200]
    assert answers[0].json()["errors"][0]["status"] == status


def test_a_429_tells_when_to_come_back(telnyx_vendor: Telnyx, flowroute_vendor: Flowroute) -> None:
    """Telnyx in three headers and with its code, Flowroute in Retry-After."""
    telnyx_vendor.faults.add("throttled")
    answer = v2(telnyx_vendor, "GET")
    assert answer.json()["errors"][0]["code"] == "10011"
    limits = {name: answer.headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")}
    assert limits == {"limit": "60", "remaining": "0", "reset": "2"}
    flowroute_vendor.faults.add("throttled")
    assert exports(flowroute_vendor, "GET").headers["Retry-After"] == "2"


def test_a_dropped_answer_leaves_the_report_behind(telnyx_vendor: Telnyx, flowroute_vendor: Flowroute) -> None:
    """The client hears nothing, the vendor has it all the same, the log says that nothing was answered."""
    telnyx_vendor.faults.add("dropped")
    with pytest.raises(requests.ConnectionError):
        v1(telnyx_vendor, "POST", json={**ALL, "report_name": "lost"})
    assert [item["report_name"] for item in v1(telnyx_vendor, "GET").json()] == ["lost"]
    assert [one.status for one in telnyx_vendor.requests] == [0, 200]
    flowroute_vendor.faults.add("dropped")
    with pytest.raises(requests.ConnectionError):
        exports(flowroute_vendor, "POST", json=wish("https://a.example/tag"))
    (item,) = exports(flowroute_vendor, "GET").json()["data"]
    assert item["data"]["attributes"]["callback_url"] == "https://a.example/tag"


def test_a_report_can_fail(telnyx_vendor: Telnyx, flowroute_vendor: Flowroute, world: World) -> None:
    """Only the one planned; without a link, without totals."""
    telnyx_vendor.faults.add("failed")
    first, second = (v1(telnyx_vendor, "POST", json=ALL).json()["id"] for _ in range(2))
    flowroute_vendor.faults.add("failed")
    export = exports(flowroute_vendor, "POST", json=wish()).json()["data"]["id"]
    world.after(seconds=10)
    failed = v1(telnyx_vendor, "GET", f"/{first}").json()
    assert (failed["status"], failed["report_url"]) == (3, None)
    assert v1(telnyx_vendor, "GET", f"/{second}").json()["status"] == 2
    attributes = exports(flowroute_vendor, "GET", f"/{export}").json()["data"]["attributes"]
    assert (attributes["status"], attributes["num_calls"], attributes["download_url"]) == ("failed", None, None)


def test_a_link_can_be_dead_before_its_time(telnyx_vendor: Telnyx, world: World) -> None:
    """Once, and then it lives again."""
    id = v1(telnyx_vendor, "POST", json=ALL).json()["id"]
    world.after(seconds=10)
    link = v1(telnyx_vendor, "GET", f"/{id}").json()["report_url"]
    telnyx_vendor.faults.add("dead")
    assert [requests.get(link, timeout=9).status_code for _ in range(2)] == [403, 200]
    assert [status for _, status in telnyx_vendor.downloads] == [403, 200]


def test_a_link_changed_in_one_character_is_refused(telnyx_vendor: Telnyx, world: World) -> None:
    """Its life cannot be made longer, its file not be another, its signature not be left out."""
    id = v1(telnyx_vendor, "POST", json=ALL).json()["id"]
    world.after(seconds=10)
    link = v1(telnyx_vendor, "GET", f"/{id}").json()["report_url"]
    for forged in (
        link.replace("X-Amz-Expires=3600", "X-Amz-Expires=9600"),
        link.replace(f"{id}.csv", "other.csv"),
        link.split("?")[0],
        link[:-1] + ("0" if link[-1] != "0" else "1"),
    ):
        answer = requests.get(forged, timeout=9)
        assert answer.status_code == 403
        assert "<Code>SignatureDoesNotMatch</Code>" in answer.text


def test_many_clients_at_once_each_get_their_own(telnyx_vendor: Telnyx) -> None:
    """Forty creates from eight threads: forty ids, forty lines in the log, forty in the list."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: v1(telnyx_vendor, "POST", json={**ALL, "report_name": str(n)}), range(40)))
    assert len({answer.json()["id"] for answer in made}) == 40
    assert len(telnyx_vendor.requests) == len(telnyx_vendor.created) == 40
    assert {item["report_name"] for item in v1(telnyx_vendor, "GET").json()} == set(map(str, range(40)))


def test_afterwards_nothing_listens_and_nothing_is_left(world: World) -> None:
    """No thread, no port, no file, even when the block ends with an error."""
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt), telnyx(7, "main", clock=world, per_day=9) as vendor:
        v1(vendor, "POST", json=ALL)
        raise KeyboardInterrupt
    assert {thread for thread in threading.enumerate() if "process_request" not in thread.name} <= before
    assert not os.path.lexists(vendor.folder)
    for url in (vendor.root, vendor.files_url):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) != 0


def test_servers_listen_on_loopback_alone(telnyx_vendor: Telnyx) -> None:
    """Another address of this machine does not answer."""
    for url in (telnyx_vendor.root, telnyx_vendor.files_url):
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex(("127.0.0.2", urlsplit(url).port or 0)) != 0


def test_nothing_is_printed(telnyx_vendor: Telnyx, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither a request nor a refusal."""
    v1(telnyx_vendor, "GET")
    v1(telnyx_vendor, "GET", "/nope")
    assert capfd.readouterr() == ("", "")
