"""The download's guard: a file comes from where it may, by the address that was checked, and no more than it may be."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from lambdas.core.errors import Refused, TooLarge, TryAgain, Unclear
from lambdas.web import Web
from local.vendors.http import Origin
from tests.certificate import self_signed
from tests.vendors.door import Door
from tests.vendors.door import door as beside

PUBLIC = "93.184.216.34"
FILE = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\na,b\n"


@dataclass
class Names:
    """A resolver that answers these in turn, the last one again and again, and remembers what it was asked."""

    answers: list[tuple[str, ...]]
    asked: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append((host, port))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass
class Heard:
    """What a server on an address was asked: the name in TLS, and the request."""

    port: int
    names: list[str | None] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def server(address: str, says: Callable[[int], bytes], file: Path | None = None) -> Iterator[Heard]:
    """Answers every request the same; over TLS if there is a certificate. `says` is told the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if file else None
    ended = Event()
    with socket.create_server((address, 0)) as listener:
        listener.settimeout(0.2)
        heard = Heard(listener.getsockname()[1])
        if context and file:
            context.load_cert_chain(file)
            context.sni_callback = lambda _told, name, _context: heard.names.append(name)

        def serve() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    peer, _ = listener.accept()
                    with peer, context.wrap_socket(peer, server_side=True) if context else peer as told:
                        heard.requests.append(told.recv(65_536))
                        told.sendall(says(heard.port))

        waiter = Thread(target=serve)
        waiter.start()
        try:
            yield heard
        finally:
            ended.set()
            waiter.join()


def download(
    web: Web, url: str, *origins: str, keys: dict[str, str] | None = None, home: str = "", **how: Any
) -> bytes:
    with web.download("acme", url, origins, keys or {}, home, **how) as body:
        return b"".join(body)


@pytest.mark.parametrize("host", ["files.example", "10.0.0.1", "localhost"])
@pytest.mark.parametrize(("addresses", "kind"), [
    (("10.0.0.1",), "a private address"), (("169.254.169.254",), "a metadata address"),
    (("fe80::1%eth0",), "a link-local address"), (("0.0.0.0",), "an unspecified address"),  # noqa: S104 # it is refused
    (("100.64.0.1",), "a carrier's shared address"), (("::ffff:192.168.0.1",), "a private address"),
    ((PUBLIC, "10.0.0.1"), "a private address"), (("2606:4700::1", PUBLIC, "fd00::1"), "a private address"),
])  # fmt: skip
def test_a_name_that_leads_inside_is_refused(host: str, addresses: tuple[str, ...], kind: str) -> None:
    """Told by the kind of address alone, once, though another of its addresses be good."""
    names = Names([addresses])
    with pytest.raises(Refused, match=f"acme: the file's host leads to {kind}") as refused:
        download(Web(resolve=names), f"https://{host}/hush?sig=hush", f"https://{host}/")
    assert not [one for one in ("hush", host, *addresses) if one in str(refused.value)]
    assert names.asked == [(host, 443)]


