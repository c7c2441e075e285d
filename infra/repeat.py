"""The command that deploys a stage again as it is: with every setting that is not at its default."""

import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from infra.settings import Settings, settings

ROOT = Path(__file__).resolve().parent.parent
# How the build is made, and not what is deployed: a folder of bundles would deploy the code of then.
BUILD = ("nag", "bundle")


def command(chosen: Settings) -> str:
    """For a shell, in the project's folder; the stage is named even where it is the default."""
    return shlex.join(["npx", "cdk", "deploy", *(word for one in _given(chosen) for word in ("-c", one))])


def _given(chosen: Settings) -> Iterator[str]:
    usual = settings(lambda _: None)
    for name in (field.name for field in fields(Settings) if field.name not in BUILD):
        value = getattr(chosen, name)
        if name == "stage" or value != getattr(usual, name):
            yield "removal=destroy" if name == "keep" else f"{name}={_text(value)}"


def _text(value: object) -> str:
    """As `-c` takes it; a file of the project by its place there, for another clone has it elsewhere."""
    if isinstance(value, Path) and value.is_absolute() and value.is_relative_to(ROOT):
        value = value.relative_to(ROOT)
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
