"""The session at a terminal in docs/session.md is what the commands say today."""

from pathlib import Path

import pytest

from local.up import UP
from tests import session
from tests.local.runs import alone

pytestmark = pytest.mark.cloud


def test_the_session_of_the_docs_is_what_happens(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Deployed, looked at, the vendor broken, seen, mended, and all there: each command and answer."""
    with alone(tmp_path_factory):
        page = session.PAGE.read_text("utf-8")
        for said, now in session.play(page, tmp_path):
            assert session.varied(now) == session.varied(said.output), f"$ {said.command}\n{now}"
    assert not UP.exists()
