"""`cdr`, and `python -m cli` where it is not installed."""

import sys


def run() -> None:
    """The command line; an interrupt while it is still being loaded ends it quietly too."""
    try:
        from cli.commands import main

        main(prog_name="cdr")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
