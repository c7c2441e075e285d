"""docs/adding-a-vendor.md adds a vendor: its files into a copy of the tree, its commands, one after the other."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import ROOT, blocks

PAGE = (ROOT / "docs" / "adding-a-vendor.md").read_text("utf-8")
BLOCKS = list(blocks(PAGE))
FILES = [(block.before.strip("`:"), block.text) for block in BLOCKS if block.language == "python"]
COMMANDS = [line for block in BLOCKS if not block.language for line in block.text.splitlines()]
LEFT = shutil.ignore_patterns("__pycache__", "node_modules", "build", ".*", "cdk.out")


def run(command: str, tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command.split(), cwd=tree, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project with the page's files, and the environment that is there."""
    made = tmp_path_factory.mktemp("adding") / "tree"
    shutil.copytree(ROOT, made, ignore=LEFT)
    (made / ".venv").symlink_to(ROOT / ".venv")
    for name, text in FILES:
        assert not (made / name).exists(), name
        (made / name).write_text(text, "utf-8")
    yield made
    shutil.rmtree(made)


def test_the_page_shows_a_vendor_whole() -> None:
    """Adapter, simulator, test; every block of code is one of them or commands."""
    assert [name for name, _ in FILES] == ["lambdas/vendors/acme.py", "local/vendors/acme.py", "tests/test_acme.py"]
    assert {block.language for block in BLOCKS} == {"python", ""}


def test_every_command_of_the_page_does_what_it_says(tree: Path) -> None:
    """In its order: the contract, end to end, the house, style, the schema's page."""
    assert len(COMMANDS) == 5
    for command in COMMANDS:
        done = run(command, tree)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert "no tests ran" not in done.stdout
    assert "`acme`" in (tree / "docs" / "schema.md").read_text("utf-8")


def test_a_vendor_without_its_section_is_missed(tree: Path) -> None:
    """The page about the vendors asks for the new one."""
    done = run(".venv/bin/python -m pytest -q tests/test_vendors_page.py -k has_a_table", tree)
    assert done.returncode == 1
    assert "acme" in done.stdout
