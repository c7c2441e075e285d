"""The settings of `-c name=value`."""

import re
from pathlib import Path

import pytest

from infra import settings as room
from infra.settings import Settings, settings
from lambdas.core.exports import Mistakes
from tests.pages import ROOT


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


KEY = "arn:aws:kms:eu-central-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"


def test_a_key_of_the_owner_s_is_taken_by_its_arn() -> None:
    """Of one region or of several; without it, AWS's own keys."""
    several = KEY.replace("12345678-90ab-cdef-1234-567890abcdef", "mrk-1234567890abcdef1234567890abcdef")
    assert (chosen().kms_key, chosen(kms_key=KEY).kms_key, chosen(kms_key=several).kms_key) == (None, KEY, several)
    assert chosen(kms_key=KEY, account="123456789012", region="eu-central-1").kms_key == KEY


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("alias/mine", "is not the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID"),
        ("12345678-90ab-cdef-1234-567890abcdef", "is not the ARN of a key"),
        (KEY.replace(":kms:", ":s3:"), "is not the ARN of a key"),
        (f"{KEY} ", "is not the ARN of a key"),
        (KEY.partition("key/")[0] + "alias/mine", "is an alias, which may be pointed at another key: `aws kms"),
        (KEY.replace("arn:aws:", "arn:aws-cn:"), "is of partition aws-cn, and eu-central-1 of aws"),
        (KEY.replace("eu-central-1", "us-gov-west-1"), "is of partition aws, and us-gov-west-1 of aws-us-gov"),
        (KEY.replace("eu-central-1", "us-east-1"), "is in us-east-1, and the stack in eu-central-1"),
        (KEY.replace("123456789012", "999999999999"), "is account 999999999999's, and the stack 123456789012's"),
    ],
)
def test_a_key_that_would_not_do_is_refused_with_the_reason(key: str, said: str) -> None:
    """At synth, not half way through a deploy."""
    with pytest.raises(Mistakes) as wrong:
        chosen(kms_key=key, account="123456789012", region="eu-central-1")
    assert wrong.value.mistakes[0].startswith(f"context: kms_key: {key!r} {said}")


@pytest.mark.parametrize("name", ["our-calls", "calls.example.com", "123", "a1b", "a" * 63])
def test_a_bucket_of_the_owner_s_is_taken_by_its_name(name: str) -> None:
    """And told at each synth, with what is the owner's to set."""
    found = chosen(bucket=name)
    assert found.bucket == name
    assert [note.partition(" is yours")[0] for note in room.notes(found)] == [f"context: note: bucket: {name}"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ab", "is no name of a bucket"),
        ("Calls", "is no name of a bucket"),
        ("our_calls", "is no name of a bucket"),
        ("-calls", "is no name of a bucket"),
        ("calls-", "is no name of a bucket"),
        ("our..calls", "is no name of a bucket"),
        ("a" * 64, "is no name of a bucket"),
        ("192.168.1.1", "is no name of a bucket"),
        ("xn--calls", "is no name of a bucket"),
        ("our-calls/raw", "is no name of a bucket"),
        ("arn:aws:s3:::our-calls", "is an ARN or a URL: the name alone is wanted"),
        ("s3://our-calls", "is an ARN or a URL"),
        ("our-calls-s3alias", "is an access point or a bucket of another kind"),
        ("our-calls--use1-az5--x-s3", "is an access point or a bucket of another kind"),
    ],
)
def test_what_is_no_bucket_is_refused_at_synth(name: str, said: str) -> None:
    """Before a grant or a table is written with it."""
    with pytest.raises(Mistakes) as wrong:
        chosen(bucket=name)
    assert [one.startswith(f"context: bucket: {name!r} {said}"[:60]) for one in wrong.value.mistakes] == [True]


def test_what_an_earlier_stack_left_is_named() -> None:
    """Its table, and its key of the pseudonyms; nothing is told where there is nothing to know."""
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:cdr/dev/pseudonym-AbCdEf"
    found = chosen(ledger="cdr-dev-LedgerTable9343E4AA-1ABC", pseudonym_arn=arn)
    assert (found.ledger, found.pseudonym_arn) == ("cdr-dev-LedgerTable9343E4AA-1ABC", arn)
    assert len(room.notes(found)) == 1
    assert room.notes(chosen()) == []
    wrong = [("ledger", "a/b"), ("ledger", "ab"), ("pseudonym_arn", "cdr/dev/pseudonym"), ("pseudonym_arn", f"{arn}*")]
    for name, value in wrong:
        with pytest.raises(Mistakes, match=name):
            chosen(**{name: value})


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


def test_this_machine_is_a_vendor_in_the_local_cloud_alone(tmp_path: Path) -> None:
    """Both fields are told with their lines; with the target `host` the file is right."""
    path = tmp_path / "mine.toml"
    near = 'base_url = "http://127.0.0.1:8080"\ndownload_from = ["http://localhost/"]\n'
    path.write_text(f'[[export]]\nname = "t"\nvendor = "telnyx"\nstart = "-1d"\n{near}')
    with pytest.raises(Mistakes) as wrong:
        room.exports(chosen(exports=str(path)))
    for line, field in ((5, "base_url"), (6, "download_from")):
        assert any(f"line {line}: export t: {field}: this machine" in one for one in wrong.value.mistakes)
    assert len(wrong.value.mistakes) == 2
    assert room.exports(chosen(exports=str(path), target="host")).exports


def test_the_page_of_settings_tells_the_defaults_that_hold() -> None:
    """Each number and each word of its table; and the sum that strangers may cost is that of its own table."""
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| `?(\w[\w.]*)`? \|", page.partition("## The stack:")[2], re.MULTILINE))
    usual = chosen()
    for name, value in told.items():
        if name != "removal":
            found = getattr(usual, name)
            words = {True: "on", False: "off"} if isinstance(found, bool) else {}
            assert value == words.get(found, f"{found:g}" if isinstance(found, float) else str(found)), name
    assert usual.keep and told["removal"] == "retain"
    assert len(told) >= 16
    (sum_,) = re.findall(r"^\| together \| (\d+) \|", page, re.MULTILINE)
    assert f"costs at most about ${sum_} a month at 10 a second" in page
