"""Who is alive: the processes of a group, and whether they have gone."""

import os
import time

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
