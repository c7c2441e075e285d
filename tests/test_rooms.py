"""The rooms are made once, from what the stack told."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.aws.vault import Vault
from lambdas.core.errors import Refused
from lambdas.rooms import Rooms
from lambdas.settings import Settings
from tests.world import REGION

NAME = "cdr/dev/pseudonym"


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("secretsmanager", REGION)


def rooms(client: Any) -> Rooms:
    made = Rooms(Settings({"CDR_PSEUDONYM_SECRET": NAME}))
    made.__dict__["vault"] = Vault(client)
    return made


def test_the_key_of_the_pseudonyms_is_read_once(client: Any) -> None:
    """A process keeps the key that it began with: one report has one."""
    client.create_secret(Name=NAME, SecretString="key")
    at = rooms(client)
    assert at.pseudonym_key() == b"key"
    client.put_secret_value(SecretId=NAME, SecretString="other")
    assert at.pseudonym_key() == b"key"
    assert rooms(client).pseudonym_key() == b"other"


def test_without_its_key_nothing_is_copied_under_another(client: Any) -> None:
    """It is told what to do; the next attempt looks again."""
    at = rooms(client)
    with pytest.raises(Refused, match=f"the secret {NAME} is empty: restore it"):
        at.pseudonym_key()
    client.create_secret(Name=NAME, SecretString="key")
    assert at.pseudonym_key() == b"key"