@pytest.mark.parametrize("host", ["files.example", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.0.0.2"])
def test_this_machine_is_reached_by_its_own_names_alone(host: str, door: Door) -> None:
    """However a link writes it, and though the list should have it: an allowed name is not an allowed machine."""
    door.says(b"a,b\n")
    names = Names([("127.0.0.1",)])
    url = f"http://{host}:{door.url.rpartition(':')[2]}/a"
    with pytest.raises(Refused, match="leads to a loopback address"):
        download(Web(resolve=names), url, url)
    assert door.heard == [] and len(names.asked) == 1


def test_numbers_in_a_link_are_resolved_like_a_name(web: Web) -> None:
    """The resolver of the machine reads what is no address to the eye."""
    with pytest.raises(Refused, match="leads to a loopback address"):
        download(web, "http://2130706433/a", "http://2130706433/")


def test_a_name_is_resolved_once_and_connected_to_as_checked() -> None:
    """A second answer (rebinding) is never asked for."""
    names = Names([("127.0.0.2",), ("10.0.0.1",)])
    with server("127.0.0.2", lambda _: FILE) as heard:
        url = f"http://localhost:{heard.port}/a"
        assert download(Web(resolve=names), url, "http://localhost/") == b"a,b\n"
    assert names.asked == [("localhost", heard.port)]
    assert f"Host: localhost:{heard.port}".encode() in heard.requests[0]


def test_each_download_is_checked_anew() -> None:
    """What was good for the last one says nothing of the next."""
    names = Names([("127.0.0.2",), ("10.0.0.1",)])
    with server("127.0.0.2", lambda _: FILE) as heard:
        web, url = Web(resolve=names), f"http://localhost:{heard.port}/a"
        download(web, url, "http://localhost/")
        with pytest.raises(Refused, match="a private address"):
            download(web, url, "http://localhost/")
    assert len(heard.requests) == 1


def test_the_next_address_of_a_name_is_tried() -> None:
    """Where nobody listens on the first."""
    with server("127.0.0.2", lambda _: FILE) as heard:
        web = Web(resolve=Names([("127.0.0.3", "127.0.0.2")]))
        assert download(web, f"http://localhost:{heard.port}/a", "http://localhost/") == b"a,b\n"


def test_tls_is_held_to_the_name_and_not_to_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SNI and certificate are the name's; one for the address is none."""
    for name, right in (("localhost", True), (None, False)):
        file = self_signed(tmp_path / f"{name}.pem", name)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
        with server("127.0.0.1", lambda _: FILE, file) as heard:
            web, url = Web(resolve=Names([("127.0.0.1",)])), f"https://localhost:{heard.port}/a"
            if right:
                assert download(web, url, url) == b"a,b\n"
            else:
                with pytest.raises(TryAgain, match="SSLError"):
                    download(web, url, url)
        assert set(heard.names) == {"localhost"} and bool(heard.requests) is right


@pytest.mark.parametrize("error", [socket.gaierror(-2, "hush"), UnicodeError("hush")])
def test_a_name_that_is_not_known_is_tried_again_later(error: Exception) -> None:
    """The moment may be bad; the error's text has the name in it."""

    def unknown(host: str, port: int) -> tuple[str, ...]:
        raise error

    with pytest.raises(TryAgain, match=r"acme: the download broke off \(ConnectionError\)"):
        download(Web(resolve=unknown), "https://files.example/hush", "https://files.example/")


def test_a_name_without_an_address_is_tried_again_later() -> None:
    """It is no reason to connect anywhere."""
    with pytest.raises(TryAgain, match="the download broke off"):
        download(Web(resolve=Names([()])), "https://files.example/a", "https://files.example/")


def test_a_proxy_resolves_for_itself_and_the_list_still_holds(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may know names that this machine does not."""
    monkeypatch.setenv("http_proxy", door.url)
    door.says(b"a,b\n")
    web = Web(resolve=Names([("10.0.0.1",)]))
    assert download(web, "http://files.example/a", "http://files.example/") == b"a,b\n"
    with pytest.raises(Refused, match="another origin"):
        download(web, "http://other.example/a", "http://files.example/")
    assert len(door.heard) == 1


@pytest.mark.parametrize("where", ["//example.com/a/b", "https://10.0.0.1/a/b", "https://s3.amazonaws.com/b"])
def test_a_line_that_no_export_may_have_is_not_told(web: Web, door: Door, where: str) -> None:
    """Plain http, an address, everybody's buckets: it would be refused at the next deploy."""
    door.says("", status=302, Location=where)
    with pytest.raises(Refused, match="at another origin, which no export may name"):
        download(web, f"{door.url}/files/a", f"{door.url}/files/")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("whole", [True, False])
def test_a_redirect_within_the_list_is_followed(web: Web, door: Door, status: int, whole: bool) -> None:
    """Wherever it is written from."""
    door.says("", status=status, Location=f"{door.url}/files/b?sig=1" if whole else "b?sig=1")
    door.says(b"a,b\n")
    assert download(web, f"{door.url}/files/a", f"{door.url}/files/") == b"a,b\n"
    assert [(one.path, one.query) for one in door.heard] == [("/files/a", {}), ("/files/b", {"sig": "1"})]


@pytest.mark.parametrize(
    "where", ["/other/hush.csv?sig=hush", "//localhost:1/other/hush.csv?sig=hush", "/files/../other/hush"]
)
def test_a_redirect_out_of_the_list_is_refused_with_the_line_to_add(web: Web, door: Door, where: str) -> None:
    """The next folder is another bucket."""
    door.says("", status=302, Location=where)
    with pytest.raises(Refused, match=r'add "http://[a-z0-9.:]+/other/" to download_from') as refused:
        download(web, f"{door.url}/files/a", f"{door.url}/files/")
    assert "hush" not in str(refused.value) and len(door.heard) == 1


def test_a_redirect_to_a_name_that_leads_inside_is_refused(door: Door) -> None:
    """Each hop is a link of its own."""
    door.says("", status=302, Location="http://files.example/a")
    names = Names([("127.0.0.1",), ("169.254.169.254",)])
    with pytest.raises(Refused, match="leads to a metadata address"):
        download(Web(resolve=names), f"{door.url}/a", f"{door.url}/", "http://files.example/")
    assert [host for host, _ in names.asked] == ["127.0.0.1", "files.example"]


def test_redirects_have_an_end(web: Web, door: Door) -> None:
    """Three are followed."""
    door.says("", "", "", status=302, Location="/files/a")
    door.says(b"a,b\n")
    assert download(web, f"{door.url}/files/a", f"{door.url}/files/") == b"a,b\n"
    door.says("", status=302, Location="/files/a")
    door.answers.pop(0)
    with pytest.raises(Unclear, match="acme: a file behind more than 3 redirects"):
        download(web, f"{door.url}/files/a", f"{door.url}/files/")
    assert len(door.heard) == 8


@pytest.mark.parametrize("where", ["http://[", "http://h:99999/hush", "mailto:hush", "file:///hush"])
def test_a_redirect_to_what_is_no_url_is_unclear(where: str) -> None:
    """There is no line to add for it."""
    said = f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode()
    with server("127.0.0.1", lambda _: said) as heard, pytest.raises(Unclear, match="a link that is no URL") as unclear:
        download(Web(), f"http://127.0.0.1:{heard.port}/a", "http://127.0.0.1/")
    assert "hush" not in str(unclear.value)


def test_a_redirect_never_leaves_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though both be on the list."""
    file = self_signed(tmp_path / "both.pem", "localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))

    def moved(port: int) -> bytes:
        return b"HTTP/1.1 302 Found\r\nLocation: HTTP://localhost:%d/hush\r\nContent-Length: 0\r\n\r\n" % port

    with server("127.0.0.1", moved, file) as heard:
        both = (f"https://localhost:{heard.port}/", f"http://localhost:{heard.port}/")
        with pytest.raises(Refused, match="from https to http, which is not followed") as refused:
            download(Web(resolve=Names([("127.0.0.1",)])), f"{both[0]}a", *both)
    assert len(heard.requests) == 1 and "hush" not in str(refused.value)


def test_a_key_stays_behind_when_a_redirect_leaves_home(web: Web, door: Door) -> None:
    """It is shown to the vendor's own origin, and to that alone."""
    key = {"Api-Key": "hush-key"}
    with beside() as other:
        other.says(b"a,b\n")
        door.says("", status=302, Location="/b")
        door.says("", status=302, Location=f"{other.url}/c")
        assert download(web, f"{door.url}/a", f"{door.url}/", f"{other.url}/", keys=key, home=door.url) == b"a,b\n"
        assert ["hush-key" in str(one.headers) for one in (*door.heard, *other.heard)] == [True, True, False]


def test_a_file_that_says_it_is_over_the_bound_is_not_begun(web: Web, door: Door) -> None:
    """Exactly the bound is not over it."""
    door.says(b"a,b\n")
    assert download(web, f"{door.url}/a", f"{door.url}/", most=4) == b"a,b\n"
    with (
        pytest.raises(TooLarge, match="too-large: the file has over 3 bytes"),
        web.download("acme", f"{door.url}/a", (f"{door.url}/",), {}, "", most=3),
    ):
        raise AssertionError


def test_a_file_without_a_length_is_ended_at_the_bound(web: Web) -> None:
    """However long it goes on."""
    sent: list[int] = []

    def endless(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/csv")])
        for _ in range(64):
            sent.append(1)
            yield b"a" * (1 << 20)

    with Origin(endless) as origin, pytest.raises(TooLarge, match="too-large: the file has over 2097152 bytes"):
        download(web, f"{origin.url}/a", f"{origin.url}/", most=2 << 20)
    assert len(sent) < 64
