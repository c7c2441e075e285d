"""What the docs say is what the code does."""

import ast
import inspect
import re
import tomllib
from pathlib import Path

from infra import settings
from lambdas.core import exports, fields
from local import schema
from tests.attacks import table

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")


def told(text: str) -> set[str]:
    """The names in the first column of a text's tables."""
    cells = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`\[?([a-z_.]+)\]?`", cell)}


def test_every_column_is_in_the_schemas_page() -> None:
    """docs/schema.md is what `python -m local.schema` writes today."""
    assert schema.FILE.read_text("utf-8") == schema.text()


def test_every_field_of_an_export_is_in_the_settings_page() -> None:
    """And no field that does not exist."""
    text = inspect.getsource(fields) + inspect.getsource(exports)
    found = re.findall(r'(?:take|word|flag|text|count|span|url)\(\s*"([a-z_]+)"', text)
    assert set(found) - {"options"} == told(SETTINGS.split("## The stack")[0]) - {"export.options"}


def test_every_setting_of_the_stack_is_in_the_settings_page() -> None:
    """And none that does not exist."""
    found = re.findall(r'(?:text|word|count|one_of|zone|money)\("([a-z_]+)"', inspect.getsource(settings.settings))
    assert set(found) == told(SETTINGS.split("## The stack")[1])


def test_the_readme_pins_the_command_line_that_is_locked() -> None:
    """The registry's newest refuses the assembly, so the pin must be right."""
    package = (ROOT / "package.json").read_text("utf-8")
    (pin,) = re.findall(r'"aws-cdk": "([\d.]+)"', package)
    assert f"aws-cdk {pin}" in (ROOT / "README.md").read_text("utf-8")


def test_the_changelog_knows_this_version() -> None:
    """What is in pyproject.toml has its heading."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_version_of_today_is_a_supported_one() -> None:
    """SECURITY.md names the line that gets fixes."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"| {version.rpartition('.')[0]}.x | yes |" in (ROOT / "SECURITY.md").read_text("utf-8")


def test_the_attacks_are_the_security_page_s() -> None:
    """docs/security.md is what `python -m tests.attacks` writes today; each attack says what happens."""
    page = table.PAGE.read_text("utf-8")
    assert table.renewed(page) == page
    told = [what for area in table.areas() for what in area.attacks.values()]
    assert len(told) >= 60
    assert all(told) and all(area.about for area in table.areas())


def test_what_the_security_page_promises_has_its_tests() -> None:
    """Each `tests/FILE.py::NAME` is there."""
    named = set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", table.PAGE.read_text("utf-8")))
    assert len(named) > 50
    there = {(path, one) for path in {path for path, _ in named} for one in _functions(ROOT / path)}
    assert named <= there


def _functions(path: Path) -> set[str]:
    return {one.name for one in ast.parse(path.read_text("utf-8")).body if isinstance(one, ast.FunctionDef)}
