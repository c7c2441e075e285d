"""Words of the command line that mean more than text: a time, and a fault."""

from datetime import UTC, datetime
from typing import Any

import click

from local import players


class Instant(click.ParamType[datetime]):
    """An ISO 8601 time; without an offset it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-11-20T06:00:00Z", param, ctx)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


class Wished(click.ParamType[players.Wish]):
    """A fault and the vendor that shall play it."""

    name = "fault"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> players.Wish:
        try:
            return players.wish(value)
        except ValueError as wrong:
            self.fail(f"{value}: {wrong}", param, ctx)
