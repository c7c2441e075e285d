"""The vault gives a vendor's keys or says what the secret should hold, never what it holds."""

from collections.abc import Iterator
from traceback import format_exception
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.aws.vault import Vault
from lambdas.core.errors import Refused
from tests.world import REGION

WANTED = ("user", "token")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("secretsmanager", REGION)


def vault(client: Any, name: str, text: str | None) -> Vault:
    client.create_secret(Name=name, **({"SecretString": text} if text else {}))
    return Vault(client)


def test_the_keys_are_the_wanted_fields_alone(client: Any) -> None:
    """What else the secret holds is left there."""
    found = vault(client, "full", '{"user": "me", "token": "hush", "more": "x"}').keys("full", WANTED)
    assert found == {"user": "me", "token": "hush"}


def test_an_empty_secret_is_none(client: Any) -> None:
    """Nobody filled it in yet; nor is one that is not there an error."""
    assert vault(client, "empty", None).keys("empty", WANTED) is None
    assert Vault(client).text("missing") is None


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("no-json", "hush-hush", "is not JSON"),
        ("cut", '{"user": "hush-hush', "is not JSON"),
        ("a-list", '["hush-hush"]', "lacks a field"),
        ("a-text", '"hush-hush"', "lacks a field"),
        ("one-less", '{"user": "hush-hush"}', "lacks a field"),
        ("blank", '{"user": "hush-hush", "token": ""}', "lacks a field"),
        ("a-number", '{"user": "hush-hush", "token": 7}', "lacks a field"),
    ],
)
def test_a_secret_that_does_not_fit_is_told_by_name_and_shape(client: Any, name: str, text: str, said: str) -> None:
    """With what to put into it, and without a letter of what is in it, also in the chain of errors."""
    with pytest.raises(Refused) as refused:
        vault(client, name, text).keys(name, WANTED)
    told = str(refused.value)
    assert name in told and said in told and '{"user": "...", "token": "..."}' in told
    assert "hush" not in "".join(format_exception(refused.value))
