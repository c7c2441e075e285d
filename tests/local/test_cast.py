"""Who plays which account, with which key."""

import json
import time
from pathlib import Path

import pytest

from lambdas.core.progress import State
from lambdas.core.windows import DAY, Window, midnight
from lambdas.vendors import FACTS, VENDORS
from lambdas.web import Web
from local.cast import Cast, Role, named, simulated
from local.clock import real
from local.vendors.telnyx import CREDENTIALS, Telnyx

TEXT = """
[[export]]
name = "first"
vendor = "telnyx"
start = "-1d"   # a comment that stays
secret = "cdr/dev/shared"

[[export]]
name = "second"
vendor = "telnyx"
start = "-1d"
secret = "cdr/dev/shared"
api = "v2"

[[export]]
name = "third"
vendor = "flowroute"
start = "-1d"

[[export]]
name = "theirs"
vendor = "telnyx"
start = "-1d"
base_url = "http://127.0.0.1:9/api"
"""


def test_exports_of_one_account_share_a_simulator(tmp_path: Path) -> None:
    """And no other does; the newer API is another path of the same server."""
    with simulated(TEXT, "dev", real, {}, tmp_path, 50) as cast:
        urls = {export.name: export.base_url for export in cast.exports.exports}
        assert len(cast.simulators) == 2
        assert urls["second"] == f"{urls['first']}/v2"
        assert not urls["third"].startswith(urls["first"])
        assert cast.roles["first"] == cast.roles["second"] != cast.roles["third"]


@pytest.mark.parametrize(("vendor", "api"), [(name, api) for name, facts in FACTS.items() for api in facts.apis])
def test_every_vendors_file_can_be_had_as_the_file_says(tmp_path: Path, vendor: str, api: str) -> None:
    """From the address, with the key and from the origin that the effective exports.toml names, and no other."""
    text = f'[[export]]\nname = "one"\nvendor = "{vendor}"\napi = "{api}"\nstart = "-1d"\n'
    with simulated(text, "dev", real, {}, tmp_path, 50) as cast:
        (export,) = cast.exports.exports
        keys = json.loads(cast.secrets[export.secret_id])
        account = VENDORS[vendor](export, keys, Web())
        yesterday = midnight(real()) - DAY
        report = account.ask(account.fields(Window(yesterday, 86_400, export.sources[0])), "cdr1.x", None)
        while (progress := account.look(report)).state is not State.READY:
            time.sleep(0.1)
        (file,) = progress.files
        with Web().download(vendor, file.url, export.download_from, file.headers, export.base_url) as body:
            assert b"".join(body)


def test_an_export_on_loopback_keeps_its_server(tmp_path: Path) -> None:
    """It has no role, so nobody claims to know its truth."""
    with simulated(TEXT, "dev", real, {}, tmp_path, 50) as cast:
        assert cast.exports.get("theirs").base_url == "http://127.0.0.1:9/api"
        assert set(cast.roles) == {"first", "second", "third"}


def test_the_rest_of_the_file_stays_as_it_was(tmp_path: Path) -> None:
    """Only where the vendor is found has changed."""
    with simulated(TEXT, "dev", real, {}, tmp_path, 50) as cast:
        changed = set(cast.text.splitlines()) - set(TEXT.splitlines())
    assert {line.split(" ")[0] for line in changed} == {"base_url", "download_from"}


def test_a_secret_that_was_given_wins(tmp_path: Path) -> None:
    """Every other one is the simulator's own key."""
    with simulated(TEXT, "dev", real, {"cdr/dev/theirs": "given"}, tmp_path, 50) as cast:
        assert _fields(cast, "cdr/dev/third") == {"access_key", "secret_key"}
        assert cast.secrets["cdr/dev/theirs"] == "given"


def _fields(cast: Cast, name: str) -> set[str]:
    return set(json.loads(cast.secrets[name]))


def test_a_shared_secret_serves_both_apis(tmp_path: Path) -> None:
    """The fields of either, since one simulated account answers both."""
    with simulated(TEXT, "dev", real, {}, tmp_path, 50) as cast:
        assert _fields(cast, "cdr/dev/shared") == set(CREDENTIALS)


def test_a_secret_by_its_arn_gets_a_place_here() -> None:
    """Under a name of its own, with the value that was given for the ARN."""
    arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:flowroute-AbCdEf"
    text = f'[[export]]\nname = "one"\nvendor = "flowroute"\nstart = "-1d"\nsecret_arn = "{arn}"\n'
    changed, secrets = named(text, "dev", {arn: "given"})
    assert 'secret = "cdr/dev/flowroute-AbCdEf"' in changed
    assert "secret_arn" not in changed
    assert secrets["cdr/dev/flowroute-AbCdEf"] == "given"


def test_a_role_draws_the_simulators_calls_again() -> None:
    """In another process too, which knows the role alone."""
    with Telnyx(5, "account", clock=real, per_day=50, axis="end", closed=True) as one:
        role = Role.of(one)
        day = real().date()
        assert (role.axis, role.closed) == ("end", True)
        assert role.calls().day(day) == one.calls.day(day)
