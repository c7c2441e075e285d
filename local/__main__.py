"""`python -m local`: the exporter on this machine, on a cloud and with vendors of its own."""

import os
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent / ".venv"


def run() -> None:
    """The command line; an interrupt while it is still being loaded ends it quietly too."""
    at_home()
    try:
        from local.commands import main

        main(prog_name="python -m local")
    except KeyboardInterrupt:
        sys.exit(130)


def at_home() -> None:
    """Whatever Python was called, go on with the project's own."""
    if Path(sys.prefix).resolve() == HOME.resolve():
        return
    python = HOME / "bin" / "python"
    if not python.exists():
        sys.exit("the project's environment is not there yet: run `make setup` first")
    os.execv(python, [str(python), "-m", "local", *sys.argv[1:]])  # noqa: S606 # the same command, no shell


if __name__ == "__main__":
    run()
