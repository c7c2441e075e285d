"""`python -m local`: the exporter on this machine, on a cloud and with vendors of its own."""

import sys


def run() -> None:
    """The command line; an interrupt while it is still being loaded ends it quietly too."""
    try:
        from local.commands import main

        main(prog_name="python -m local")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
