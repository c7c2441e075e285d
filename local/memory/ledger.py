"""The ledger in memory: the same operations under the same conditions; its indexes lag behind nothing."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from lambdas.aws.heads import LESSONS
from lambdas.aws.ledger import NOTES, WAKES, Ledger, Raced
from lambdas.core.rows import Head, Row, Work
from lambdas.core.windows import Window
from local.memory.meter import Meter

NAMES = tuple(field.name for field in fields(Row))
Entry = tuple[datetime, Window]


class Memory(Ledger):
    """Rows and heads as values; `meter` counts what DynamoDB would bill."""

    def __init__(self, meter: Meter | None = None) -> None:  # no client: nothing is inherited but the type
        self._meter = meter
        self._rows: dict[str, dict[Window, Row]] = defaultdict(dict)
        self._heads: dict[str, Head] = {}
        self._due: dict[str, list[Entry]] = defaultdict(list)
        self._open: dict[str, list[Entry]] = defaultdict(list)
        self._aside: dict[str, dict[Window, str]] = defaultdict(dict)
        self._kept: dict[tuple[str, str], list[Window]] = defaultdict(list)

    def rows(self, export: str) -> list[Row]:
        """Every row of an export, for whoever checks; not counted."""
        return list(self._rows[export].values())

    def fill(self, rows: Iterable[Row]) -> None:
        """Put rows in as they are, for whoever makes a history; not counted."""
        for row in rows:
            self._put(row)

    def get(self, export: str, window: Window) -> Row | None:
        """The row as it is now."""
        row = self._rows[export].get(window)
        if self._meter:
            self._meter.got("get", row)
        return row

    def add(self, rows: Iterable[Row]) -> list[Row]:
        """Make rows that are not there yet; those that were made."""
        return [row for row in rows if self._add(row)]

    def due(self, export: str, until: datetime) -> list[Row]:
        """Rows whose `due_at` is at or before `until`."""
        index = self._due[export]
        found = [self._rows[export][window] for _, window in index[: _behind(index, until)]]
        if self._meter:
            self._meter.queried("due", found, consistent=False)
        return found

    def open(self, export: str) -> list[tuple[Window, datetime]]:
        """The windows that wait for their first copy, and since when."""
        if self._meter:
            found = (self._rows[export][window] for _, window in self._open[export])
            self._meter.queried("open", found, consistent=False, keys=True)
        return [(window, opened) for opened, window in self._open[export]]

    def aside(self, export: str) -> list[tuple[Window, str]]:
        """The windows that somebody has to look at, and their state's word."""
        found = sorted(self._aside[export].items(), key=lambda one: (one[1], one[0].sk))
        if self._meter:
            rows = (self._rows[export][window] for window, _ in found)
            self._meter.queried("aside", rows, consistent=False, keys=True)
        return found

    def between(self, export: str, source: str, since: datetime, until: datetime) -> list[Row]:
        """The rows of a source whose window begins in [since, until)."""
        kept = self._kept[export, source]
        first, last = (bisect_left(kept, Window(when, 0, source)) for when in (since, until))
        found = [self._rows[export][window] for window in kept[first:last]]
        if self._meter:
            self._meter.queried("between", found, consistent=True)
        return found

    def apply(self, old: Row, new: Row) -> Row:
        """Write a move. Raises Raced when the row is not `old` any more."""
        now = self._rows[old.export].get(old.window)
        if now is None or (now.version, now.state, now.run) != (old.version, old.state, old.run):
            self._refused("apply", now)
            raise Raced(now)
        self._change("apply", now, replace(now, **dict(_changed(old, new))))
        return new

    def hear(self, export: str, window: Window, tag: str, now: datetime) -> Row | None:
        """Note that a callback came for the attempt of that tag; None when there is nothing to wake (any more)."""
        row = self._rows[export].get(window)
        waits = row is not None and row.tag == tag and row.state in (Work.ASKING, Work.ASKED) and row.wakes < WAKES
        if row is None or not waits or row.give_up_at is None or row.give_up_at <= now:
            self._refused("hear", row)
            return None
        return self._change("hear", row, replace(row, heard_at=now, wakes=row.wakes + 1))

    def listen(self, row: Row, token: str) -> Row | None:
        """Store the sealed token of the waiting execution of `row`'s run; None when that run is over."""
        now = self._rows[row.export].get(row.window)
        if now is None or (now.state, now.run, now.tag) != (Work.ASKED, row.run, row.tag):
            self._refused("listen", now)
            return None
        return self._change("listen", now, replace(now, token=token, heeded=now.wakes))

    def head(self, export: str) -> Head:
        """The head as it is now; an empty one before the first tick."""
        if self._meter:
            self._meter.got("head", self._heads.get(export))
        return self._heads.get(export, Head(export))

    def heads(self, exports: Sequence[str]) -> list[Head]:
        """Those of many exports."""
        return [self.head(export) for export in exports]

    def take(self, export: str, lease: str, now: datetime, until: datetime) -> Head | None:
        """Take the export's tick lease; None when another tick has it, which is then told to look again."""
        head = self._heads.get(export, Head(export))
        if head.lease is None or (head.lease_until is not None and head.lease_until <= now):
            self._save("take", replace(head, lease=lease, lease_until=until, ticked=now))
            return self.head(export)
        self._refused("take", head)
        if head.lease == lease:
            return self.head(export)
        self._save("ring", replace(head, rung=lease))
        return None

    def save(self, head: Head, **changes: Any) -> Head:
        """Write facts of the head, under its lease. Raises Raced when the lease has gone to another tick."""
        now = self._heads.get(head.export)
        if now is None or now.lease != head.lease:
            self._refused("save", now)
            raise Raced(None)
        self._save("save", replace(now, **changes))
        return replace(head, **changes)

    def block(self, export: str, reason: str, until: datetime) -> None:
        """Say on the head why the vendor is not asked before `until`."""
        head = self._heads.get(export, Head(export))
        self._save("block", replace(head, blocked=reason, next_try=until, refused=True))

    def slow(self, export: str, until: datetime) -> None:
        """Nobody asks or looks for the export before `until`; never taken back."""
        head = self._heads.get(export, Head(export))
        if head.slow_until is not None and head.slow_until >= until:
            self._refused("slow", head)
            return
        self._save("slow", replace(head, slow_until=until))

    def learn(self, head: Head, seconds: int) -> None:
        """Remember how long a report took."""
        took = (*head.took, seconds)[-LESSONS:]
        self._save("learn", replace(self._heads.get(head.export, Head(head.export)), took=took))

    def release(self, head: Head) -> bool:
        """Give the lease back; false when somebody rang since `head.rung` was read."""
        now = self._heads.get(head.export)
        if now is None or head.lease is None or (now.lease, now.rung) != (head.lease, head.rung):
            self._refused("release", now)
            return False
        self._save("release", replace(now, lease=None, lease_until=None, rung=None))
        return True

    def drop(self, export: str, lease: str) -> None:
        """Give the lease back whatever happened; nothing when it is not held any more."""
        now = self._heads.get(export)
        if now is None or now.lease != lease:
            self._refused("drop", now)
            return
        self._save("drop", replace(now, lease=None, lease_until=None))

    def _add(self, row: Row) -> bool:
        there = self._rows[row.export].get(row.window)
        if there is not None:
            self._refused("add", there)
            return False
        self._change("add", None, row)
        return True

    def _refused(self, what: str, now: Row | Head | None) -> None:
        if self._meter:
            self._meter.refused(what, now)

    def _save(self, what: str, head: Head) -> None:
        if self._meter:
            self._meter.wrote(what, self._heads.get(head.export), head)
        self._heads[head.export] = head

    def _change(self, what: str, before: Row | None, after: Row) -> Row:
        if self._meter:
            self._meter.wrote(what, before, after)
        return self._put(after)

    def _put(self, row: Row) -> Row:
        """Into the table and the sparse indexes; the sort keys that are times are whole seconds."""
        if (row.due_at and row.due_at.microsecond) or (row.opened and row.opened.microsecond):
            row = replace(row, due_at=_whole(row.due_at), opened=_whole(row.opened))
        before = self._rows[row.export].get(row.window)
        self._rows[row.export][row.window] = row
        if before is None:
            insort(self._kept[row.export, row.window.source], row.window)
        _moved(self._due[row.export], row.window, before.due_at if before else None, row.due_at)
        _moved(self._open[row.export], row.window, before.opened if before else None, row.opened)
        self._aside[row.export].pop(row.window, None)
        if row.aside:
            self._aside[row.export][row.window] = row.aside
        return row


def _moved(index: list[Entry], window: Window, old: datetime | None, new: datetime | None) -> None:
    if old == new:
        return
    if old is not None:
        del index[bisect_left(index, (old, window))]
    if new is not None:
        insort(index, (new, window))


def _behind(index: list[Entry], until: datetime) -> int:
    """How many entries are at or before an instant."""
    return bisect_right(index, until, key=lambda entry: entry[0])


def _changed(old: Row, new: Row) -> Iterator[tuple[str, Any]]:
    """What a move writes: notes that came since `old` was read stay, unless a new attempt begins without them."""
    for name in NAMES:
        value, was = getattr(new, name), getattr(old, name)
        if (value is not was and value != was) or (name in NOTES and new.tag is None):
            yield name, value


def _whole(when: datetime | None) -> datetime | None:
    return when.replace(microsecond=0) if when else None
