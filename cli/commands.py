"""The group of all commands; each lies in a file of its own."""

import click

from cli.coverage import coverage
from cli.forget import forget
from cli.query import query
from cli.raw import raw
from cli.report import report
from lambdas import VERSION

EPILOG = """
Exit status: 0 it is as it should be, 1 it is not, 2 it could not be told (usage, no such stack, no rights).
Every command works on AWS and on the local cloud of `python -m local up`; docs/cdr.md tells the rest.
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(VERSION, prog_name="cdr")
def main() -> None:
    """What a deployed stack of cdr-exporter holds."""


main.add_command(coverage)
main.add_command(forget)
main.add_command(query)
main.add_command(raw)
main.add_command(report)
