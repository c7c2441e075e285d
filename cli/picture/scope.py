"""What a picture is of: which exports of which stack, which days, and when it was made."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import groupby
from zoneinfo import ZoneInfo

from lambdas.core.exports import Export

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Scope:
    """The frame of every chart."""

    stack: str
    exports: tuple[Export, ...]  # those to be looked at, as exports.toml has them
    first: date  # included
    last: date  # included
    made: datetime  # aware
    zone: str = "UTC"

    @cached_property
    def days(self) -> list[date]:
        """Every day of the range."""
        return [self.first + n * DAY for n in range((self.last - self.first).days + 1)]

    @property
    def when(self) -> str:
        """When it was made, on the clocks of its time zone."""
        return f"{self.made.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"

    def title(self, name: str) -> str:
        """An export with its vendor."""
        vendor = next((one.vendor for one in self.exports if one.name == name), None)
        return f"{name} ({vendor})" if vendor else name

    def place(self, name: str) -> int:
        """Where an export stands in the file; one that it does not know comes last."""
        names = [one.name for one in self.exports]
        return names.index(name) if name in names else len(names)

    def due(self, export: Export, day: date) -> bool:
        """Whether the vendor is settled with a UTC day, so that it may be missed."""
        end = datetime(day.year, day.month, day.day, tzinfo=UTC) + DAY
        return end + export.settle <= self.made

    def order(self, names: Iterable[str]) -> list[str]:
        """Names of exports: in the file's order, then those that the file does not know."""
        known, found = [one.name for one in self.exports], set(names)
        return [name for name in known if name in found] + sorted(found.difference(known))


def spans(days: Iterable[date], most: int = 4) -> str:
    """Days in words, neighbours together: `2026-11-03, 2026-11-05 to 2026-11-07`."""
    runs = [list(run) for _, run in groupby(enumerate(sorted(days)), lambda one: one[1] - one[0] * DAY)]
    told = [f"{run[0][1]}" if len(run) == 1 else f"{run[0][1]} to {run[-1][1]}" for run in runs]
    more = [f"and {len(told) - most} more"] if len(told) > most else []
    return ", ".join([*told[:most], *more])


def plural(number: int, word: str) -> str:
    """`1 day`, `2 days`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
