"""Whoever may edit exports.toml, or is talked into a line of it, tries to reach further than an export."""

import time
from datetime import UTC, datetime

import pytest

from lambdas.core.exports import Exports, parse
from lambdas.vendors import FACTS
from tests.core.making import mistakes, table
from tests.world import Clock, world

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret"
# What CloudFormation, CDK, Athena and a shell would make something of.
INJECTED = ("${Token[TOKEN.0]}", "{{resolve:secretsmanager:other}}", "${AWS::AccountId}", "a'; DROP TABLE calls; --",
            "a b", "a\\n b")  # fmt: skip


def refused(field: str, value: str, **more: str) -> None:
    """It is told, with the line where it stands and the field."""
    text = table(**{field: value, **more})
    line = next(at for at, one in enumerate(text.split("\n"), 1) if one.startswith(f"{field} ="))
    assert any(one.startswith(f"line {line}: export ") and f": {field}: " in one for one in mistakes(text)), text


def read(**fields: str) -> Exports:
    return parse(table(**fields), "dev", FACTS)


@pytest.mark.parametrize(
    "name", ["../main", "a/b", "..", ".", "a" * 41, "m\u0430in", "\uff4dain", "main\\u0000", "a_b", "-a", "ma.in"]
)
def test_a_name_that_is_a_path_or_looks_like_another(name: str) -> None:
    """Refused with its line: a name is part of keys in S3, of tags and of the secret's name."""
    refused("name", f'"{name}"')


@pytest.mark.parametrize("text", INJECTED)
@pytest.mark.parametrize("field", ["name", "secret", "secret_arn", "base_url", "prefix", "currency", "schedule"])
def test_a_template_s_or_a_query_s_code_in_a_field(field: str, text: str) -> None:
    """Refused with its line: no field takes a brace, a control character or a blank."""
    value = (
        f"https://files.example.com/{text}"
        if field == "base_url"
        else f"{ARN}:{text}"
        if field == "secret_arn"
        else text
    )
    refused(field, f'"{value}"', **({"api": '"v2"'} if field == "prefix" else {}))


@pytest.mark.parametrize("name", ["*", "x*", "x?", "cdr/*", "a b", "x\\\\"])
def test_a_secret_that_is_a_pattern(name: str) -> None:
    """Refused: it becomes a resource in a function's policy, where an asterisk would be every secret."""
    refused("secret_arn", f'"{ARN}:{name}"')


ARNS = (
    "arn:aws:iam::123456789012:role/x",
    f"arn:aws:secretsmanager:us-east-1:{chr(0x661) * 12}:secret:x",
    "arn:aws:secretsmanager:*:123456789012:secret:x",
    "arn:evil:secretsmanager:x:1:secret:x",
)


@pytest.mark.parametrize("arn", ARNS)
def test_a_secret_s_name_that_is_another_thing_s(arn: str) -> None:
    """Refused: another service, digits of another script, a wildcard for the region."""
    refused("secret_arn", f'"{arn}"')


def test_a_secret_of_another_account() -> None:
    """Taken as written, and no more: the policy names that one secret, and its owner's policy must allow it too."""
    arn = f"{ARN.replace('123456789012', '999999999999')}:theirs-AbCdEf"
    assert [one.secret_id for one in read(secret_arn=f'"{arn}"').exports] == [arn]


def test_the_key_of_the_pseudonyms_as_a_vendor_s_secret() -> None:
    """Refused: it would be sent to the vendor, and would overwrite what pseudonyms are made with."""
    refused("secret", '"cdr/dev/pseudonym"')


SCHEDULES = (
    "cron(* * * * ? *)",
    "cron(0 0 31 2 ? *)",
    "rate(0 minutes)",
    "rate(1 second)",
    "rate(9999 hours)",
    "rate(\u0665 minutes)",
    "at(2026-11-20T00:00:00)",
)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_of_every_second_or_never(schedule: str) -> None:
    """Refused: a rate from a minute to a day is all there is."""
    refused("schedule", f'"{schedule}"')


@pytest.mark.parametrize(
    "window", ['"0m"', '"0d"', '"-1d"', '"7m"', '"99999d"', "0", "1e400", "nan", "0x" + "f" * 9000]
)
def test_a_window_of_nothing_or_of_centuries(window: str) -> None:
    """Refused, also where it is a number of more digits than Python writes."""
    refused("window", window)


def test_the_shortest_windows_asked_for_again_and_again() -> None:
    """Refused: over half of what the export's places can carry is not planned."""
    refused("window", '"15m"', small_files='"accepted"', reexport='["1d", "2d", "3d", "4d"]')


@pytest.mark.parametrize("year", ["0001", "0999", "1999"])
def test_a_start_in_the_year_one(year: str) -> None:
    """Refused: it would be 700,000 windows, and years of three digits in keys that are sorted as texts."""
    refused("start", f"{year}-01-01")


def test_a_start_in_the_future() -> None:
    """Harmless: nothing is planned and nothing asked."""
    clock = Clock(datetime(2026, 11, 20, 12, tzinfo=UTC))
    with world(table(start="9999-01-01", base_url='"http://127.0.0.1:9"'), clock) as at:
        at.tick("main")
        assert not at.rows("main")
        assert not at.executions.started


BOMBS = ("x = " + "[" * 50_000, "x = " + "{a=" * 50_000, "x = 1" * 3_000_000, "[[export]]\n" * 200_000,
         f"x = {'9' * 9_000}", 'x = "\x1b[2J', "\x00")  # fmt: skip


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_a_bomb_of_toml(text: str) -> None:
    """Told in a line or a few, each short and printable, within seconds: too large, nested too deeply, or not TOML."""
    began = time.process_time()
    found = mistakes(text)
    assert found
    assert all(len(one) <= 1000 and one.isprintable() for one in found)
    assert time.process_time() - began < 5


def test_a_field_of_a_megabyte() -> None:
    """Refused in a line that does not repeat it."""
    found = mistakes(table(name=f'"{"a" * 900_000}"'))
    assert found
    assert all(len(one) <= 1000 for one in found)


def test_two_exports_of_one_name() -> None:
    """Refused at the second one's line: their rows, keys and secrets would be one."""
    assert [one for one in mistakes(f"{table()}\n{table()}") if one.startswith("line 6: export main: name: used twice")]


def test_a_terminal_s_commands_in_a_field_s_name() -> None:
    """Told without them: what is not printable becomes a question mark."""
    found = mistakes(f'{table()}\n"\\u001b[2J\\u202e" = 1')
    assert found
    assert all(one.isprintable() for one in found)


def test_an_option_that_is_ours_to_set() -> None:
    """Refused: no callback to somebody else, no window and no tag but ours."""
    for vendor, field in (("flowroute", "callback_url"), ("telnyx", "report_name"), ("didww", "external_reference_id")):
        text = f'{table(vendor=chr(34) + vendor + chr(34))}\n[export.options]\n{field} = "https://evil.example/"'
        assert [one for one in mistakes(text) if one.startswith("line 6: ") and f"options.{field}: ours to set" in one]
