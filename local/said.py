"""A word of the command line that means more than text: a fault, and who shall play it."""

from typing import Any

import click

from local import players


class Wished(click.ParamType[players.Wish]):
    """A fault and the vendor that shall play it."""

    name = "fault"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> players.Wish:
        try:
            return players.wish(value)
        except ValueError as wrong:
            self.fail(f"{value}: {wrong}", param, ctx)
