"""`cdr completion`: what a shell evaluates to complete commands, options, exports and questions."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
EPILOG = """
In ~/.bashrc: eval "$(cdr completion bash)", which is click's own _CDR_COMPLETE=bash_source cdr. In ~/.zshrc the same
with zsh. For fish: cdr completion fish > ~/.config/fish/completions/cdr.fish
"""


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion of SHELL."""
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101  # for the type checker: click has these three
    click.echo(made(ctx.find_root().command, {}, "cdr", "_CDR_COMPLETE").source())
