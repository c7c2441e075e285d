"""What a shell completes, asked as click's scripts ask it; and that every command is there and documented."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.commands import COMMANDS, main

PAGE = (Path(__file__).parents[2] / "docs" / "cdr.md").read_text("utf-8")
TEXT = '[[export]]\nname = "first"\n[[export]]\nname = "second"\n'


def completed(folder: Path, words: str) -> list[str]:
    """The last word's completions, from a process of its own."""
    told = {"_CDR_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    done = subprocess.run(
        [Path(sys.executable).with_name("cdr")], cwd=folder, env={**os.environ, **told}, capture_output=True, text=True
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_names_of_exports_questions_and_commands_are_completed(tmp_path: Path) -> None:
    """An export that is named already is not offered again; without a file nothing is, and nothing is said."""
    assert completed(tmp_path, "cdr status ") == []
    (tmp_path / "exports.toml").write_text(TEXT)
    assert completed(tmp_path, "cdr status ") == ["first", "second"]
    assert completed(tmp_path, "cdr status first ") == ["second"]
    assert completed(tmp_path, "cdr tail --export s") == ["second"]
    assert "short_calls" in completed(tmp_path, "cdr query sh")
    assert completed(tmp_path, "cdr doc") == ["doctor"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_click_s_own(shell: str) -> None:
    """It asks by the variable that the page tells."""
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0
    assert f"_CDR_COMPLETE={shell}_complete" in done.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_has_its_section(name: str) -> None:
    """With its exit statuses."""
    told = CliRunner().invoke(main, [name, "--help"], catch_exceptions=False)
    assert told.exit_code == 0
    assert f"## cdr {name}" in PAGE or f"cdr {name}" in PAGE
    assert name == "completion" or "Exit status" in told.output
