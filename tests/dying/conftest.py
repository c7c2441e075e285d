"""The deployed template once per session, and the note of each scenario's crash points."""

from collections.abc import Callable

import pytest

from tests.dying.harness import Tally
from tests.dying.stage import Deployed, deployed
from tests.dying.told import TITLE


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    """The machine and the table of the synthesized stack."""
    return deployed(tmp_path_factory.mktemp("deployed"))


@pytest.fixture
def survived(record_property: Callable[[str, object], None]) -> Callable[[Tally], None]:
    """Notes a tally for the summary, and fails with the lines that repeat what did not survive."""

    def note(tally: Tally) -> None:
        record_property(TITLE, str(tally))
        assert not tally.failed, "\n".join(tally.failed)
        assert tally.points > 0

    return note
