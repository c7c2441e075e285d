"""`cdr tail`: what the four functions and the machine say, as they say it.

By FilterLogEvents, which is free, every few seconds: StartLiveTail would cost $0.01 a minute.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.console import Console

from cli.lines import LEVELS, Event, Line, events
from cli.naming import names
from cli.options import deployed
from cli.stack import Place
from cli.wrong import plain

PAUSE = 2.0  # seconds between two looks
OVERLAP = timedelta(seconds=30)  # so late may a line arrive and be seen all the same
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
EPILOG = """
A line has its time (UTC), the function, the export, the window, what it says, and facts. Ctrl-C ends it.

Exit status: 0 it ended, 2 nothing could be told.
"""


class Span(click.ParamType[timedelta]):
    """A length of time: `90s`, `30m`, `1h`, `2d`."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        found = re.fullmatch(r"([0-9]{1,4})([smhd])", str(value))
        if not found:
            self.fail(f"{value!r} is not a length such as 90s, 30m, 1h or 2d", param, ctx)
        return timedelta(**{UNITS[found[2]]: int(found[1])})


@click.command(epilog=EPILOG)
@click.option("--export", "name", metavar="EXPORT", shell_complete=names, help="what is about this export alone")
@click.option("--since", type=Span(), metavar="SPAN", default="1h", show_default=True, help="from so long ago on")
@click.option("--follow/--once", default=True, show_default=True, help="stay, or tell what there is and end")
@click.option("--level", type=click.Choice(LEVELS, case_sensitive=False), default="INFO", show_default=True,
              help="so grave at least")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="a line of JSON each")
@deployed
def tail(name: str | None, since: timedelta, follow: bool, level: str, as_json: bool, **place: Any) -> None:
    """Show what the functions and the machine say."""
    place.pop("exports")
    with plain():
        stack = Place(place.pop("stage"), **place).stack()
        tailing = Tailing(stack.place.client("logs"), {group: one.lower() for one, group in stack.logs().items()})
        say = _json if as_json else _words(Console(width=None if sys.stdout.isatty() else 10_000))
        began = datetime.now(UTC) - since
        try:
            for line in tailing.lines(began, follow=follow):
                if line.passes(name, level):
                    say(line)
        except KeyboardInterrupt:
            if not follow:
                raise


@dataclass
class Tailing:
    """Log groups that are looked at again and again; the pause is handed in."""

    logs: Any
    groups: Mapping[str, str]  # the function's name, by log group
    pause: Callable[[float], None] = time.sleep
    _seen: dict[str, int] = field(default_factory=dict)  # the time of each event that was told

    def lines(self, since: datetime, *, follow: bool) -> Iterator[Line]:
        """Each line once, in the order of their times as far as they have come."""
        while True:
            fresh = [(event, group) for group in self.groups for event in self._fresh(group, since)]
            for event, group in sorted(fresh, key=lambda one: one[0]["timestamp"]):
                if line := Line.read(self.groups[group], event):
                    yield line
            if not follow:
                return
            newest = max(self._seen.values(), default=0)
            since = max(since, datetime.fromtimestamp(newest / 1000, UTC) - OVERLAP)
            self._seen = {one: at for one, at in self._seen.items() if at >= since.timestamp() * 1000}
            self.pause(PAUSE)

    def _fresh(self, group: str, since: datetime) -> Iterator[Event]:
        for event in events(self.logs, group, since):
            named = event.get("eventId") or f"{event['timestamp']} {event.get('logStreamName')} {event['message']}"
            if named not in self._seen:
                self._seen[named] = event["timestamp"]
                yield event


def _json(line: Line) -> None:
    click.echo(json.dumps(line.plain(), default=str))


def _words(console: Console) -> Callable[[Line], None]:
    return lambda line: console.print(line.words(), soft_wrap=True, highlight=False)
