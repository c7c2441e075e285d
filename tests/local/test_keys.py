"""The file of `--secrets`."""

import json
from pathlib import Path

import pytest

from lambdas.core.exports import parse
from lambdas.vendors import FACTS
from local.keys import Unfit, keys

EXPORTS = parse('[[export]]\nname = "one"\nvendor = "flowroute"\nstart = "-1d"\n', "dev", FACTS)
PAIR = {"access_key": "a", "secret_key": "s"}


def read(folder: Path, text: str) -> tuple[dict[str, str], list[str]]:
    file = folder / "secrets"
    file.write_text(text)
    return keys(file, EXPORTS)


@pytest.mark.parametrize(
    "text",
    [
        '"cdr/dev/one" = { access_key = "a", secret_key = "s" }',
        '["cdr/dev/one"]\naccess_key = "a"\nsecret_key = "s"',
        json.dumps({"cdr/dev/one": PAIR}),
        json.dumps({"cdr/dev/one": json.dumps(PAIR)}),
    ],
)
def test_toml_and_json_are_read(tmp_path: Path, text: str) -> None:
    """A value may be a table, or the text that Secrets Manager holds."""
    values, notes = read(tmp_path, text)
    assert json.loads(values["cdr/dev/one"]) == PAIR
    assert notes == []


def test_a_name_that_no_export_has_is_noted(tmp_path: Path) -> None:
    """With the names that they have, since it is most likely a slip."""
    _, notes = read(tmp_path, '"cdr/dev/other" = "x"')
    assert notes == ['secrets: note: no export has the secret "cdr/dev/other"; they have cdr/dev/one']


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"cdr/dev/one" = "confidential"', '"cdr/dev/one": needs a table { access_key = "...", secret_key = "..." }'),
        ('"cdr/dev/one" = { access_key = "confidential" }', '"cdr/dev/one": needs a table'),
        ('"cdr/dev/one" = 5', '"cdr/dev/one": needs a table'),
        ('{"cdr/dev/one": confidential}', "neither JSON nor TOML (line 1)"),
        ('a = 1\nb = confidential"', "neither JSON nor TOML (line 2)"),
        ("[1, 2]", "neither JSON nor TOML"),
    ],
)
def test_a_file_that_does_not_fit_is_told_without_its_keys(tmp_path: Path, text: str, said: str) -> None:
    """Which secret and which fields, or which line."""
    with pytest.raises(Unfit) as told:
        read(tmp_path, text)
    assert told.value.lines[0].startswith(said)
    assert "confidential" not in str(told.value)


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    """As is a folder."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(Unfit, match="cannot be read: not UTF-8"):
        keys(tmp_path / "bytes", EXPORTS)
    with pytest.raises(Unfit, match="cannot be read: Is a directory"):
        keys(tmp_path, EXPORTS)
