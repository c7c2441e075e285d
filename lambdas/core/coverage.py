"""The coverage: what of an export is in the lake, what is not and why, and what it is complete for."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, pairwise

from lambdas.core.receipt import complete_for
from lambdas.core.rows import Row, Work
from lambdas.core.states import COPIED, DEFECTS, MISSING, State, state
from lambdas.core.wanted import Wanted

DAY_S = 86_400


# What a day without all its copies is, worst first; a window on its way is open.
WORST = (State.LOST, State.QUARANTINED, State.STUCK, State.UNREACHABLE)
NO_ROW = "the ledger has no row for it"


@dataclass(frozen=True)
class Stretch:
    """The time [start, end) of one source, all of it in one state, asked for by the same options."""

    export: str
    source: str
    start: datetime
    end: datetime
    state: State
    wanted: bool = True  # whether the export asks for this source today
    fingerprint: str | None = None  # of the options that its copies were asked with
    narrowed: tuple[str, ...] = ()  # the requests' fields that left calls out
    windows: int = 0  # that begin in it
    rows: int = 0
    reasons: tuple[str, ...] = ()  # why it is not copied, or not copied anew
    stale_since: datetime | None = None  # a re-export failed since

    @property
    def missing(self) -> bool:
        """Whether it should be in the lake and is not, or the ledger contradicts itself."""
        return self.state in DEFECTS or (self.wanted and self.state in MISSING)

    @property
    def told(self) -> str:
        """What it is complete for, or "" where nothing is."""
        return complete_for(self.narrowed) if self.state in COPIED else ""

    @property
    def alike(self) -> tuple[object, ...]:
        """What two neighbours have in common when they are one stretch."""
        kind = self.export, self.source, self.state, self.wanted, self.fingerprint, self.narrowed
        return *kind, self.state in COPIED and bool(self.stale_since or self.reasons)


def stretches(rows: Iterable[Row], wanted: Wanted) -> list[Stretch]:
    """An export by source and time: each instant from its start to the last window due lies in exactly one stretch.

    What was exported before, or of a source that is not wanted any more, is shown as well.
    """
    kept: dict[str, list[Row]] = {source: [] for source in (*wanted.sources, *wanted.spans)}
    for row in rows:
        kept.setdefault(row.window.source, []).append(row)
    return [
        _merged(list(alike))
        for source in sorted(kept)
        for alike in _neighbours(_pieces(sorted(kept[source], key=lambda row: row.window), source, wanted))
    ]


def _pieces(rows: Sequence[Row], source: str, wanted: Wanted) -> Iterator[Stretch]:
    """From each edge to the next one: the windows that cover it, if any."""
    edges = {edge for row in rows for edge in (row.window.start, row.window.end)} | wanted.edges(source)
    coming, held = deque(rows), list[Row]()
    for start, end in pairwise(sorted(edges)):
        held = [row for row in held if row.window.end > start]
        begun = len(held)
        while coming and coming[0].window.start <= start:
            held.append(coming.popleft())
        empty = Stretch(wanted.export, source, start, end, State.OPEN, source in wanted.sources)
        if held:
            yield _covered(empty, held, held[begun:])
        elif wanted.planned(source, start):
            yield replace(empty, state=State.GAP, reasons=(NO_ROW,))
        elif wanted.due(source, start):
            yield replace(empty, reasons=(wanted.note,))


def _covered(empty: Stretch, held: list[Row], begun: list[Row]) -> Stretch:
    """What rows make of a piece; those that began in it are counted there."""
    rows = sum(row.published.rows for row in begun if row.published)
    piece = replace(empty, windows=len(begun), rows=rows)
    if len(held) > 1:
        names = " and ".join(row.window.name for row in held)
        return replace(piece, state=State.OVERLAP, reasons=(f"{names} cover it",))
    (row,) = held
    why, copy = _why(row), row.published
    return replace(
        piece,
        state=state(row),
        fingerprint=row.fingerprint if copy else None,
        narrowed=tuple(copy.narrowed) if copy else (),
        reasons=(why,) if why else (),
        stale_since=row.stale_since if copy else None,
    )


def _why(row: Row) -> str:
    """Why it is not copied; of a copy, why it was not renewed."""
    failed = row.stale_since is not None or row.state in (Work.QUARANTINED, Work.STUCK)
    if row.published:
        own = row.published.act is None
        return f"not renewed: {row.reason or row.state}" if failed else "" if own else row.reason or ""
    if state(row) is State.OPEN:
        return f"{row.state}: {row.reason}" if row.reason else str(row.state)
    return row.reason or str(row.state)


def _neighbours(pieces: Iterable[Stretch]) -> Iterator[list[Stretch]]:
    """Pieces that touch and agree, together."""
    found: list[Stretch] = []
    for one in pieces:
        if found and (found[-1].end != one.start or found[-1].alike != one.alike):
            yield found
            found = []
        found.append(one)
    if found:
        yield found


def _merged(pieces: list[Stretch]) -> Stretch:
    return replace(
        pieces[0],
        end=pieces[-1].end,
        windows=sum(one.windows for one in pieces),
        rows=sum(one.rows for one in pieces),
        reasons=tuple(dict.fromkeys(why for one in pieces for why in one.reasons)),
        stale_since=min((one.stale_since for one in pieces if one.stale_since), default=None),
    )


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

    @property
    def standing(self) -> str:
        """Of a day that is complete: whether for good."""
        return str(State.FINAL if self.final else State.PROVISIONAL) if self.state == "complete" else ""


def coverage(rows: Iterable[Row], sources: Mapping[str, Collection[str]]) -> list[Day]:
    """The days that have rows, by export and date.

    `sources` are those that each export asks for: a day of which one has no windows yet, or not all, is open.
    """
    ordered = sorted((row for row in rows if row.published or _wanted(row, sources)), key=_day)
    return [_made(list(group), sources) for _, group in groupby(ordered, _day)]


def _day(row: Row) -> tuple[str, str]:
    return row.export, row.window.date


def _made(rows: list[Row], sources: Mapping[str, Collection[str]]) -> Day:
    wanted = sources.get(rows[0].export) or {row.window.source for row in rows}
    whole = all(sum(row.window.seconds for row in rows if row.window.source == one) == DAY_S for one in wanted)
    copies, states = [row.published for row in rows if row.published], {state(row) for row in rows}
    open_ = not whole or not states <= set(COPIED)
    return Day(
        *_day(rows[0]),
        state=next((str(one) for one in WORST if one in states), "open" if open_ else "complete"),
        windows=len(rows),
        copied=len(copies),
        final=whole and states == {State.FINAL},
        rows=sum(copy.rows for copy in copies),
        narrowed=tuple(sorted({name for copy in copies for name in copy.narrowed})),
        fingerprints=tuple(sorted({row.fingerprint for row in rows if row.fingerprint})),
    )


def _wanted(row: Row, sources: Mapping[str, Collection[str]]) -> bool:
    """Whether its source is asked for; of an export that nobody knows any more every one is."""
    return row.window.source in sources.get(row.export, (row.window.source,))
