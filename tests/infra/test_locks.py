"""The locks: every package that is installed anywhere has one version and its hashes, and each lock fits its group."""

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from infra.locks import UnlockedError, accepted, locks, pins
from tests.infra.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS: dict[str, list[Any]] = PROJECT["dependency-groups"]
LOCKS = locks(ROOT)
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
NPM = json.loads((ROOT / "package-lock.json").read_text("utf-8"))


def asked(group: str) -> list[Requirement]:
    """What a group asks for, those that it includes as well."""
    found = []
    for one in GROUPS[group]:
        found += asked(one["include-group"]) if isinstance(one, dict) else [Requirement(one)]
    return found


def included(group: str) -> set[str]:
    inner = {one["include-group"] for one in GROUPS[group] if isinstance(one, dict)}
    return {group}.union(*(included(one) for one in inner))


@pytest.mark.parametrize("group", LOCKS)
def test_every_release_is_locked_with_hashes(group: str) -> None:
    """`pins` raises on a line that is anything else; and no release stands there twice for one platform."""
    held = LOCKS[group]
    assert all(pin.hashes for pin in held)
    assert len({pin.text for pin in held}) == len(held) > 0


@pytest.mark.parametrize("group", LOCKS)
def test_a_lock_fits_its_group(group: str) -> None:
    """Each requirement of pyproject.toml is met by the version that is locked."""
    held = {pin.release.split("==")[0]: Version(pin.release.split("==")[1]) for pin in LOCKS[group]}
    wanted = [one for one in asked(group) if not one.marker or one.marker.evaluate()]
    assert {one.name: str(held.get(one.name)) for one in wanted if held[one.name] not in one.specifier} == {}


def test_no_group_is_forgotten() -> None:
    """Each has a lock of its own, or is wholly in one that has; and `make lock` renews exactly the locks that are."""
    assert set().union(*(included(group) for group in LOCKS)) == GROUPS.keys()
    (listed,) = re.findall(r"for group in ([a-z ]+);", MAKEFILE)
    assert set(listed.split()) == LOCKS.keys()
    assert PROJECT["project"]["dependencies"] == []


def test_the_bundles_share_their_releases() -> None:
    """What is locked for the bundles is locked the same for the tests."""
    small, copier, dev = ({pin.release for pin in LOCKS[group]} for group in ("lambda", "copier", "dev"))
    assert small | copier <= dev


@pytest.mark.parametrize(
    "line",
    [
        "idna==3.10",
        f"idna>=3.10 --hash=sha256:{'0' * 64}",
        f"idna==3.* --hash=sha256:{'0' * 64}",
        f"idna==3.10 --hash=md5:{'0' * 32}",
        f"idna==3.10 --hash=sha256:{'0' * 63}",
        f"idna @ https://example.org/idna.whl --hash=sha256:{'0' * 64}",
        "git+https://example.org/idna",
        "--index-url https://example.org/simple",
        "-e .",
    ],
)
def test_a_line_that_pins_nothing_is_no_lock(line: str) -> None:
    """No hash, a weak one, a range, an address, another index."""
    with pytest.raises(UnlockedError):
        pins(f"requests==2.34.2 \\\n    --hash=sha256:{'1' * 64}\n{line}\n")


def test_everything_is_installed_by_its_hash() -> None:
    """Each command of the Makefile that installs from an index asks for hashes, and takes no source."""
    (pip,) = re.findall(r"^PIP := (.*)$", MAKEFILE, re.MULTILINE)
    made = MAKEFILE.replace("$(PIP)", pip).replace("$(UV)", "uv")
    lines = [line for line in made.splitlines() if re.search(r"pip (install|sync)", line)]
    from_locks = [line for line in lines if ".txt" in line]
    assert len(from_locks) == len(lines) - 2 >= 5  # but for our own tree, and the line that says what PIP is
    assert all("--require-hashes" in line and "$(WHEELS)" in line for line in from_locks)
    (own,) = [line for line in lines if "--editable" in line]
    assert "--offline --no-deps" in own
    renews, installs = re.findall(r"npm [a-z]+ [^&\n]+", MAKEFILE)
    assert installs.startswith("npm ci ") and "--ignore-scripts" in installs
    assert "--package-lock-only" in renews and "--ignore-scripts" in renews  # `make lock` installs nothing


def test_ci_audits_before_it_tests() -> None:
    """With the very command that a test of attacks runs over other trees."""
    assert (ROOT / ".ci" / "run").read_text("utf-8").rstrip().endswith("exec make audit test")
    (command,) = re.findall(r"^audit:.*\n\t@(.*)$", MAKEFILE, re.MULTILINE)
    assert command == "$(BIN)/python -m infra.audit"


def test_every_package_of_npm_is_locked_by_its_digest() -> None:
    """SHA-512 for each; and no address, so that none points anywhere but to the registry in use."""
    held = {name: one for name, one in NPM["packages"].items() if name}
    assert len(held) > 10
    assert {name for name, one in held.items() if not one["integrity"].startswith("sha512-")} == set()
    assert {name for name, one in held.items() if "resolved" in one or "link" in one} == set()


def test_package_json_is_locked_as_it_is() -> None:
    """Exact versions, the same in both files, under the project's own version; only the charts leave this machine."""
    told = json.loads((ROOT / "package.json").read_text("utf-8"))
    ours = {name: NPM["packages"][""][name] for name in ("name", "version", "dependencies", "devDependencies")}
    assert {name: told[name] for name in ours} == ours
    assert told["version"] == PROJECT["project"]["version"]
    assert told["dependencies"].keys() == {"echarts"}
    asked_for = {**told["dependencies"], **told["devDependencies"]}
    assert {name: NPM["packages"][f"node_modules/{name}"]["version"] for name in asked_for} == asked_for


def test_what_is_accepted_has_a_reason_and_an_end() -> None:
    """A sentence, and a day."""
    told = tomllib.loads((ROOT / "locks" / "accepted.toml").read_text("utf-8")).get("accepted", [])
    assert all(one.keys() == {"id", "reason", "until"} and len(one["reason"]) > 20 for one in told)
    assert all(type(one["until"]) is date for one in told)


def test_an_acceptance_holds_until_its_last_day(tmp_path: Path) -> None:
    """And not a day longer."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "accepted.toml").write_text('[[accepted]]\nid = "A"\nreason = "r"\nuntil = 2026-12-01\n')
    assert accepted(tmp_path, date(2026, 12, 1)) == {"A": "r"}
    assert accepted(tmp_path, date(2026, 12, 2)) == {}
    assert accepted(tmp_path / "none", date(2026, 12, 1)) == {}
