"""The coverage: what of each day of an export is in the lake, what is not and why, and what it is complete for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from lambdas.core.receipt import complete_for
from lambdas.core.rows import Row, Work

DAY_S = 86_400
# What a window without a copy is, worst first; a window on its way is open.
WORST = (Work.LOST, Work.QUARANTINED, Work.STUCK, Work.UNREACHABLE)


@dataclass(frozen=True)
class Day:
    """One UTC day of an export, over all its sources."""

    export: str
    date: str
    state: str  # complete, open, or the worst of its windows: lost, quarantined, stuck, unreachable
    windows: int
    copied: int  # windows whose published copy is verified
    final: bool  # whether the last re-export is behind every window
    rows: int
    narrowed: tuple[str, ...]  # the requests' fields that left calls out
    fingerprints: tuple[str, ...]  # of the options that its windows were last asked with

    @property
    def told(self) -> str:
        """The state in words; a day that is complete says what for."""
        return f"complete for {complete_for(self.narrowed)}" if self.state == "complete" else self.state


def coverage(rows: Iterable[Row], sources: Mapping[str, Collection[str]]) -> list[Day]:
    """The days that have rows, by export and date; from what is published alone, whatever is being done about it.

    `sources` are those that each export asks for: a day of which one has no windows yet, or not all, is open.
    """
    ordered = sorted((row for row in rows if row.published or _wanted(row, sources)), key=_day)
    return [_made(list(group), sources) for _, group in groupby(ordered, _day)]


def _day(row: Row) -> tuple[str, str]:
    return row.export, row.window.date


def _made(rows: list[Row], sources: Mapping[str, Collection[str]]) -> Day:
    wanted = sources.get(rows[0].export) or {row.window.source for row in rows}
    whole = all(sum(row.window.seconds for row in rows if row.window.source == one) == DAY_S for one in wanted)
    copies = [row.published for row in rows if row.published]
    return Day(
        *_day(rows[0]),
        state=_state(rows, whole),
        windows=len(rows),
        copied=len(copies),
        final=whole and len(copies) == len(rows) and all(map(_final, rows)),
        rows=sum(copy.rows for copy in copies),
        narrowed=tuple(sorted({name for copy in copies for name in copy.narrowed})),
        fingerprints=tuple(sorted({row.fingerprint for row in rows if row.fingerprint})),
    )


def _wanted(row: Row, sources: Mapping[str, Collection[str]]) -> bool:
    """Whether its source is asked for; of an export that nobody knows any more every one is."""
    return row.window.source in sources.get(row.export, (row.window.source,))


def _final(row: Row) -> bool:
    return row.state is Work.DONE and row.due_at is None and row.stale_since is None


def _state(rows: list[Row], whole: bool) -> str:
    missing = {row.state for row in rows if not row.published}
    worst = next((str(state) for state in WORST if state in missing), None)
    return worst or ("open" if missing or not whole else "complete")
