"""The one HTTP room: keys go where they are called for, errors are reactions, and no text betrays a key or a link."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest

from lambdas.core.errors import Broken, Declined, Gone, Problem, Refused, TryAgain, Unclear
from lambdas.web import TIMEOUT, Web
from local.vendors.http import Origin
from tests.certificate import self_signed
from tests.vendors.door import Door

KEYS: dict[str, Any] = {"headers": {"x-api-token": "hush-token"}, "auth": ("hush-user", "hush-word")}


def call(web: Web, door: Door, **how: Any) -> Any:
    return web.call("acme", "list", "GET", f"{door.url}/a/hush-path?sig=hush-query", **how)


def download(web: Web, url: str, origins: tuple[str, ...]) -> bytes:
    with web.download("acme", url, origins, {}, "") as body:
        return b"".join(body)


@contextmanager
def stranger(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A server with a certificate that it made itself: its URL, and what was sent to it in confidence."""
    context, met = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), list[bytes]()
    context.load_cert_chain(self_signed(folder / "both.pem"))
    ended = Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)

        def serve() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    peer, _ = server.accept()
                    with peer, context.wrap_socket(peer, server_side=True) as told:
                        met.append(told.recv(65_536))

        waiter = Thread(target=serve)
        waiter.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}/", met
        ended.set()
        waiter.join()


def test_an_answer_has_its_status_headers_and_body(web: Web, door: Door) -> None:
    """And we say who we are."""
    door.says({"a": 1}, status=202, X_More="b")
    answer = call(web, door)
    assert (answer.status, answer.headers["x-more"], answer.body) == (202, "b", {"a": 1})
    assert door.heard[0].headers["User-Agent"].startswith("cdr-exporter/")


def test_each_request_is_told_by_vendor_and_operation_and_never_where_it_went(door: Door, tmp_path: Path) -> None:
    """How long it took, the status or what was wrong, the bytes of a file."""
    told = list[tuple[Any, ...]]()
    web = Web(tell=lambda *about, **facts: told.append((*about, facts)))
    door.says({"a": 1})
    call(web, door)
    door.answers.clear()
    door.says("no", status=403)
    with pytest.raises(Refused):
        call(web, door)
    door.answers.clear()
    door.says("12345")
    assert download(web, f"{door.url}/hush-file", (f"{door.url}/",)) == b"12345"
    assert [one[:2] for one in told] == [("acme", "list"), ("acme", "list"), ("acme", "download")]
    assert all(0 <= one[2] < 5 for one in told)
    assert [one[3] for one in told] == [{"status": 200}, {"kind": "Refused", "status": 403}, {"bytes": 5}]
    assert "hush" not in str(told) and "http" not in str(told)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Declined), (401, Refused), (403, Refused), (404, Gone), (409, Declined), (410, Gone), (415, Declined),
     (422, Declined), (429, TryAgain), (500, TryAgain), (502, TryAgain), (302, Unclear), (304, Unclear)],
)  # fmt: skip
def test_a_status_is_a_reaction(web: Web, door: Door, status: int, kind: type[Problem]) -> None:
    """Which names the vendor, the call and the status, and neither the key, the link nor a number."""
    said = "hush-token and hush-word of hush-user for +1 (206) 555-0123 at https://host/x?sig=hush"
    door.says({"errors": [{"detail": said}]}, status=status)
    with pytest.raises(kind, match=f"acme: list: HTTP {status}") as problem:
        call(web, door, **KEYS)
    told = f"{problem.value} {problem.value.facts}"
    assert "hush" not in told and "555" not in told
    assert problem.value.facts["status"] == status


def test_a_create_that_nothing_takes_is_told_to_look_at_the_address(web: Web, door: Door) -> None:
    """There is no report that could be gone."""
    door.says({}, status=404)
    with pytest.raises(Refused, match="acme: create: HTTP 404: nothing takes it there; is base_url right, and prefix"):
        web.call("acme", "create", "POST", f"{door.url}/a", json={})


