"""The secrets."""

from tests.infra.template import Template


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
    (one,) = [one for one in made.of("SecretsManager::Secret").values() if "Name" not in one]
    assert one["GenerateSecretString"] == {"PasswordLength": 48, "ExcludePunctuation": True}
    assert "SecretString" not in one
