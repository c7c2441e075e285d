"""Runs one command on some cores and tells its wall time, CPU and peak memory as the kernel counted them.

`python -I -S launch.py CORES SECONDS REPORT ERRORS COMMAND...`: a bare interpreter of a few MB, because a
child's peak memory begins at that of whoever started it.
"""

import json
import os
import signal
import sys
import time


def main() -> None:
    """Start, wait, write the figures as JSON."""
    cores, patience, report, errors, *command = sys.argv[1:]
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [(os.POSIX_SPAWN_OPEN, 1, errors + ".out", flags, 0o600), (os.POSIX_SPAWN_OPEN, 2, errors, flags, 0o600)]
    begun = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
    signal.signal(signal.SIGALRM, lambda _number, _frame: os.kill(child, signal.SIGKILL))
    signal.alarm(int(patience))
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - begun
    told = {
        "status": os.waitstatus_to_exitcode(status), "wall": wall, "cpu": used.ru_utime + used.ru_stime,
        "mib": used.ru_maxrss / 1024,
    }  # fmt: skip
    with open(report, "w") as out:  # noqa: PTH123 - pathlib would take more memory than the rest of this
        json.dump(told, out)


if __name__ == "__main__":
    main()
