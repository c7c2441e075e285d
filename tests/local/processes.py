"""Who is alive: the processes of a group, and whether they have gone."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil


def group(leader: int) -> list[psutil.Process]:
    return [one for one in psutil.process_iter() if _leader(one) == leader]


def _leader(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


def gone(processes: list[psutil.Process]) -> bool:
    """Within five seconds; a process that only waits to be reaped is gone."""
    until = time.monotonic() + 5
    while alive := [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
        if time.monotonic() > until:
            return not alive
        time.sleep(0.05)
    return True


@contextmanager
def ended(process: "subprocess.Popen[Any]") -> Iterator[None]:
    """A process in a group of its own is asked to end, and its group is gone afterwards, whatever happens."""
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