def test_who_says_nothing_is_not_waited_for(door: Door) -> None:
    """Neither an answer nor a file; what a create came to nobody knows then."""
    assert all(0 < seconds <= 60 for seconds in TIMEOUT)
    web = Web(timeout=(0.3, 0.3))
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts, and that is all
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(TryAgain, match=r"acme: create: no answer came \(ReadTimeout\)") as told:
            web.call("acme", "create", "POST", url, json={})
        assert told.value.doubt
        with (
            pytest.raises(TryAgain, match="the download broke off"),
            web.download("acme", url, (url,), {}, ""),
        ):
            raise AssertionError


def test_a_file_that_stops_coming_is_not_waited_for() -> None:
    """The connection is there, the rest is not."""

    def half(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("200 OK", [("Content-Length", "1000"), ("Content-Type", "text/csv")])
        yield b"a,b\n"
        sleep(1.5)

    with Origin(half) as origin, pytest.raises(TryAgain, match="the download broke off"):
        download(Web(timeout=(0.3, 0.3)), f"{origin.url}/a", (f"{origin.url}/",))


@pytest.mark.parametrize("location", ["https://example.com/login", "/v3/a"])
def test_a_redirect_is_not_followed(web: Web, door: Door, location: str) -> None:
    """The keys would go along."""
    door.says("", status=302, Location=location)
    with pytest.raises(Unclear, match="a redirect, which is not followed"):
        call(web, door, **KEYS)
    assert len(door.heard) == 1


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "", "{", b"\xff\xfe"])
def test_a_body_that_is_no_json_is_unclear(web: Web, door: Door, body: str | bytes) -> None:
    """Whatever page a proxy shows."""
    door.says(body)
    with pytest.raises(Unclear, match="acme: list: HTTP 200 without JSON"):
        call(web, door)


@pytest.mark.parametrize(
    "body", ["<html>", [], {"errors": None}, {"errors": "hush"}, {"errors": [None, "hush"]}, {"errors": [{}]}]
)
def test_an_error_of_any_shape_is_told_by_its_status(web: Web, door: Door, body: Any) -> None:
    """What is not documented is not repeated."""
    door.says(body, status=422)
    with pytest.raises(Refused) as refused:
        call(web, door)
    assert str(refused.value) == "acme: list: HTTP 422"


