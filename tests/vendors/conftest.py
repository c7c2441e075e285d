"""A door that answers as it is told, and one session of HTTP whose retries do not wait."""

from collections.abc import Iterator

import pytest
from urllib3.util.retry import Retry

from lambdas.web import Web
from tests.vendors.door import Door, door


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long is waited between two tries is urllib3's own affair."""

    def sleep(self: Retry, response: object = None) -> None:
        pass

    monkeypatch.setattr(Retry, "sleep", sleep)


@pytest.fixture(scope="module")
def opened() -> Iterator[Door]:
    with door() as made:
        yield made


@pytest.fixture(name="door")
def _door(opened: Door) -> Door:
    """The module's door, which has forgotten the test before."""
    opened.answers.clear()
    opened.heard.clear()
    return opened


@pytest.fixture
def web() -> Web:
    return Web()
