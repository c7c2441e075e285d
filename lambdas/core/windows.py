"""Windows: half-open spans [start, end) of UTC, aligned to the day and never across its midnight."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

STAMP = "%Y%m%dT%H%M%SZ"
DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Window:
    """One span of one source of one export; `seconds` divides a day."""

    start: datetime
    seconds: int
    source: str

    @property
    def end(self) -> datetime:
        """The first instant that is not in the window any more."""
        return self.start + timedelta(seconds=self.seconds)

    @property
    def name(self) -> str:
        """How the window is called in keys of S3: `20261120T000000Z-86400`."""
        return f"{stamp(self.start)}-{self.seconds}"

    @property
    def sk(self) -> str:
        """The window's sort key in the ledger."""
        return f"w#{self.source}#{stamp(self.start)}#{self.seconds}"

    @property
    def date(self) -> str:
        """The UTC date that the window lies in, which is its partition."""
        return self.start.strftime("%Y-%m-%d")

    @property
    def month(self) -> str:
        """The month of that date: `2026-11`."""
        return self.date[:7]


def stamp(when: datetime) -> str:
    """An instant without colons, for keys and names: `20261120T000000Z`."""
    return when.astimezone(UTC).strftime(STAMP).zfill(16)  # some C libraries write the year 1 as `1`


def unstamp(text: str) -> datetime:
    """The instant that `stamp` wrote; ValueError for anything else."""
    return datetime.strptime(text, STAMP).replace(tzinfo=UTC)


def midnight(when: datetime) -> datetime:
    """The UTC midnight at or before an instant."""
    return datetime.combine(when.astimezone(UTC).date(), time(), UTC)


def tile(start: datetime, stop: datetime, seconds: int, source: str) -> list[Window]:
    """All windows of one length from an aligned `start` that end at or before `stop`."""
    step = timedelta(seconds=seconds)
    count = max(0, (stop - start) // step)
    return [Window(start + step * n, seconds, source) for n in range(count)]


def months(month: str) -> tuple[datetime, datetime]:
    """The first instant of a month, `2026-11`, and that of the next one."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return first, midnight(first + 31 * DAY).replace(day=1)