def test_a_long_error_is_cut(web: Web, door: Door) -> None:
    """A log line stays one."""
    door.says({"errors": [{"title": "no such thing " * 100}]}, status=400)
    with pytest.raises(Refused) as refused:
        call(web, door)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({"Retry_After": "7"}, 7),
        ({"x_ratelimit_reset": "9"}, 9),
        ({"Retry_After": "Fri, 20 Nov"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_the_vendor_s_word(web: Web, door: Door, headers: dict[str, str], after: float) -> None:
    """In seconds; what is neither a number nor a date is passed over."""
    door.says({}, status=429, **headers)
    with pytest.raises(TryAgain) as again:
        call(web, door)
    assert again.value.after == after


@pytest.mark.parametrize(("seconds", "least", "most"), [(90, 80, 91), (-90, 0, 0), (86_400, 3600, 3600)])
def test_a_date_to_come_back_at_is_held_against_the_answer_s_own(
    web: Web, door: Door, seconds: int, least: int, most: int
) -> None:
    """Our clock may be another; never more than an hour."""
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    door.says({}, status=429, Retry_After=format_datetime(until, usegmt=True))
    with pytest.raises(TryAgain) as again:
        call(web, door)
    assert again.value.after is not None and least <= again.value.after <= most


def test_a_read_is_repeated_at_once_and_a_create_never(web: Web, door: Door) -> None:
    """A gateway's hiccup is none of the requester's business; a POST may have arrived."""
    door.says({}, {}, status=503)
    door.says({"a": 1})
    assert call(web, door).body == {"a": 1}
    assert len(door.heard) == 3
    door.answers[:] = []
    door.says({}, status=503)
    with pytest.raises(TryAgain):
        web.call("acme", "create", "POST", f"{door.url}/a", json={})
    assert [one.method for one in door.heard].count("POST") == 1


def test_who_says_when_to_come_back_is_not_asked_before(web: Web, door: Door) -> None:
    """A gateway's 503 with a time is no hiccup."""
    door.says({}, status=503, Retry_After="120")
    with pytest.raises(TryAgain) as again:
        call(web, door)
    assert (again.value.after, len(door.heard)) == (120, 1)


def test_an_answer_that_breaks_off_is_told_with_its_status(web: Web) -> None:
    """What the vendor did nobody knows then."""

    def cut(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("201 Created", [("Content-Length", "1000"), ("Content-Type", "application/json")])
        return [b'{"id": "7", "hush']

    with Origin(cut) as origin, pytest.raises(TryAgain) as told:
        web.call("acme", "create", "POST", f"{origin.url}/hush", json={})
    assert "acme: create: HTTP 201, and the answer broke off" in str(told.value)
    assert told.value.doubt and "hush" not in str(told.value)


def test_an_answer_without_end_is_not_read_to_it(web: Web) -> None:
    """Memory is bounded, whatever a proxy sends."""
    sent: list[int] = []

    def endless(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "application/json")])
        for _ in range(64):
            sent.append(1)
            yield b"[" * (1 << 20)

    with Origin(endless) as origin, pytest.raises(Unclear, match="acme: list: HTTP 200 with over"):
        web.call("acme", "list", "GET", f"{origin.url}/a")
    assert len(sent) < 64


def test_a_nest_without_bottom_is_no_json(web: Web, door: Door) -> None:
    """The parser gives up, and so do we."""
    door.says("[" * 200_000)
    with pytest.raises(Unclear, match="without JSON"):
        call(web, door)


def test_a_certificate_that_nobody_knows_is_refused(web: Web, tmp_path: Path) -> None:
    """Neither a call nor a download goes on, and no key is sent."""
    with stranger(tmp_path) as (url, met):
        with pytest.raises(TryAgain, match=r"acme: list: not reachable \(SSLError\)"):
            web.call("acme", "list", "GET", url, **KEYS)
        with pytest.raises(TryAgain, match=r"the download broke off \(SSLError\)"):
            download(web, url, (url,))
    assert met == []


def test_a_file_s_key_goes_only_to_the_vendor_s_own_origin(web: Web, door: Door) -> None:
    """A link to anywhere else gets the request without it."""
    key, origins = {"Api-Key": "hush-key"}, (f"{door.url}/files/",)
    door.says(b"a,b\n")
    for home in (door.url, "https://api.example.com", door.url.replace("127.0.0.1", "localhost")):
        with web.download("acme", f"{door.url}/files/a", origins, key, home) as body:
            assert b"".join(body) == b"a,b\n"
    assert ["hush-key" in str(one.headers) for one in door.heard] == [True, False, False]


@pytest.mark.parametrize(("home", "kind"), [(True, Refused), (False, Gone)])
def test_a_refused_file_is_the_key_s_fault_only_where_one_was_sent(
    web: Web, door: Door, home: bool, kind: type[Problem]
) -> None:
    """Else the link is dead, and the report is asked for anew."""
    door.says({"errors": [{"detail": "hush-key is unknown"}]}, status=401)
    origins, key = (f"{door.url}/f/",), {"Api-Key": "hush-key"}
    with (
        pytest.raises(kind) as problem,
        web.download("acme", f"{door.url}/f/a", origins, key, door.url if home else ""),
    ):
        raise AssertionError
    assert "hush" not in str(problem.value)


def test_keys_go_only_where_they_are_called_for(web: Web, door: Door) -> None:
    """Neither the next call nor a download has those of the one before."""
    door.says({"a": 1})
    call(web, door, **KEYS)
    call(web, door)
    download(web, f"{door.url}/files/a", (f"{door.url}/files/",))
    assert "hush-token" in str(door.heard[0].headers)
    for later in door.heard[1:]:
        assert not {"Authorization", "X-Api-Token", "Cookie"} & set(later.headers)


def test_a_file_is_taken_as_it_lies_there(web: Web, door: Door) -> None:
    """Nothing unpacks it on the way, whatever the server says of its encoding."""
    door.says(b"\x1f\x8bnot really", Content_Encoding="gzip")
    assert download(web, f"{door.url}/files/a?sig=1", (f"{door.url}/files/",)) == b"\x1f\x8bnot really"
    assert door.heard[0].headers["Accept-Encoding"] == "identity"


def test_another_origin_is_refused_with_the_line_to_add(web: Web, door: Door) -> None:
    """Before anything is asked of it, and without the link."""
    with pytest.raises(Refused, match=r"add .* to download_from") as refused:
        download(web, f"{door.url}/bucket/deep/hush.csv?sig=hush", ("https://portal.telnyx.com/",))
    assert f'"{door.url}/bucket/"' in str(refused.value)
    assert "hush" not in str(refused.value) and door.heard == []
    with pytest.raises(Refused) as refused:
        download(web, "https://hush:hush@example.com/a.csv", ("https://portal.telnyx.com/",))
    assert '"https://example.com/"' in str(refused.value) and "hush" not in str(refused.value)


@pytest.mark.parametrize("link", ["pending", "/files/a.csv", "https://h:99999/x", "https://[", "mailto:x"])
def test_a_link_that_is_no_url_is_unclear(web: Web, link: str) -> None:
    """There is no line to add for it; it is looked at again."""
    with pytest.raises(Unclear, match="acme: a link that is no URL"):
        download(web, link, ("https://files.example.com/",))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, Gone),
        (404, Gone),
        (410, Gone),
        (500, TryAgain),
        (503, TryAgain),
        (429, TryAgain),
        (302, Unclear),
        (206, Unclear),
    ],
)
def test_a_file_that_is_not_given_is_a_reaction(web: Web, door: Door, status: int, kind: type[Problem]) -> None:
    """A dead link is one to ask anew for; no text has the link in it."""
    door.says("<Error>hush</Error>", status=status)
    with pytest.raises(kind, match=f"acme: .*HTTP {status}") as problem:
        download(web, f"{door.url}/files/hush?sig=hush", (f"{door.url}/files/",))
    assert "hush" not in str(problem.value)


