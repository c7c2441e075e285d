"""One emulated cloud for each test process, and a small stack with one of everything that we add to MiniStack."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud import Cloud, cloud
from tests.local.stack import Stack, make


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An emulated cloud, empty but for what other tests have left."""
    with cloud(tmp_path_factory.mktemp("cloud"), functions={"FOR_ALL": "of them"}) as made:
        yield made


@pytest.fixture(scope="session")
def stack(aws: Cloud) -> Stack:
    """The stack of `tests/local/template.py`, made by CloudFormation."""
    return make(aws)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a cloud of the test's own may keep its files."""
    return tmp_path / "cloud"
