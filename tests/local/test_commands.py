"""What the commands say about mistakes: everything at once, in words that help, with nothing started in vain."""

import json
import re
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from click.testing import CliRunner

from lambdas.vendors import FACTS
from local.clock import real
from local.commands import main
from local.vendors.faults import FAULTS
from local.vendors.telnyx import Telnyx
from tests.local.runs import DAY, EARLY, SECRET, THEIRS, exports, ran, secrets
from tests.local.sets import Played, written

# Mistakes that are found before anything starts.


MALFORMED = """
[[export]]
name = "Main"
vendor = "nobody"

[[export]]
name = "second"
vendor = "telnyx"
start = "yesterday"
colour = "red"
"""


@pytest.mark.parametrize("command", ["demo", "up", "export --real"])
def test_every_mistake_of_the_exports_is_told_at_once(tmp_path: Path, command: str) -> None:
    """With file, line, export and field; status 2, and nothing was started."""
    one = ran(tmp_path, *command.split(), "--exports", exports(tmp_path, MALFORMED))
    assert one.process.returncode == 2
    assert set(one.out.splitlines()) >= {
        "exports.toml: line 3: export Main: name: needed: 1 to 40 of a-z, 0-9 and '-', not at its ends",
        f"exports.toml: line 4: export Main: vendor: not known: one of {', '.join(FACTS)}",
        'exports.toml: line 9: export second: start: needed: a date without quotes (2026-10-01), or "-7d"',
        "exports.toml: line 10: export second: colour: not a field of an export; docs/settings.md lists them",
    }
    assert "Traceback" not in one.out
    assert not one.left()


FAR = '[[export]]\nname = "theirs"\nvendor = "telnyx"\nstart = "-1d"\n'
NEAR = FAR + 'base_url = "http://127.0.0.1:9"\n'
GOOD = f'"{SECRET}" = {{ user = "u", token = "t" }}'


@dataclass(frozen=True)
class Wrong:
    """A mistake: the words, the files, and what must be said."""

    words: str
    said: str
    exports: str = FAR
    secrets: str = GOOD


MISTAKES = {
    "no file": Wrong("demo --exports nowhere.toml", r"nowhere.toml: cannot be read: No such file"),
    "not TOML": Wrong("demo --exports {exports}", r"exports.toml: not TOML: .*line 1", exports="= 1"),
    "no export": Wrong("demo --exports {exports}", r"exports.toml: no \[\[export\]\] table: write one", exports=""),
    "a broken secrets file": Wrong(
        "demo --exports {exports} --secrets {secrets}", r"secrets.toml: neither JSON nor TOML \(line 1\)", secrets="= x"
    ),
    "no secrets file": Wrong("demo --secrets nowhere.toml", r"nowhere.toml: cannot be read: No such file"),
    "a secret without a field": Wrong(
        "demo --exports {exports} --secrets {secrets}",
        r'secrets.toml: "cdr/dev/theirs": needs a table \{ user = "...", token = "..." \} for telnyx \(v1\)',
        secrets=f'"{SECRET}" = {{ user = "u", token = "" }}',
    ),
    "a secret that is a text": Wrong(
        "export --real --exports {exports} --secrets {secrets}",
        r"needs a table",
        secrets=f'"{SECRET}" = "confidential"',
    ),
    "a time that is none": Wrong("demo --until yesterday", r"'yesterday' is not a time such as 2026-11-20 or"),
    "attach with exports": Wrong("demo --attach --exports {exports}", r"--exports is for `up`"),
    "real without keys": Wrong("export --real --exports {exports}", rf"--secrets FILE must hold the keys of: {SECRET}"),
    "real at another time": Wrong(
        "export --real --exports {exports} --secrets {secrets} --until 2026-11-20",
        r"only while every base_url is on loopback; theirs has https://api.telnyx.com",
    ),
    "a vendor that nobody plays": Wrong("vendors --vendor acme", r"Invalid value for '--vendor': 'acme' is not one of"),
    "a fault of nobody": Wrong("vendors --fault acme:dead", r"acme:dead: no such vendor: 'acme'; possible: .*telnyx"),
    "no fault": Wrong("vendors --fault telnyx", r"telnyx: no such fault: ''; possible: unauthorized, "),
    "a fault misspelt": Wrong("vendors --fault telnyx:droped", r"no such fault: 'droped'; possible: .*dropped"),
    "a fault that it cannot play": Wrong(
        "vendors --fault telnyx:silent", r"telnyx:silent: this vendor cannot play 'silent'; possible: unauthorized, "
    ),
    "a fault of one that does not run": Wrong(
        "vendors --vendor telnyx --fault flowroute:dead", r"--fault flowroute:dead: only telnyx will run"
    ),
    "a fault at no operation": Wrong("vendors --fault telnyx:broken:on=x", r"no such operation: 'x'; possible: create"),
    "times that are none": Wrong(
        "vendors --fault telnyx:dead:times=x", r"'times=x': possible are times=N, on=OPERATION"
    ),
    "a word too many": Wrong("vendors --fault telnyx:dead:twice", r"'twice': possible are times=N, on=OPERATION and"),
    "no calls": Wrong("vendors --per-day 0", r"Invalid value for '--per-day'"),
    "somebody's own file": Wrong(
        "vendors --out {exports}", r"exports.toml: is there already, and was not written by this command"
    ),
    "no folder": Wrong(
        "vendors --out nowhere/x.toml", r"--out nowhere/x.toml: cannot be written; is there a folder nowhere\?"
    ),
    "no certificate": Wrong("vendors --callback-ca {exports}", r"--callback-ca .*exports.toml: no certificate in PEM"),
    "not said that it is real": Wrong("export --exports {exports}", r"Missing option '--real'"),
}


