"""The secrets."""

import json

from tests.infra.template import Resource, Template, many, text

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
    assert not pseudonyms(made)


def test_nobody_fills_in_the_key_of_the_pseudonyms(hidden: Template) -> None:
    """The outputs list what is left to fill in; and cdk-nag finds nothing else in such a stack."""
    assert json.loads(hidden.body["Outputs"]["Secrets"]["Value"]) == ["cdr/dev/main"]
    report = json.loads((hidden.out / "validation-report.json").read_text())
    assert [one["violations"] for one in report["pluginReports"] if one["pluginName"] == "AwsSolutions"] == [[]]


def pseudonyms(made: Template) -> dict[str, Resource]:
    return {
        name: one for name, one in made.of("SecretsManager::Secret").items() if one.get("Name") == "cdr/dev/pseudonym"
    }
