"""What a shell completes: the names of the exports in the file, and those of the questions."""

import tomllib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click
from click.shell_completion import CompletionItem


def names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The exports of exports.toml that are not named yet; none where it cannot be read: nothing may be printed here."""
    given = ctx.params.get(param.name or "") or ()
    with suppress(OSError, ValueError, TypeError, KeyError):
        told = tomllib.loads(Path(ctx.params.get("exports") or "exports.toml").read_text("utf-8"))
        found = [str(one["name"]) for one in told["export"]]
        return _begins([name for name in found if isinstance(given, str) or name not in given], incomplete)
    return []


def questions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001 # click's signature
    """The saved questions."""
    from infra.questions import QUESTIONS  # no other command waits for it

    return _begins(QUESTIONS, incomplete)


def _begins(found: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in found if name.startswith(incomplete)]
