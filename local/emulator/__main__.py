"""Serves the emulated cloud until the pipe on standard input closes: `.venv-emulator/bin/python -m local.emulator`."""

import os
import signal
import sys
import threading
from importlib.metadata import version

# Every addition reaches into MiniStack's own functions, so it holds for one version of it.
PINNED = "1.5.33"


def main() -> None:
    found = version("ministack")
    if found != PINNED:
        sys.exit(f"local/emulator is written for MiniStack {PINNED}, here is {found}: run `make setup`")
    threading.Thread(target=_leash, daemon=True).start()
    _serve()


def _leash() -> None:
    """Ends the whole process group when the parent is gone, even if it was killed with -9."""
    while os.read(0, 1024):  # not sys.stdin, whose lock would be held as the interpreter ends
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _serve() -> None:
    # MiniStack reads its environment as it is imported, so nothing of it is imported before this.
    from ministack.app import main as ministack

    from local.emulator import additions

    additions.apply()
    sys.argv = ["ministack"]
    ministack()


if __name__ == "__main__":
    main()
