"""The link to a report's file, and whoever answers there or in the vendor's name."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Event, Thread, active_count
from time import monotonic, sleep
from typing import Any

import pytest

from infra import settings
from lambdas import copier
from lambdas.core.errors import Broken, Problem, Refused, TooLarge, TryAgain, Unclear
from lambdas.core.exports import Mistakes
from lambdas.core.rows import Work
from lambdas.stream.stages import RESERVE
from lambdas.web import Web, pinned
from local.vendors.flowroute import Flowroute
from tests.certificate import self_signed
from tests.vendors.test_files import Names
from tests.world import Clock, World, world

KEY = {"Api-Key": "hush-key"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"
SHORT = 0.6  # seconds of a deadline
SOON = 6.0  # seconds after which it surely was one
Say = Callable[[socket.socket], object]


@dataclass
class Stranger:
    """A server that says what it likes, and what it was asked."""

    url: str
    asked: list[bytes] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    def trickles(self, peer: socket.socket, words: Iterator[bytes], pause: float = 0.05) -> None:
        """Word after word, until nobody listens."""
        for word in words:
            if self.ended.is_set():
                return
            peer.sendall(word)
            sleep(pause)


@contextmanager
def stranger(say: Callable[[Stranger, socket.socket], object], file: Path | None = None) -> Iterator[Stranger]:
    """Answers one request after the other; `file` is its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if file else None
    if context and file:
        context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        made = Stranger(f"http{'s' if file else ''}://127.0.0.1:{listener.getsockname()[1]}/")

        def serve() -> None:
            while not made.ended.is_set():
                with suppress(OSError):
                    peer, _ = listener.accept()
                    peer.settimeout(5)
                    with peer, context.wrap_socket(peer, server_side=True) if context else peer as told:
                        made.asked.append(told.recv(65_536))
                        say(made, told)

        waiter = Thread(target=serve)
        waiter.start()
        try:
            yield made
        finally:
            made.ended.set()
            waiter.join()


def says(*parts: bytes) -> Callable[[Stranger, socket.socket], object]:
    return lambda _made, peer: peer.sendall(b"".join(parts))


