"""The mutants on a deployed stack: one that must die, some that may live; and, at night, all of them."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.cloud import ROOT
from local.mutants.run import Run, chosen
from local.mutants.world import world

HOURS = 3600


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A world in which all is as it should be, while nothing is taken away."""
    with world(tmp_path_factory.mktemp("mutants")) as made:
        run = Run(made, print)
        run.control()
        yield run


@pytest.mark.cloud
@pytest.mark.timeout(400)
def test_traffic_notices_what_it_needs_and_nothing_else(run: Run) -> None:
    """A right that is used in one place alone; and those that nothing here asks for, all at once."""
    (needed,) = chosen(run.world.body, "copier may s3:PutObject on *receipts*")
    result = run.alone(needed)
    assert (result.right, result.word) == (True, "killed")
    assert "AccessDenied" in str(result.noticed)
    spare = chosen(run.world.body, "callback may xray:*")
    assert [one.word for one in run.survivors(spare)] == ["survives"] * 2


@pytest.mark.nightly
@pytest.mark.timeout(2 * HOURS)
def test_no_grant_is_there_that_nobody_would_miss() -> None:
    """The whole of it, as `make mutants` does it."""
    done = subprocess.run(
        [sys.executable, "-m", "local.mutants"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