def _cut(environ: dict[str, Any], start: Any) -> list[bytes]:
    """An application that promises more than it gives."""
    start("200 OK", [("Content-Length", "1000"), ("Content-Type", "text/csv")])
    return [b"a,b\n"]


def test_a_file_that_is_shorter_than_it_says_is_an_error(web: Web) -> None:
    """Whoever notices it first."""
    with Origin(_cut) as origin, pytest.raises((TryAgain, Broken)):
        download(web, f"{origin.url}/hush", (f"{origin.url}/",))


def test_a_file_may_come_without_its_length(web: Web) -> None:
    """Then the content itself must say where it ends."""

    def plain(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/csv")])
        return [b"a,b\n", b"1,2\n"]

    with Origin(plain) as origin, web.download("acme", f"{origin.url}/a", (f"{origin.url}/",), {}, "") as body:
        assert body.expected is None and b"".join(body) == b"a,b\n1,2\n"


def test_a_host_that_is_not_there_is_told_by_the_kind_of_error(web: Web) -> None:
    """The library's own text has the address, the path and the query in it."""
    with pytest.raises(TryAgain, match=r"acme: list: not reachable \(ConnectionError\)") as again:
        web.call("acme", "list", "POST", "http://127.0.0.1:1/hush?sig=hush")
    assert "hush" not in str(again.value) and again.value.__suppress_context__
    with pytest.raises(TryAgain, match="the download broke off"):
        download(web, "http://127.0.0.1:1/hush", ("http://127.0.0.1:1/",))


def test_a_create_is_sent_once_whatever_goes_wrong_with_the_answer(web: Web) -> None:
    """A broken TLS answer is neither a read nor a connect to urllib3, which would repeat it whatever the method."""
    met: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def garble() -> None:
            for _ in range(3):
                with suppress(OSError):
                    peer, _ = server.accept()
                    with peer:
                        met.append(peer.recv(65_536))
                        peer.sendall(b"no TLS at all\r\n")

        server.settimeout(1)
        waiter = Thread(target=garble)
        waiter.start()
        with pytest.raises(TryAgain) as told:
            web.call("acme", "create", "POST", f"https://127.0.0.1:{server.getsockname()[1]}/", json={})
        waiter.join()
    assert len(met) == 1
    assert told.value.doubt
