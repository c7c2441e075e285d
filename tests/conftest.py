"""What holds for every test: invented credentials, so that nothing can reach a real account by mistake."""

import os
from typing import Any

import pytest
from botocore.handlers import BUILTIN_HANDLERS

from tests.dying.told import pytest_terminal_summary
from tests.quick import quicken

__all__ = ["pytest_terminal_summary"]  # the count of crash points, at the end of any run

INVENTED = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "cdr-exporter",
}


def plain(request: Any, **_: Any) -> None:
    """The lake sends its parts from buffers that it uses again; moto reads bytes alone."""
    if isinstance(request.body, bytearray):
        request.body = bytes(request.body)


BUILTIN_HANDLERS.insert(0, ("before-send", plain))  # before moto's own, for every client that is made
quicken()


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """No profile, no region and no key of the developer's reach a test."""
    for name in [name for name in os.environ if name.startswith("AWS_") and name not in INVENTED]:
        monkeypatch.delenv(name)
    for name, value in INVENTED.items():
        monkeypatch.setenv(name, value)
