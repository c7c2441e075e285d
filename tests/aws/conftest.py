"""An emulated account for each module, emptied for each test: its clients take longer to make than a test to run."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.aws.lake import Lake
from lambdas.aws.ledger import Ledger
from tests import world


@pytest.fixture(scope="module")
def account() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def ledger(account: None) -> Iterator[Ledger]:
    yield world.ledger()
    boto3.client("dynamodb", world.REGION).delete_table(TableName="ledger")


@pytest.fixture
def lake(account: None) -> Iterator[Lake]:
    yield world.lake()
    bucket: Any = boto3.resource("s3", world.REGION).Bucket("lake")
    bucket.object_versions.delete()
    bucket.delete()