def moved(where: str) -> Callable[[Stranger, socket.socket], object]:
    return says(f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def fetch(web: Web, url: str, *origins: str, home: str = "", **how: Any) -> bytes:
    with web.download("acme", url, origins or (url,), KEY, home, **how) as body:
        return b"".join(body)


def nobody(*addresses: str) -> tuple[Web, Names]:
    """A web in which every name has these addresses."""
    names = Names([addresses])
    return Web(resolve=names, timeout=(0.2, 0.5), total=SHORT), names


# ---- where we go


@pytest.mark.parametrize("where", [
    "//evil.example/x/a", "\\\\evil.example\\x\\a", "/\\evil.example/x", "https:evil.example/x", "///evil.example/x",
])  # fmt: skip
def test_a_redirect_that_only_some_readers_take_for_another_host(where: str) -> None:
    """No request leaves: it is refused before anything is asked of the other host."""
    web, names = nobody("127.0.0.1")
    with stranger(moved(where)) as vendor, pytest.raises((Refused, Unclear)):
        fetch(web, f"{vendor.url}files/a", f"{vendor.url}files/")
    assert len(vendor.asked) == 1 and {host for host, _ in names.asked} == {"127.0.0.1"}


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://evil.example/x", "data:text/csv,a", "gopher://evil/x"])
def test_a_redirect_to_another_kind_of_address(where: str) -> None:
    """Unclear, and no file of this machine is read."""
    with stranger(moved(where)) as vendor, pytest.raises(Unclear):
        fetch(Web(), vendor.url)


def test_a_redirect_in_a_circle() -> None:
    """Four requests, then no more."""
    with stranger(moved("/a")) as vendor, pytest.raises(Unclear, match="more than 3 redirects"):
        fetch(Web(), vendor.url)
    assert len(vendor.asked) == 4


@pytest.mark.parametrize("path", [
    "files/%2e%2e/secret", "files/%2E%2e%2fsecret", "files/%252e%252e%252fsecret", "files/%25252e%25252e/secret",
    "files/..;/secret", "files/..%3bx/secret", "files/..%5csecret", "files/..%255csecret", "files%2fa", "files-evil/a",
    "files/a%0d%0aX-Evil: 1", "files/%25252525252e./a",
])  # fmt: skip
def test_a_path_that_leaves_its_folder_once_it_is_decoded(path: str) -> None:
    """Read as often as anybody may read it; nothing is asked."""
    with stranger(says(HEAD, b"Content-Length: 0\r\n\r\n")) as vendor, pytest.raises((Refused, Unclear)):
        fetch(Web(), vendor.url + path, f"{vendor.url}files")
    assert vendor.asked == []


def test_a_bucket_whose_name_begins_like_ours() -> None:
    """A prefix ends where a folder ends, though it be written without its slash."""
    web, names = nobody("93.184.216.34")
    with pytest.raises(Refused, match=r'add "https://s3.example.com/bucket-evil/"'):
        fetch(web, "https://s3.example.com/bucket-evil/a", "https://s3.example.com/bucket")
    assert names.asked == []


@pytest.mark.parametrize("link", [
    "{}a\r\nX-Evil: 1", "{}a\nHost: evil", "{}\ta", "\x00{}a", "{}a\u202e",
])  # fmt: skip
def test_a_link_with_a_line_break_in_it(link: str) -> None:
    """No header is injected: nothing is sent at all."""
    with stranger(says(HEAD, b"Content-Length: 0\r\n\r\n")) as vendor, pytest.raises(Unclear):
        fetch(Web(), link.format(vendor.url), vendor.url)
    assert vendor.asked == []


@pytest.mark.parametrize("host", [
    "user@evil.example", "files.example@evil.example", "files.example\\@evil.example", "evil.example#files.example",
    "files.example.", "files.example:8443", "files.example:0", "ﬁles.example", "files.example.evil.example",
    "files.example%2eevil.example", "evil.example?files.example",
])  # fmt: skip
def test_a_host_that_only_looks_like_ours(host: str) -> None:
    """Its name is not even looked up."""
    web, names = nobody("93.184.216.34")
    with pytest.raises((Refused, Unclear)):
        fetch(web, f"https://{host}/x/a", "https://files.example/")
    assert names.asked == []


def test_a_link_of_a_megabyte() -> None:
    """No URL; it is neither sent nor told."""
    with pytest.raises(Unclear, match="no URL") as told:
        fetch(Web(), "https://files.example/" + "a" * (1 << 20), "https://files.example/")
    assert len(str(told.value)) < 100


@pytest.mark.parametrize(
    "host", ["evil\x1b[2J.example", 'evil".example', "evil\u202e.example", "evil" * 100 + ".example"]
)
def test_a_host_that_writes_on_the_operators_terminal(host: str) -> None:
    """The line to add is told for plain names alone."""
    with pytest.raises(Unclear) as told:
        fetch(Web(), f"https://{host}/x/a", "https://files.example/")
    assert "evil" not in str(told.value)


# ---- to which address


@pytest.mark.parametrize("address", [
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:5ef5:79fd::1", "2600:1f00::5efe:10.0.0.1", "::ffff:127.0.0.1",
    "2600:1f00::200:5efe:a9fe:a9fe", "::ffff:0:10.0.0.1", "fec0::1", "64:ff9b:1::1",
])  # fmt: skip
def test_an_address_inside_another(address: str) -> None:
    """NAT64, 6to4, Teredo, ISATAP, mapped: what they carry is judged, nobody is connected to."""
    web, _ = nobody(address)
    with pytest.raises(Refused, match="leads to"):
        fetch(web, "https://files.example/a", "https://files.example/")


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.100.1", "169.254.169.254", "169.254.170.2", "0.0.0.0"])  # noqa: S104 # refused
def test_a_name_that_is_lambda_s_own_runtime(address: str) -> None:
    """The runtime's API and the metadata are behind no name: port 9001 of this machine hears nothing."""
    web, _ = nobody(address)
    with pytest.raises(Refused, match="leads to"):
        fetch(web, "http://files.example:9001/2018-06-01/runtime/invocation/next", "http://files.example:9001/")


def test_a_name_with_one_good_address_and_one_inside() -> None:
    """The good one is not connected to either."""
    with stranger(says(HEAD, b"Content-Length: 0\r\n\r\n")) as vendor:
        port = vendor.url.rpartition(":")[2]
        web, _ = nobody("127.0.0.1", "10.0.0.1")
        with pytest.raises(Refused, match="a private address"):
            fetch(web, f"http://localhost:{port}a", "http://localhost/")
    assert vendor.asked == []


def test_a_resolver_that_changes_its_mind_between_the_check_and_the_connection() -> None:
    """It is asked once: the connection goes to the address that was judged, and the second answer to nobody."""
    names = Names([("127.0.0.1",), ("169.254.169.254",)])
    with stranger(says(HEAD, b"Content-Length: 4\r\n\r\na,b\n")) as vendor:
        url = vendor.url.replace("127.0.0.1", "localhost")
        assert fetch(Web(resolve=names), url, url) == b"a,b\n"
    assert len(names.asked) == 1


def test_a_name_of_thousands_of_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ten thousand 64 are looked at, and three silent ones are enough, at each of three tries."""
    tried: list[str] = []

    def silent(where: tuple[str, int], *_: Any) -> socket.socket:
        tried.append(where[0])
        raise TimeoutError

    monkeypatch.setattr(pinned, "create_connection", silent)
    web, _ = nobody(*(f"93.184.{n >> 8}.{n & 255}" for n in range(10_000)))
    with pytest.raises(TryAgain):
        fetch(web, "https://files.example/a", "https://files.example/")
    assert 3 <= len(tried) <= 9 and len(set(tried)) == 3


# ---- what we show


def test_a_key_that_is_called_back_by_a_detour() -> None:
    """Once it stayed behind it is shown to nobody, also not at home."""
    answers = [moved(""), says(HEAD, b"Content-Length: 4\r\nConnection: close\r\n\r\na,b\n")]
    with (
        stranger(lambda made, peer: answers.pop(0)(made, peer)) as home,
        stranger(moved(f"{home.url}b")) as away,
    ):
        answers[0] = moved(f"{away.url}x")
        assert fetch(Web(), f"{home.url}a", home.url, away.url, home=home.url) == b"a,b\n"
    assert ["hush-key" in one.decode() for one in (*home.asked, *away.asked)] == [True, False, False]


@pytest.mark.parametrize(
    "home", ["https://{}/", "http://localhost:{}/", "http://127.0.0.1/", "http://{}.evil.example/"]
)
def test_a_key_asked_for_by_what_is_almost_home(home: str) -> None:
    """Another scheme, host or port is another origin."""
    with stranger(says(HEAD, b"Content-Length: 4\r\n\r\na,b\n")) as vendor:
        near = vendor.url.removeprefix("http://").rstrip("/")
        fetch(Web(), vendor.url, home=home.format(near if home.startswith("https") else near.rpartition(":")[2]))
    assert "hush-key" not in vendor.asked[0].decode()


@pytest.mark.parametrize("name", ["PYTHONHTTPSVERIFY", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_an_environment_that_would_rather_not_look_at_certificates(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends before a byte of the request."""
    monkeypatch.setenv(name, "0" if name.startswith("PYTHON") else "")
    with stranger(says(HEAD), self_signed(tmp_path / "own.pem")) as vendor:
        with pytest.raises(TryAgain, match="SSLError"):
            Web().call("acme", "list", "GET", vendor.url, headers=KEY)
        with pytest.raises(TryAgain, match="SSLError"):
            fetch(Web(), vendor.url, home=vendor.url)
    assert vendor.asked == []


# ---- how long


def _bytes(made: Stranger, peer: socket.socket) -> None:
    peer.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    made.trickles(peer, (b"1" for _ in count()))


def _open(made: Stranger, peer: socket.socket) -> None:
    peer.sendall(HEAD + b"Connection: close\r\n\r\n")
    made.trickles(peer, (b"1" for _ in count()))


def _headers(made: Stranger, peer: socket.socket) -> None:
    peer.sendall(HEAD)
    made.trickles(peer, (b"X" for _ in count()))


def _continue(made: Stranger, peer: socket.socket) -> None:
    made.trickles(peer, (b"HTTP/1.1 100 Continue\r\n\r\n" * 50 for _ in count()), 0.001)


def _chunks(made: Stranger, peer: socket.socket) -> None:
    peer.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    made.trickles(peer, (b"1\r\n1\r\n" for _ in count()))


def _extension(made: Stranger, peer: socket.socket) -> None:
    peer.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;")
    made.trickles(peer, (b"e" for _ in count()))


def _called(say: Callable[[Stranger, socket.socket], object], file: Path | None = None) -> None:
    """The same answer to a call: it ends at the deadline, in doubt, and leaves neither a thread nor a socket."""
    with stranger(say, file) as vendor:
        threads, begun = active_count(), monotonic()
        with pytest.raises(TryAgain, match="no whole answer came within 1 s") as told:
            Web(total=SHORT).call("acme", "create", "POST", vendor.url, json={})
        assert told.value.doubt and active_count() == threads and SHORT <= monotonic() - begun < SOON


@pytest.mark.parametrize("say", [_bytes, _open, _headers, _continue, _chunks, _extension])
def test_an_answer_of_the_api_that_trickles(say: Callable[[Stranger, socket.socket], object]) -> None:
    """Body, headers, interim answers, chunks: all of it ends at the deadline, in doubt, without a thread left."""
    _called(say)


def test_an_answer_that_trickles_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends at the deadline like a plain one."""
    file = self_signed(tmp_path / "own.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    _called(_bytes, file)


def test_a_handshake_that_trickles() -> None:
    """A record of TLS that is begun and never ended: over at the deadline."""

    def begins(made: Stranger, peer: socket.socket) -> None:
        peer.sendall(b"\x16\x03\x03\x3f\xff\x02")
        made.trickles(peer, (b"\x00" for _ in count()))

    with stranger(begins) as vendor:
        begun = monotonic()
        with pytest.raises(TryAgain, match="no whole answer came within 1 s"):
            Web(total=SHORT).call("acme", "list", "GET", vendor.url.replace("http:", "https:"))
        assert monotonic() - begun < SOON


@pytest.mark.parametrize("say", [_headers, _continue])
def test_a_file_that_never_begins(say: Callable[[Stranger, socket.socket], object]) -> None:
    """Tried again later: the time for a file to begin is the time of a call."""
    with stranger(say) as vendor:
        begun = monotonic()
        with pytest.raises(TryAgain, match=r"no file began to come within 1 s|broke off"):
            fetch(Web(total=SHORT), vendor.url, seconds=60.0)
        assert monotonic() - begun < SOON


def test_a_file_that_never_begins_at_the_end_of_the_copier_s_time() -> None:
    """Too large for the time that is left, not an outage: else it would be fetched again and again."""
    with stranger(_headers) as vendor:
        for seconds in (0.2, 0.0, -5.0):
            with pytest.raises(TooLarge, match="too-large: 0 s were left"):
                fetch(Web(total=60.0), vendor.url, seconds=seconds)


@pytest.mark.parametrize("say", [_bytes, _open, _chunks, _extension])
def test_a_file_that_trickles(say: Callable[[Stranger, socket.socket], object]) -> None:
    """Too large for the time there is, with the bytes that came: also where its end was never told."""
    with stranger(say) as vendor:
        threads, begun = active_count(), monotonic()
        with pytest.raises(TooLarge, match=r"too-large: [0-9]+( of 1000000)? bytes came in 1 s"):
            fetch(Web(), vendor.url, seconds=SHORT)
        assert monotonic() - begun < SOON and active_count() == threads


@pytest.mark.parametrize("size", [b"-1", b"-5", b"-ffffffff"])
def test_a_chunk_of_less_than_nothing(size: bytes) -> None:
    """ "-1" is "all there is" to a file object: neither a call nor a download reads it into memory."""
    sent: list[int] = []

    def floods(made: Stranger, peer: socket.socket) -> None:
        peer.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n")
        for _ in range(100):
            peer.sendall(b"x" * (1 << 20))
            sent.append(1)

    with stranger(floods) as vendor:
        with pytest.raises(TryAgain, match="broke off"):
            fetch(Web(), vendor.url, most=1000)
        with pytest.raises(TryAgain, match="broke off"):
            Web().call("acme", "list", "GET", vendor.url)
    assert len(sent) < 50


def test_headers_without_end() -> None:
    """A hundred at most, each of 64 KiB at most."""
    flood = (b"X-%d: a\r\n" % n for n in range(5000))
    with stranger(says(HEAD, *flood, b"\r\n")) as vendor, pytest.raises(TryAgain):
        fetch(Web(), vendor.url)


@pytest.mark.parametrize("length", [b"-1", b"4\r\nContent-Length: 9", b"0x4", b"1e3", b"99999999999999999999"])
def test_a_length_that_is_none(length: bytes) -> None:
    """No number of it is believed: the file comes whole or is a problem, and never an unexpected error."""
    with stranger(says(HEAD, b"Content-Length: ", length, b"\r\nConnection: close\r\n\r\na,b\n")) as vendor:
        try:
            assert fetch(Web(), vendor.url) == b"a,b\n"
        except (TryAgain, Broken) as problem:
            assert isinstance(problem, Problem)


# ---- the whole copier

TEXT = """
[[export]]
name = "f"
vendor = "flowroute"
start = 2026-11-19
reexport = []
base_url = "{0.base_url}"
download_from = ["{1}"]
"""
DAY = datetime(2026, 11, 19, tzinfo=UTC)


@contextmanager
def _due(say: Callable[[Stranger, socket.socket], object]) -> Iterator[tuple[World, dict[str, Any], Stranger]]:
    """A report whose file lies at the stranger's, about to be copied."""
    clock = Clock()
    with (
        Flowroute(3, "f", clock=clock, per_day=5, callbacks="never") as vendor,
        stranger(say) as there,
        world(TEXT.format(vendor, there.url), clock) as at,
    ):
        at.tick("f")
        clock.turn(minutes=30)
        vendor.files.url = there.url.rstrip("/")
        yield at, at.executions.started[0][1], there


def test_a_report_s_file_that_trickles_until_the_copier_would_die() -> None:
    """Quarantined with the numbers while there is time to say so, and nothing of it is kept."""
    with _due(_bytes) as (at, told, there):
        begun = list[float]()

        def left() -> float:
            if there.asked and not begun:
                begun.append(monotonic())
            return RESERVE + 1.5 - (monotonic() - begun[0] if begun else 0.0)

        copier.copy(told, at, left)
        row, kept = at.row("f", DAY), at.written()
    assert row.state is Work.QUARANTINED and (row.reason or "").startswith("too-large: ")
    assert [key.partition("/")[0] for key in kept] == ["quarantine"]


def test_a_report_s_link_that_leads_to_the_metadata() -> None:
    """The export waits with the line to add, uses no attempt, and nothing is written."""
    with _due(moved("http://169.254.169.254/latest/meta-data/iam/")) as (at, told, there):
        copier.copy(told, at)
        row = at.row("f", DAY)
        assert (row.state, row.attempt) == (Work.ASKED, 1) and "at another origin" in (row.reason or "")
        assert len(there.asked) == 1 and not at.written()


# ---- what an operator is talked into


@pytest.mark.parametrize(("field_", "value", "said"), [
    ("base_url", '"http://127.0.0.1:9001"', "this machine"), ("base_url", '"https://localhost/v2"', "this machine"),
    ("base_url", '"http://[::1]:80"', "this machine"), ("download_from", '["http://127.0.0.1/"]', "this machine"),
    ("download_from", '["https://files.example.com/a/", "http://localhost/"]', "this machine"),
])  # fmt: skip
def test_a_deploy_to_an_account_with_this_machine_in_the_file(
    field_: str, value: str, said: str, tmp_path: Path
) -> None:
    """Refused with line and field; the local cloud alone takes it."""
    file = tmp_path / "exports.toml"
    file.write_text(f'[[export]]\nname = "t"\nvendor = "telnyx"\nstart = "-1d"\n{field_} = {value}\n')
    with pytest.raises(Mistakes) as wrong:
        settings.exports(settings.settings({"exports": str(file)}.get))
    assert [one for one in wrong.value.mistakes if f"line 5: export t: {field_}: {said}" in one] == wrong.value.mistakes
    assert settings.exports(settings.settings({"exports": str(file), "target": "host"}.get)).exports


@pytest.mark.parametrize("host", [
    "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "10.0.0.1", "169.254.169.254", "93.184.216.34", "localhost.",
    "LOCALHOST.", "metadata.google.internal", "printer.local", "intranet", "a.localhost", "b\u00fccher.example",
    "[::ffff:127.0.0.1]", "[fd00:ec2::254]", "files.example.", "files..example", "user@files.example",
    "files.example:0", "files.example:99999", "0.0.0.1", f"{'a' * 64}.example", "127.0.0.1.", "*.example", "a_b",
])  # fmt: skip
@pytest.mark.parametrize("field_", ["base_url", "download_from"])
def test_an_odd_spelling_of_a_host_in_the_file(field_: str, host: str, tmp_path: Path) -> None:
    """A mistake at synth, named with its line: numbers, private names, dots at the end, other alphabets, users."""
    url = f'"https://{host}/x/"'
    file = tmp_path / "exports.toml"
    told = f"[{url}]" if field_ == "download_from" else url
    file.write_text(f'[[export]]\nname = "t"\nvendor = "telnyx"\nstart = "-1d"\n{field_} = {told}\n')
    with pytest.raises(Mistakes, match=rf"line 5: export t: {field_}: "):
        settings.exports(settings.settings({"exports": str(file), "target": "host"}.get))


@pytest.mark.parametrize("host", [
    "s3.amazonaws.com", "s3.us-west-2.amazonaws.com", "s3-eu-west-1.amazonaws.com", "storage.googleapis.com",
    "s3.dualstack.eu-west-1.amazonaws.com", "S3.AMAZONAWS.COM", "nyc3.digitaloceanspaces.com", "s3.wasabisys.com",
    "s3-external-1.amazonaws.com",
])  # fmt: skip
def test_everybodys_buckets_in_the_file(host: str, tmp_path: Path) -> None:
    """Refused with the advice to name the bucket, also where the folder is none; with one it passes."""
    file = tmp_path / "exports.toml"
    text = '[[export]]\nname = "t"\nvendor = "telnyx"\nstart = "-1d"\ndownload_from = ["https://{}"]\n'
    file.write_text(text.format(f"{host}/"))
    with pytest.raises(Mistakes, match=r"line 5: export t: download_from: on .* name the one"):
        settings.exports(settings.settings({"exports": str(file)}.get))
    for nowhere in (".", "%2e", "%252e"):
        file.write_text(text.format(f"{host}/{nowhere}/"))
        with pytest.raises(Mistakes, match=r"line 5: export t: download_from: .* no `\.`"):
            settings.exports(settings.settings({"exports": str(file)}.get))
    file.write_text(text.format(f"{host}/ours/"))
    assert settings.exports(settings.settings({"exports": str(file)}.get)).exports
