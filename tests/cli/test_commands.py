"""What every command promises by its options."""

import re

import pytest
from click.testing import CliRunner

from cli.commands import COMMANDS, main

TELLING = [name for name in COMMANDS if name != "completion"]  # which prints a shell's script and nothing else
UPTO = {"backfill": "not included", "import": "not included", "query": "day, included", "report": "day, included"}


def helped(name: str, option: str) -> str:
    """What `--help` says of an option; "" where the command has none of that name."""
    told = CliRunner().invoke(main, [name, "--help"], catch_exceptions=False).output
    found = re.search(rf"^  {option}\b.*(?:\n {{5,}}.*)*", told, re.MULTILINE)
    return " ".join(found[0].split()) if found else ""


@pytest.mark.parametrize("name", TELLING)
def test_every_command_tells_a_program(name: str) -> None:
    """By `--json`."""
    assert "JSON" in helped(name, "--json")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_end_says_whether_it_is_included(name: str) -> None:
    """Days of calls are asked about with the last of them, windows up to an instant."""
    assert UPTO.get(name, "") in helped(name, "--to")
    assert (name in UPTO) is bool(helped(name, "--to"))
