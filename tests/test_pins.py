"""Every exact pin has its reason in docs/releasing.md, and the licence is declared wherever one looks for it."""

import json
import re
import tomllib

from tests.pages import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGE = json.loads((ROOT / "package.json").read_text("utf-8"))
PAGE = (ROOT / "docs" / "releasing.md").read_text("utf-8")


def pinned() -> set[str]:
    """The packages that pyproject.toml or package.json hold to one version."""
    wanted = [one for group in PROJECT["dependency-groups"].values() for one in group if isinstance(one, str)]
    found = {match[1] for one in wanted if (match := re.match(r"([a-z0-9-]+)(?:\[[a-z0-9,]+\])?==", one))}
    return found | {name for held in ("dependencies", "devDependencies") for name in PACKAGE[held]}


def test_every_pin_has_its_reason() -> None:
    """And no reason is left over from a pin that is gone."""
    section = PAGE.split("## What is pinned, and why\n")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    told = [name for names, _ in cells for name in re.findall(r"`([a-z0-9-]+)`", names)]
    assert sorted(told) == sorted(pinned())
    assert all(len(reason) > 20 for _, reason in cells)


def test_a_package_is_bounded_where_a_next_release_may_break() -> None:
    """What is in a bundle has an upper bound, so that `make lock` brings no other major version by itself."""
    groups = PROJECT["dependency-groups"]
    bundled = [one for name in ("every", "lambda", "copier") for one in groups[name] if isinstance(one, str)]
    assert bundled and all(re.search(r"<\d|==", one) for one in bundled)


def test_npm_is_pinned_exactly() -> None:
    """A range would be chosen anew by whoever installs without the lock."""
    both = {**PACKAGE["dependencies"], **PACKAGE["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in both.values())


def test_the_version_is_one() -> None:
    """In pyproject.toml, package.json and both places of its lock; tests/test_house.py holds the code's own."""
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    assert {PROJECT["project"]["version"]} == {PACKAGE["version"], lock["version"], lock["packages"][""]["version"]}


def test_the_licence_is_declared() -> None:
    """Apache 2.0, in the file and in both manifests."""
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text("utf-8")
    assert PROJECT["project"]["license"] == PACKAGE["license"] == "Apache-2.0"
