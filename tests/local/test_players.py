"""The simulated vendors alone, as a user starts them: a process that tells, is asked, and ends."""

import re
import signal
import socket
import time
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from lambdas.core.exports import parse
from lambdas.vendors import FACTS
from local.clock import real
from local.players import HEAD, Wish, exports, table, wish
from local.telling import Log, shown
from local.vendors import SIMULATORS
from local.vendors.faults import FAULTS
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests.local.processes import gone
from tests.local.runs import running
from tests.local.vendors.asking import V1


def test_they_run_alone_are_asked_and_end(tmp_path: Path) -> None:
    """SIMULATED is said; what they print is true; a fault by option and one by curl strike; then no port is open."""
    file = tmp_path / "theirs.toml"
    words = ("--vendor", "telnyx", "--vendor", "flowroute", "--fault", "telnyx:broken:on=list", "--out", file)
    with running(tmp_path, "vendors", *words, "--per-day", "9") as one:
        tree = one.until("every request is told")
        assert one.out.startswith("SIMULATED")
        written = parse(file.read_text(), "dev", FACTS)
        urls = {export.name: export.base_url for export in written.exports}
        assert set(urls) == {"telnyx-v1", "telnyx-v2", "flowroute"}
        assert all(f"base_url: {url}\n" in one.out for url in urls.values())
        keys = {"x-api-user": "ops@example.com", "x-api-token": "simulated-v1-token"}
        theirs = f"{urls['telnyx-v1']}{V1}"
        assert [requests.get(theirs, headers=keys, timeout=9).status_code for _ in range(2)] == [500, 200]
        curl = re.findall(r"curl -s (http://127\.0\.0\.1:\d+/_faults) -d '(.*)'\n", one.out)
        assert {urlsplit(url).port for url, _ in curl} == {urlsplit(url).port for url in urls.values()}
        for url, body in curl:
            assert requests.post(url, data=body, timeout=9).json()["pending"]
        assert requests.get(theirs, headers=keys, params={"page": 3}, timeout=9).status_code == 429
        one.until(f"telnyx GET {V1} 429")
        time.sleep(0.5)  # rich clears its buffer after writing: an interrupt in between tells the line again
        one.process.send_signal(signal.SIGINT)
        assert one.end() == 128 + signal.SIGINT
    lines = [line.split("s  ")[1] for line in one.out.splitlines() if " s  " in line]
    assert lines == [f"telnyx GET {V1} {status}" for status in (500, 200, 429)]
    assert one.out.rstrip().endswith("interrupted; everything is stopped")
    assert "Traceback" not in one.out
    assert gone(tree)
    assert not one.left()
    for url in urls.values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) != 0


def test_without_a_file_the_exports_are_printed(tmp_path: Path) -> None:
    """As TOML that the exporter takes, with every vendor that there is, each seeing the time it was told."""
    with running(tmp_path, "vendors", "--until", "2026-11-20T06:00:00Z") as one:
        one.until("every request is told")
        text = one.out[one.out.index(HEAD) : one.out.index("They stay until")]
        written = parse(text, "dev", FACTS)
        assert {export.vendor for export in written.exports} == set(SIMULATORS)
        base = next(export.base_url for export in written.exports if export.vendor == "telnyx")
        keys = {"x-api-user": "ops@example.com", "x-api-token": "simulated-v1-token"}
        body = {"start_time": "2026-11-19T00:00:00+00:00", "end_time": "2026-11-20T00:00:00+00:00"}
        made = requests.post(f"{base}{V1}", headers=keys, json=body, timeout=9).json()
        assert made["created_at"].startswith("2026-11-20T06:00:")
        one.process.send_signal(signal.SIGTERM)
        assert one.end() == 128 + signal.SIGTERM


def test_an_export_points_at_each_api() -> None:
    """With the place of its files, and nothing of a key."""
    with Telnyx(7, "main", clock=real) as telnyx, Flowroute(7, "main", clock=real) as flowroute:
        text = exports([telnyx, flowroute])
        tables = tomllib.loads(text)["export"]
        assert [one["base_url"] for one in tables] == [telnyx.root, f"{telnyx.root}/v2", flowroute.base_url]
        assert [one["download_from"] for one in tables[1:]] == [[telnyx.download_from], [flowroute.download_from]]
        assert not any(key in text for one in (telnyx, flowroute) for key in one.credentials.values())


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("telnyx:dropped", {}),
        ("telnyx:throttled:times=3:on=create:seconds=2.5", {"times": 3, "on": "create", "seconds": 2.5}),
        ("telnyx:slow:seconds=60", {"seconds": 60}),
    ],
)
def test_a_wish_is_read(text: str, how: dict[str, object]) -> None:
    """The vendor, the fault, and how."""
    assert wish(text) == Wish("telnyx", text.split(":")[1], how)


def test_help_has_every_fault() -> None:
    """In the words of the table."""
    told = table()
    for name, fault in FAULTS.items():
        assert re.search(rf"^  {name} +{re.escape(fault.does)}", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v2/cdrs/exports/38647", "/v2/cdrs/exports/38647"),
        ("/downloads/1b4e28ba-2fa1-11d2-883f-001612345678.csv", "/downloads/1b4e28ba-2fa1-11d2-883f-001612345678.csv"),
        ("/v2/legacy_reporting/batch_detail_records/voice", "/v2/legacy_reporting/batch_detail_records/voice"),
        ("/numbers/+12065551234/x", "/numbers/+.../x"),
        ("/numbers/tel12065551234", "/numbers/tel..."),
        ("/KEY0123ABCDEF0123456789_abcdef", "/..."),
        ("/simulated-v1-token", "/..."),
        ("/a\x1b[2J\nb", "/a?[2J?b"),
    ],
)
def test_a_told_path_holds_neither_a_key_nor_a_number(path: str, told: str) -> None:
    """Nor what a terminal would obey; ids and the words of an API stay."""
    assert shown(path, Telnyx(7, "main", clock=real)) == told


def test_files_and_callbacks_are_told_too() -> None:
    """Each once."""
    with Flowroute(7, "main", clock=real) as one:
        log = Log([one])
        requests.get(f"{one.files_url}/nowhere", timeout=9)
        assert list(log.news()) == ["flowroute GET /nowhere 403"]
        assert list(log.news()) == []
