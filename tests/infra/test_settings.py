"""The settings of `-c name=value`."""

from pathlib import Path

import pytest

from infra import settings as room
from infra.settings import Settings, settings
from lambdas.core.exports import Mistakes


def chosen(**given: object) -> Settings:
    return settings(given.get)


def test_without_any_the_stack_is_the_real_one() -> None:
    """Defaults keep data, call back, and build for AWS."""
    found = chosen()
    assert (found.stage, found.target, found.exports) == ("dev", "aws", Path("exports.toml"))
    assert found.keep
    assert found.callback
    assert found.nag
    assert (found.account, found.region, found.bundle) == (None, None, None)


def test_a_number_may_come_as_number_or_text() -> None:
    """cdk.json holds numbers, the command line text."""
    assert chosen(results_days=3).results_days == chosen(results_days="3").results_days == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stage", "Prod"),
        ("stage", "a_b"),
        ("stage", "a" * 17),
        ("target", "x86"),
        ("callback", "yes"),
        ("removal", "maybe"),
        ("account", "12345"),
        ("region", "europe"),
        ("raw_expire_days", "-1"),
        ("quarantine_days", "0"),
        ("log_days", "8"),
        ("scan_limit_gb", "many"),
        ("timezone", "Europe/Berlim"),
        ("exports", ""),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(name: str, value: str) -> None:
    """The mistake begins with the setting's name."""
    with pytest.raises(Mistakes) as wrong:
        chosen(**{name: value})
    assert [mistake.split(": ")[1] for mistake in wrong.value.mistakes] == [name]


def test_the_database_has_a_name_that_athena_takes() -> None:
    """Hyphens become underscores."""
    assert chosen(stage="try-1").database == "cdr_try_1"


def test_every_mistake_of_the_file_names_it(tmp_path: Path) -> None:
    """So that the operator knows where to look."""
    path = tmp_path / "mine.toml"
    path.write_text("[[export]]\nwrong = 1\n")
    with pytest.raises(Mistakes) as wrong:
        room.exports(chosen(exports=str(path)))
    assert len(wrong.value.mistakes) > 1
    assert all(mistake.startswith("mine.toml: ") for mistake in wrong.value.mistakes)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Not by a traceback."""
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(Mistakes, match="not UTF-8"):
        room.exports(chosen(exports=str(path)))
