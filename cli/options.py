"""What all commands take: which stack, where it is, and the exports.toml that it was deployed with."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

ENDPOINT = "AWS_ENDPOINT_URL"  # what `python -m local up` tells to export


class Instant(click.ParamType[datetime]):
    """An ISO 8601 time; without an offset it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-11-20 or 2026-11-20T06:00:00Z", param, ctx)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def deployed(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that works on a deployed stack."""
    for option in (
        click.option("--exports", type=click.Path(path_type=Path), metavar="FILE", default=Path("exports.toml"),
                     envvar="CDR_EXPORTS", show_envvar=True, show_default=True, help="the exports of the stack"),
        click.option("--endpoint-url", "endpoint", envvar=ENDPOINT, show_envvar=True, metavar="URL",
                     help="another AWS than Amazon's, such as the local cloud"),
        click.option("--region", envvar="AWS_REGION", metavar="NAME",  # boto3 knows AWS_DEFAULT_REGION alone
                     help="the region of the stack; the profile's, by default"),
        click.option("--profile", metavar="NAME", help="the profile whose credentials are used"),
        click.option("--stage", default="dev", envvar="CDR_STAGE", show_envvar=True, show_default=True,
                     help="which stack: cdr-STAGE"),
    ):  # fmt: skip
        command = option(command)
    return command
