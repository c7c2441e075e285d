"""The group of all commands; each lies in a file of its own, which is read when it is used."""

from collections.abc import Mapping
from importlib import import_module

import click

from lambdas import VERSION

EPILOG = """
Exit status: 0 it is as it should be, 1 it is not, 2 it could not be told (usage, no such stack, no rights).
Every command works on AWS and on the local cloud of `python -m local up`; docs/cdr.md tells the rest.
"""
# Each command and where it lies: whoever asks for one waits for what that one needs, and for no other.
COMMANDS: Mapping[str, str] = {
    "accept": "cli.accept:accept",
    "backfill": "cli.backfill:backfill",
    "completion": "cli.completion:completion",
    "cost": "cli.cost:cost",
    "coverage": "cli.coverage:coverage",
    "doctor": "cli.doctor:doctor",
    "forget": "cli.forget:forget",
    "import": "cli.importing:import_",
    "query": "cli.query:query",
    "raw": "cli.raw:raw",
    "reconcile": "cli.reconcile:reconcile",
    "release": "cli.release:release",
    "report": "cli.report:report",
    "retry": "cli.retry:retry",
    "show": "cli.show:show",
    "status": "cli.status:status",
    "tail": "cli.tail:tail",
    "wipe": "cli.wipe:wipe",
}


class Later(click.Group):
    """A group whose commands are imported once they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        """Their names, in the order of the alphabet."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 # the same
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101  # for the type checker
        return command


@click.group(cls=Later, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(VERSION, prog_name="cdr")
def main() -> None:
    """What a deployed stack of cdr-exporter holds, and what is to be done about it."""
