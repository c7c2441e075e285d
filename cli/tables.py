"""Stretches of coverage for people, and for programs."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.markup import escape
from rich.table import Table

from lambdas.core.coverage import Stretch
from lambdas.core.exports import Export
from lambdas.core.states import COPIED, State
from lambdas.core.windows import DAY, midnight

WIDTH = 140  # where nobody looks at a terminal
REASONS = 3  # so many of a stretch are shown
STYLES = {State.FINAL: "green", State.PROVISIONAL: "green", State.UNREACHABLE: "dim", State.OPEN: "yellow"}


def summary(export: Export, found: Iterable[Stretch]) -> str:
    """An export in one line: what is missing first, the worst of it first."""
    found = list(found)
    lacks = _counted(one for one in found if one.missing)
    has = _counted(one for one in found if one.state in COPIED)
    other = _counted(one for one in found if not one.missing and one.state not in COPIED)
    parts = [f"MISSING {', '.join(lacks)}"] if lacks else ["nothing is missing"] if found else ["nothing is due yet"]
    parts += [f"there: {', '.join(has)}"] if has else []
    parts += [f"not missed: {', '.join(other)}"] if other else []
    name = export.name if export.state == "active" else f"{export.name} ({export.state})"
    return f"{name}: {'; '.join(parts)}"


def _counted(found: Iterable[Stretch]) -> list[str]:
    """The time of each state, worst first: that in which at least one source is in it."""
    by_state: dict[State, list[Stretch]] = {}
    for one in found:
        by_state.setdefault(one.state, []).append(one)
    return [f"{long(_length(by_state[state]))} {state}" for state in State if state in by_state]


def _length(found: list[Stretch]) -> timedelta:
    """The time that stretches of any source cover together."""
    total, until = timedelta(0), datetime.min.replace(tzinfo=UTC)
    for one in sorted(found, key=lambda one: one.start):
        total += max(timedelta(0), one.end - max(one.start, until))
        until = max(until, one.end)
    return total


def long(span: timedelta) -> str:
    """A length for people: `3 days`, `1 day 06:00`."""
    days, rest = span // DAY, span % DAY
    hours = f"{rest // timedelta(hours=1):02}:{rest // timedelta(minutes=1) % 60:02}" if rest else ""
    told = f"{days} day{'' if days == 1 else 's'}" if days or not rest else ""
    return f"{told} {hours}{'' if told else ' hours'}".strip()


def table(name: str, found: Iterable[Stretch]) -> Table:
    """Each stretch in a line."""
    made = Table(title=escape(name), title_justify="left")
    for heading in ("source", "state", "from", "to (not in it)"):
        made.add_column(heading, no_wrap=True)
    for heading in ("length", "windows", "rows"):
        made.add_column(heading, justify="right", no_wrap=True)
    made.add_column("options", no_wrap=True)
    made.add_column("complete for, or why not")
    for one in found:
        figures = (f"{one.windows:,}", f"{one.rows:,}" if one.state in COPIED else "")
        made.add_row(
            escape(one.source), f"[{STYLES.get(one.state, 'bold red')}]{one.state}[/]", when(one.start), when(one.end),
            long(one.end - one.start), *figures, one.fingerprint or "", escape(words(one)),
        )  # fmt: skip
    return made


def words(one: Stretch) -> str:
    """What a stretch is complete for, and why it is not copied, or not anew."""
    reasons = [clean(reason) for reason in one.reasons[:REASONS]]
    reasons += [f"and {len(one.reasons) - REASONS} other reasons"] if len(one.reasons) > REASONS else []
    stale = [f"a re-export failed since {when(one.stale_since)}"] if one.stale_since else []
    unwanted = [] if one.wanted else ["not asked for any more"]
    return "; ".join([*([one.told] if one.told else []), *unwanted, *stale, *reasons])


def clean(text: str) -> str:
    """Without what upsets a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def when(time: datetime) -> str:
    """A time for people: the day alone at midnight."""
    return f"{time:%Y-%m-%d}" if time == midnight(time) else f"{time:%Y-%m-%d %H:%M}"


def ago(span: timedelta) -> str:
    """How long ago, for people: its largest unit alone."""
    for unit, step in (("d", DAY), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if span >= step:
            return f"{span // step} {unit} ago"
    return "now"


def iso(time: datetime) -> str:
    """A time for programs."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def flat(one: Stretch) -> dict[str, Any]:
    """A stretch for programs."""
    return {
        "source": one.source,
        "state": str(one.state),
        "start": iso(one.start),
        "end": iso(one.end),
        "seconds": int((one.end - one.start).total_seconds()),
        "missing": one.missing,
        "wanted": one.wanted,
        "windows": one.windows,
        "rows": one.rows,
        "complete_for": one.told or None,
        "narrowed": list(one.narrowed),
        "fingerprint": one.fingerprint,
        "stale_since": iso(one.stale_since) if one.stale_since else None,
        "reasons": [clean(reason) for reason in one.reasons],
    }
