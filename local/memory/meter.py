"""Counts what a table's reads and writes are billed as: request units by DynamoDB's own rules of size and rounding.

Sizes: docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html. Units:
.../read-write-operations.html (4 KB a read unit, half of it for an eventually consistent one, 1 KB a write unit, and
each index written beside the table).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lambdas.aws import items
from lambdas.core.rows import Head, Row

READ, WRITE, PAGE = 4 << 10, 1 << 10, 1 << 20  # bytes
MARK = 4 + 32  # the attribute by which a move is recognised


@dataclass
class Used:
    """What one kind of operation has come to."""

    calls: int = 0
    items: int = 0
    pages: int = 0
    size: int = 0  # bytes read
    reads: float = 0  # read request units
    writes: int = 0  # write request units, those of the indexes too


class Meter:
    """Reads and writes of one table, by the ledger's operation."""

    def __init__(self) -> None:
        self.used: dict[str, Used] = defaultdict(Used)
        self._sizes: dict[tuple[str, str], int] = {}

    @property
    def total(self) -> Used:
        """All operations together."""
        found = Used()
        for one in self.used.values():
            for name in vars(found):
                setattr(found, name, getattr(found, name) + getattr(one, name))
        return found

    def clear(self) -> None:
        """Begin again from nothing."""
        self.used.clear()

    def got(self, what: str, found: Row | Head | None) -> None:
        """One item was read by its key, consistently; one that is not there costs as much as a small one."""
        size = self._known(found) if found else 0
        self._read(what, found is not None, size, max(1, -(-size // READ)))

    def queried(self, what: str, found: Iterable[Row], *, consistent: bool, keys: bool = False) -> None:
        """Items were read by a query: each page is rounded up by itself. `keys`: of an index that has no more."""
        one, number, pages = 0, 0, list[int]()
        for row in found:
            size = _keys(row) + 15 if keys else self._known(row)
            if one + size > PAGE:
                pages, one = [*pages, one], 0
            one, number = one + size, number + 1
        pages.append(one)
        units = sum(max(1, -(-size // READ)) for size in pages) * (1 if consistent else 0.5)
        self._read(what, number, sum(pages), units, len(pages))

    def refused(self, what: str, now: Row | Head | None) -> None:
        """A conditional write that was not made costs as much as one that was."""
        used = self.used[what]
        used.calls += 1
        used.writes += max(1, -(-(self._known(now) if now else 0) // WRITE))

    def wrote(self, what: str, before: Row | Head | None, after: Row | Head) -> None:
        """One item was made or changed: the larger of both is what counts, and its entries in the indexes."""
        old, new = self._known(before) if before else 0, weigh(after)
        self._sizes[_place(after)] = new
        used = self.used[what]
        used.calls += 1
        used.writes += _units(max(old, new))
        if isinstance(after, Row):
            was = before if isinstance(before, Row) else None
            used.writes += _entry(was.due_at if was else None, after.due_at, old, new, whole=True)
            used.writes += _entry(was.opened if was else None, after.opened, 100, 100, whole=False)
            used.writes += _entry(was.aside if was else None, after.aside, 100, 100, whole=False)

    def _read(self, what: str, number: int, size: int, units: float, pages: int = 1) -> None:
        used = self.used[what]
        used.calls += 1
        used.items += number
        used.pages += pages
        used.size += size
        used.reads += units

    def _known(self, one: Row | Head) -> int:
        place = _place(one)
        size = self._sizes.get(place)
        if size is None:
            size = self._sizes[place] = weigh(one)
        return size


def weigh(one: Row | Head) -> int:
    """The bytes of an item: the names and values of its attributes."""
    filled = ((name, value) for name, value in items.flat(one).items() if value is not None)
    return _keys(one) + sum(len(name) + _size(value) for name, value in filled) + (MARK if isinstance(one, Row) else 0)


def _place(one: Row | Head) -> tuple[str, str]:
    return one.export, one.window.sk if isinstance(one, Row) else items.HEAD


def _keys(one: Row | Head) -> int:
    return len("export") + len("sk") + sum(map(len, _place(one)))


def _units(size: int) -> int:
    return max(1, -(-size // WRITE))


def _entry(old: Any, new: Any, before: int, after: int, *, whole: bool) -> int:
    """The units of an index's entry: it is deleted and made anew when its key changes, rewritten when it holds all."""
    if old == new:
        return _units(max(before, after)) if whole and new is not None else 0
    return (_units(before) if old is not None else 0) + (_units(after) if new is not None else 0)


def _size(value: Any) -> int:
    match value:
        case str():
            return len(value.encode())
        case bool() | None:
            return 1
        case int() | Decimal():
            return len(str(value).strip("-0.")) // 2 + 2
        case Mapping():
            return 3 + sum(1 + len(str(name)) + _size(one) for name, one in value.items())
        case list() | tuple():
            return 3 + sum(1 + _size(one) for one in value)
    return len(str(value))
