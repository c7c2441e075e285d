"""The demo ends cleanly, whenever it is interrupted."""

import signal
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests.local.processes import gone
from tests.local.runs import running

MOMENTS: Sequence[tuple[str, signal.Signals]] = (
    ("the stack is synthesized", signal.SIGINT),
    ("cdk bootstrap", signal.SIGTERM),
    ("calls: asked", signal.SIGINT),
)


@pytest.mark.cloud
@pytest.mark.parametrize(("moment", "how"), MOMENTS)
def test_an_interrupt_at_any_moment_leaves_nothing(tmp_path: Path, moment: str, how: signal.Signals) -> None:
    """While it synthesizes, while the CDK deploys, while it waits for a report; and a second one does not disturb."""
    with running(tmp_path, "demo") as one:
        one.until(moment)
        time.sleep(1.5)  # into it
        top = psutil.Process(one.process.pid)
        tree = [top, *top.children(recursive=True)]
        one.process.send_signal(how)
        time.sleep(0.05)
        one.process.send_signal(how)
        assert one.end() == 128 + how
    assert len(tree) > 1
    assert gone(tree)
    assert not one.left()
    assert one.out.rstrip().endswith("interrupted; everything is stopped")
    assert "Traceback" not in one.out