@pytest.fixture
def signals() -> Iterator[None]:
    """The command takes the signals; this process gets its own back."""
    kept = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for one, action in kept.items():
        signal.signal(one, action)


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.usefixtures("signals")
def test_a_mistake_is_told_before_anything_starts(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 2, what is wrong and where, no traceback, and no secret repeated."""
    wrong = MISTAKES[name]
    (tmp_path / "exports.toml").write_text(wrong.exports)
    (tmp_path / "secrets.toml").write_text(wrong.secrets)
    words = wrong.words.format(exports=tmp_path / "exports.toml", secrets=tmp_path / "secrets.toml")
    monkeypatch.setattr("local.commands.demos.cloud", lambda *_: pytest.fail("a cloud was started"))
    monkeypatch.setattr("local.commands.players.play", lambda *_: pytest.fail("a vendor was started"))
    told = CliRunner().invoke(main, words.split())
    assert told.exit_code == 2
    assert re.search(wrong.said, told.stderr)
    assert "confidential" not in told.output


@pytest.mark.parametrize("command", ["demo", "up", "export"])
@pytest.mark.usefixtures("signals")
def test_help_is_there(command: str) -> None:
    """Every command tells its options."""
    told = CliRunner().invoke(main, [command, "--help"])
    assert told.exit_code == 0
    assert all(option in told.output for option in ("--exports", "--secrets", "--until", "--out", "--patience"))


@pytest.mark.usefixtures("signals")
def test_help_of_the_vendors_lists_the_faults() -> None:
    """Each with its line unbroken, whatever the width of the terminal."""
    told = CliRunner().invoke(main, ["vendors", "--help"], terminal_width=60)
    assert told.exit_code == 0
    for name, fault in FAULTS.items():
        assert re.search(rf"^ +{name} +{re.escape(fault.does)}", told.output, re.MULTILINE)


# What somebody else's server may do wrong.


@pytest.mark.cloud
def test_a_wrong_key_and_a_vendor_that_does_not_answer_are_told(tmp_path: Path) -> None:
    """Status 1; the vendor, the status and the secret to mend; the address; the third is exported all the same."""
    with socket.socket() as nobody, Telnyx(5, "theirs", clock=real, credentials=THEIRS) as vendor:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        silent = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        text = tomlkit.parse(written({"theirs": Played(vendor, DAY)}))
        tables: Any = text["export"]
        tables.append({**tables[0], "name": "silent", "base_url": silent})
        tables.append({"name": "good", "vendor": "flowroute", "start": date(2026, 11, 9)})
        file = exports(tmp_path, tomlkit.dumps(text))
        keys = secrets(tmp_path, user="them@example.com", token="wrong-token")
        began = time.monotonic()
        one = ran(tmp_path, "demo", "--exports", file, "--secrets", keys, "--until", EARLY, "--out", tmp_path / "out")
    assert one.process.returncode == 1
    error = one.out[one.out.index("Error: ") :]
    assert re.search(r"theirs: telnyx: .*HTTP 401.*: the key was not accepted", error)
    assert f'put the right key into "{SECRET}" of the file of --secrets' in error
    assert re.search(rf"silent: telnyx: .*not reachable.*; does {silent}", error)
    assert "good" not in error
    assert "Traceback" not in one.out
    assert "wrong-token" not in one.out
    assert time.monotonic() - began < 240  # it ends by itself, also where other tests have the cores
    told = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert not told["right"]
    assert {(one["export"], one["state"]) for one in told["windows"]} == {
        ("good", "done"), ("theirs", "planned"), ("silent", "planned"),
    }  # fmt: skip
    assert not one.left()
