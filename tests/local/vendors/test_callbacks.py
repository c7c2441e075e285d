"""Flowroute's callbacks, received on loopback."""

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

import pytest

from local.vendors.callbacks import Mode
from local.vendors.flowroute import Flowroute, flowroute
from tests.certificate import self_signed
from tests.local.vendors.asking import exports, wish
from tests.local.vendors.conftest import World


class Receiver:
    """Answers with the statuses it was given, then 200, and keeps what came."""

    def __init__(self, statuses: list[int], certificate: Path | None) -> None:
        self.got: list[tuple[str, dict[str, str], Any]] = []
        received = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(statuses[len(received) - 1] if len(received) <= len(statuses) else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server.server_port}/callbacks/t/c"

    def wait(self, count: int) -> None:
        """Until so many have come."""
        patience = monotonic() + 10
        while len(self.got) < count and monotonic() < patience:
            sleep(0.01)
        assert len(self.got) == count


@contextmanager
def receiver(statuses: list[int] | None = None, certificate: Path | None = None) -> Iterator[Receiver]:
    """A server for callbacks."""
    peer = Receiver(statuses or [], certificate)
    thread = Thread(target=peer.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield peer
    finally:
        peer.server.shutdown()
        thread.join()
        peer.server.server_close()


def asked(vendor: Flowroute, url: str) -> str:
    answer = exports(vendor, "POST", json=wish(url))
    assert answer.status_code == 202
    return str(answer.json()["data"]["id"])


def test_a_callback_comes_once_the_export_is_completed(world: World) -> None:
    """To the URL of the request, not before the time, in the form of the vendor's other events."""
    with receiver() as peer, flowroute(7, "main", clock=world, per_day=9) as vendor:
        id = asked(vendor, peer.url)
        sleep(0.15)
        assert peer.got == []
        world.after(seconds=10)
        peer.wait(1)
        sleep(0.1)
        ((path, headers, body),) = peer.got
        assert path == "/callbacks/t/c"
        assert headers["User-Agent"] == "Go-http-client/1.1"
        assert headers["Content-Type"] == "application/json"
        assert "Authorization" not in headers
        data = body["data"]
        assert data["attributes"]["resource_id"] == id != data["id"] == data["attributes"]["id"]
        assert (data["attributes"]["event_type"], data["attributes"]["status"]) == ("status_change", "completed")
        assert [(one.export, one.status) for one in vendor.callbacks] == [(id, 200)]


@pytest.mark.parametrize(("mode", "before", "after"), [("never", 0, 0), ("twice", 0, 2), ("early", 1, 1)])
def test_callbacks_misbehave_as_told(world: World, mode: Mode, before: int, after: int) -> None:
    """Never, twice, or while the export is still processing."""
    with receiver() as peer, flowroute(7, "main", clock=world, per_day=9, callbacks=mode) as vendor:
        id = asked(vendor, peer.url)
        peer.wait(before)
        assert exports(vendor, "GET", f"/{id}").json()["data"]["attributes"]["status"] == "processing"
        world.after(seconds=10)
        peer.wait(after)
        sleep(0.15)
        assert len(peer.got) == after


def test_anything_but_200_is_sent_again_four_times(world: World) -> None:
    """202 and 204 too: five attempts in all, then no more."""
    refusals = [500, 202, 204, 404, 502, 500]
    with receiver(refusals) as peer, flowroute(7, "main", clock=world, per_day=9, retry_s=0.02) as vendor:
        asked(vendor, peer.url)
        world.after(seconds=10)
        peer.wait(5)
        sleep(0.15)
        assert [one.status for one in vendor.callbacks] == refusals[:5]
        assert len({body["data"]["id"] for *_, body in peer.got}) == 1


def test_a_200_ends_the_attempts(world: World) -> None:
    """The third one is heard."""
    with receiver([500, 500]) as peer, flowroute(7, "main", clock=world, per_day=9, retry_s=0.02) as vendor:
        asked(vendor, peer.url)
        world.after(seconds=10)
        peer.wait(3)
        sleep(0.1)
        assert [one.status for one in vendor.callbacks] == [500, 500, 200]


def test_a_failed_export_is_called_back_too(world: World) -> None:
    """Its status says so."""
    with receiver() as peer, flowroute(7, "main", clock=world, per_day=9) as vendor:
        vendor.faults.add("failed")
        asked(vendor, peer.url)
        world.after(seconds=10)
        peer.wait(1)
        assert peer.got[0][2]["data"]["attributes"]["status"] == "failed"


def test_https_is_verified_against_the_certificate_handed_in(world: World, tmp_path: Path) -> None:
    """With it the callback arrives; without it, not a byte is told."""
    certificate = self_signed(tmp_path / "both.pem")
    with receiver(certificate=certificate) as peer:
        with flowroute(7, "main", clock=world, per_day=9, ca=certificate) as vendor:
            asked(vendor, peer.url)
            world.after(seconds=10)
            peer.wait(1)
        with flowroute(7, "main", clock=world, per_day=9, retry_s=0.01) as vendor:
            asked(vendor, peer.url)
            world.after(seconds=10)
            patience = monotonic() + 10
            while len(vendor.callbacks) < 5 and monotonic() < patience:
                sleep(0.01)
            assert [one.status for one in vendor.callbacks] == [0] * 5
        assert len(peer.got) == 1


def test_a_certificate_may_come_later(world: World, tmp_path: Path) -> None:
    """Until it is there nobody is told anything; then the callback, which is sent again, arrives."""
    known = self_signed(tmp_path / "both.pem")
    with (
        receiver(certificate=known) as peer,
        flowroute(7, "main", clock=world, per_day=9, ca=tmp_path / "later.pem", retry_s=0.3) as vendor,
    ):
        asked(vendor, peer.url)
        world.after(seconds=10)
        patience = monotonic() + 10
        while not vendor.callbacks and monotonic() < patience:
            sleep(0.01)
        (tmp_path / "later.pem").write_bytes(known.read_bytes())
        peer.wait(1)
        assert vendor.callbacks[0].status == 0


def _alone(peer: Receiver, count: int) -> None:
    """So many have come, and no more come."""
    peer.wait(count)
    sleep(0.15)
    assert len(peer.got) == count


@pytest.mark.parametrize(
    ("fault", "before", "after"), [("silent", 0, 0), ("twice", 0, 2), ("early", 1, 1), ("late", 0, 0)]
)
def test_one_callback_can_misbehave(world: World, fault: str, before: int, after: int) -> None:
    """That of the next create; the one after that comes once, when it is time."""
    with receiver() as peer, receiver() as other, flowroute(7, "main", clock=world, per_day=9) as vendor:
        vendor.faults.add(fault)
        asked(vendor, peer.url)
        asked(vendor, other.url)
        _alone(peer, before)
        assert not other.got
        world.after(seconds=10)
        other.wait(1)
        _alone(peer, after)


@pytest.mark.parametrize(("seconds", "wait"), [(None, 600), (30, 30)])
def test_a_callback_can_come_late(world: World, seconds: float | None, wait: int) -> None:
    """So many seconds after the export is ready."""
    with receiver() as peer, flowroute(7, "main", clock=world, per_day=9) as vendor:
        vendor.faults.add("late", seconds=seconds)
        asked(vendor, peer.url)
        world.after(seconds=wait)
        _alone(peer, 0)
        world.after(seconds=7)
        _alone(peer, 1)


@pytest.mark.parametrize("path", ["/callbacks/tag/word", "/callbacks/tag/0", "/", ""])
def test_a_callback_can_be_forged(world: World, path: str) -> None:
    """It comes instead of the true one; only the last segment of its path is another."""
    with receiver() as peer, flowroute(7, "main", clock=world, per_day=9) as vendor:
        vendor.faults.add("forged")
        asked(vendor, peer.url.removesuffix("/callbacks/t/c") + path + "?a=b")
        world.after(seconds=10)
        _alone(peer, 1)
        came, _, query = peer.got[0][0].partition("?")
        assert came.rpartition("/")[0] == path.rpartition("/")[0]
        assert came.rpartition("/")[2] not in (path.rpartition("/")[2], "")
        assert query == "a=b"


def test_an_export_that_calls_nobody_uses_up_no_fault_of_a_callback(world: World) -> None:
    """It strikes the next that does."""
    with receiver() as peer, flowroute(7, "main", clock=world, per_day=9) as vendor:
        vendor.faults.add("silent")
        exports(vendor, "POST", json=wish())
        assert vendor.faults.pending
        asked(vendor, peer.url)
        assert not vendor.faults.pending
        world.after(seconds=10)
        _alone(peer, 0)


def test_a_report_that_is_stuck_calls_nobody(world: World) -> None:
    """Not even late."""
    with receiver() as peer, flowroute(7, "main", clock=world, per_day=9) as vendor:
        vendor.faults.add("stuck")
        vendor.faults.add("late")
        asked(vendor, peer.url)
        world.after(days=9)
        _alone(peer, 0)
