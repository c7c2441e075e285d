"""app.py: what is wrong is told in a line each, and nothing else."""

from pathlib import Path

from tests.infra.conftest import app
from tests.infra.template import Template

BAD = """
[[export]]
name = "Main"
vendor = "telnyx"
start = "yesterday"

[[export]]
name = "other"
vendor = "nobody"
"""


def test_every_mistake_is_told_at_once_with_status_2(tmp_path: Path) -> None:
    """A line for each, with the file's name, and no traceback."""
    (tmp_path / "exports.toml").write_text(BAD)
    done = app(tmp_path / "out", {"exports": str(tmp_path / "exports.toml")})
    lines = done.stderr.splitlines()
    assert done.returncode == 2
    assert lines
    assert all(line.startswith("exports.toml: ") for line in lines), done.stderr
    for export, field in (("Main", "name"), ("Main", "start"), ("other", "vendor")):
        assert any(f"export {export}: {field}: " in line for line in lines), done.stderr
    assert not list((tmp_path / "out").glob("*.json"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With what the system says."""
    done = app(tmp_path / "out", {"exports": str(tmp_path / "none.toml")})
    assert done.returncode == 2
    assert done.stderr == f"{tmp_path}/none.toml: cannot be read: No such file or directory\n"


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    """All of them at once."""
    done = app(tmp_path / "out", {"target": "mars", "log_days": "2"})
    assert done.returncode == 2
    assert [line.split(": ")[:2] for line in done.stderr.splitlines()] == [
        ["context", "target"],
        ["context", "log_days"],
    ]


def test_exports_that_double_are_noted(made: Template) -> None:
    """A shared secret is legal; the stack is made, and the operator is told."""
    assert made.said.startswith("exports.toml: note: telnyx-other and telnyx-main share a secret")
    assert len(made.said.splitlines()) == 1
