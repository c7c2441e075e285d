"""The secrets."""

import json
import shlex

import pytest

from infra.vault import filling
from lambdas.core.exports import parse
from lambdas.vendors import FACTS
from tests.infra.template import Resource, Template, many, text

EXPORT = '[[export]]\nname = "{}"\nvendor = "telnyx"\nstart = "-7d"\n'
# Whatever changes in it, a deploy draws the secret anew: callbacks under way are refused, pseudonyms are others.
FROZEN = {"PasswordLength": 48, "ExcludePunctuation": True}


def test_there_is_an_empty_secret_for_each_distinct_name(made: Template) -> None:
    """None for one of the operator's own; the description says what to put in."""
    named = {one["Name"]: one for one in made.of("SecretsManager::Secret").values() if "Name" in one}
    assert set(named) == {"cdr/dev/telnyx-main", "cdr/dev/flowroute-main"}
    assert '{"user": "...", "token": "..."}' in named["cdr/dev/telnyx-main"]["Description"]
    assert '{"access_key": "...", "secret_key": "..."}' in named["cdr/dev/flowroute-main"]["Description"]
    for one in named.values():
        assert set(one) == {"Name", "Description"}


def test_the_capability_is_drawn_by_aws(made: Template) -> None:
    """It is nobody's to know, and long enough not to be guessed."""
    ((name, one),) = [(name, one) for name, one in made.of("SecretsManager::Secret").items() if "Name" not in one]
    assert one["GenerateSecretString"] == FROZEN
    assert "SecretString" not in one
    assert name == "VaultCapabilityD0DEDB9F"  # another logical id would be another secret
    row = made.resources[name]
    assert (row["DeletionPolicy"], row["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_key_of_the_pseudonyms_is_drawn_once_and_kept(hidden: Template) -> None:
    """The same block at every deploy, under a name that outlives the stack."""
    ((name, one),) = pseudonyms(hidden).items()
    assert hidden.body["Outputs"]["Pseudonym"]["Value"] == {"Ref": name}  # where `cdr` finds it
    assert name == "VaultPseudonym767F8F32"  # another logical id would be another secret
    assert one["GenerateSecretString"] == FROZEN
    assert "SecretString" not in one
    row = hidden.resources[name]
    assert (row["DeletionPolicy"], row["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_only_the_copier_reads_the_key_of_the_pseudonyms(hidden: Template) -> None:
    """It alone is told of it, and may read it."""
    ((name, _),) = pseudonyms(hidden).items()
    readers = {
        key.partition("Function")[0]
        for key, one in hidden.of("IAM::Policy").items()
        for statement in one["PolicyDocument"]["Statement"]
        if f"<{name}>" in map(text, many(statement["Resource"]))
    }
    told = {
        key.partition("Function")[0]
        for key, one in hidden.of("Lambda::Function").items()
        if one["Environment"]["Variables"].get("CDR_PSEUDONYM_SECRET") == {"Ref": name}
    }
    assert readers == told == {"Copier"}


def test_without_pseudonyms_there_is_no_key(made: Template) -> None:
    """Nor is the operator asked to fill one in, where there is one."""
    assert not pseudonyms(made) and "Pseudonym" not in made.body["Outputs"]


def test_nobody_fills_in_the_key_of_the_pseudonyms(hidden: Template) -> None:
    """The outputs list what is left to fill in; and cdk-nag finds nothing else in such a stack."""
    assert json.loads(hidden.body["Outputs"]["Secrets"]["Value"]) == ["cdr/dev/main"]
    report = json.loads((hidden.out / "validation-report.json").read_text())
    assert [one["violations"] for one in report["pluginReports"] if one["pluginName"] == "AwsSolutions"] == [[]]


def test_the_outputs_tell_how_each_secret_is_filled_in(made: Template) -> None:
    """The line to run, with the exact JSON, and the place in the console; both name the stack's region."""
    told = {name: text(one["Value"]) for name, one in made.body["Outputs"].items() if name.startswith("Key")}
    put = "aws secretsmanager put-secret-value --region us-east-1 --secret-id"
    console = "https://us-east-1.console.aws.amazon.com/secretsmanager/secret"
    assert told == {
        "Key1FlowrouteMain": f"{put} cdr/dev/flowroute-main --secret-string "
        """'{"access_key": "...", "secret_key": "..."}'""",
        "Key1FlowrouteMainConsole": f"{console}?name=cdr%2Fdev%2Fflowroute-main&region=us-east-1",
        "Key2TelnyxMain": f"""{put} cdr/dev/telnyx-main --secret-string '{{"user": "...", "token": "..."}}'""",
        "Key2TelnyxMainConsole": f"{console}?name=cdr%2Fdev%2Ftelnyx-main&region=us-east-1",
    }
    for name in ("Key1FlowrouteMain", "Key2TelnyxMain"):
        words = shlex.split(told[name])
        assert words[-2] == "--secret-string" and set(json.loads(words[-1]).values()) == {"..."}


def test_outputs_keep_apart_what_sounds_alike_and_stay_within_what_cloudformation_takes() -> None:
    """`a-1` and `a1` are two outputs; of a hundred secrets the last twenty are in `Secrets` alone."""
    names = ["a-1", "a1", *(f"b{number}" for number in range(98))]
    found = filling(parse("".join(map(EXPORT.format, names)), "dev", FACTS), None)
    assert {"Key1A1", "Key2A1"} <= found.keys()
    digits = filling(
        parse("".join(map(EXPORT.format, ["1foo", *(f"b{n}" for n in range(9)), "foo"])), "dev", FACTS), None
    )
    assert len(digits) == 22 and {"Key1N1Foo", "Key11Foo"} <= digits.keys()
    assert len(found) == 160 and all(name.isalnum() for name in found)


@pytest.mark.parametrize(
    ("region", "host"),
    [("eu-central-1", "eu-central-1.console.aws.amazon.com"), ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
     ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com")],
)  # fmt: skip
def test_the_console_is_the_region_s(region: str, host: str) -> None:
    """Each part of the world has its own."""
    found = filling(parse(EXPORT.format("main"), "dev", FACTS), region)
    assert found["Key1MainConsole"].startswith(f"https://{host}/secretsmanager/secret?name=cdr%2Fdev%2Fmain")


def pseudonyms(made: Template) -> dict[str, Resource]:
    return {
        name: one for name, one in made.of("SecretsManager::Secret").items() if one.get("Name") == "cdr/dev/pseudonym"
    }
