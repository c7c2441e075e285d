"""Answers of Athena, which are texts, held against rows of Python's values: exact, but for binary fractions."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.local.legs import HASH

Line = Mapping[str, Any]
READERS: Mapping[type, Callable[[str], Any]] = {
    str: str,
    bool: lambda text: {"true": True, "false": False}[text],
    int: int,
    float: float,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


@dataclass(frozen=True)
class Between:
    """Any number from `low` to `high`."""

    low: float
    high: float


@dataclass(frozen=True)
class Among:
    """Any of these texts."""

    texts: set[str]


def differences(said: Sequence[Mapping[str, str | None]], true: Sequence[Line]) -> list[str]:
    """What the two do not have in common, told briefly; the order of the rows does not count."""
    if not said or not true:
        return [] if len(said) == len(true) else [f"{len(said)} rows, {len(true)} are true"]
    if said[0].keys() != true[0].keys():
        return [f"columns that only one side has: {sorted(said[0].keys() ^ true[0].keys())}"]
    kinds = {name: _kind(true, name) for name in true[0]}
    exact = [name for name, kind in kinds.items() if kind in READERS and kind is not float]
    found = sorted(({name: _read(row[name], kinds[name]) for name in kinds} for row in said), key=_order(exact))
    real = sorted(({name: _plain(value) for name, value in row.items()} for row in true), key=_order(exact))
    wrong = [f"{len(found)} rows, {len(real)} are true"] if len(found) != len(real) else []
    for ours, theirs in zip(found, real, strict=False):
        bad = {name: (ours[name], theirs[name]) for name in kinds if not _same(ours[name], theirs[name])}
        if bad:
            wrong.append(f"{[ours[name] for name in exact[:5]]}: {bad}")
    return wrong


def ordered(said: Sequence[Mapping[str, str | None]], sql: str) -> bool:
    """Whether the first key of the last ORDER BY rises, or falls if it says so; nulls come last."""
    keys = re.findall(r"^ORDER BY (?:abs\(coalesce\(vendor_rows - )?(?:\w+\.)?(\w+)(?:, 0\)\))?( DESC)?", sql, re.M)
    if not keys or not said:
        return True
    name, falls = keys[-1]
    name = "rows_difference" if name == "rows" else name
    cells = [row[name] for row in said]
    values = [_number(cell) for cell in cells if cell is not None]
    return values == sorted(values, reverse=bool(falls)) and None not in cells[: len(values)]


def _number(cell: str) -> Any:
    return float(cell) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", cell, re.IGNORECASE) else cell


def _kind(rows: Sequence[Line], name: str) -> type | None:
    return next((type(row[name]) for row in rows if row[name] is not None), None)


def _read(text: str | None, kind: type | None) -> Any:
    if text is None or kind is None:
        return text
    if kind is str and text.startswith(HASH):
        return HASH
    return READERS.get(kind, float if kind is Between else str)(text)


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value


def _order(exact: list[str]) -> Callable[[Line], Any]:
    def key(row: Line) -> Any:
        return [(row[name] is not None, row[name]) if row[name] is not None else (False, 0) for name in exact]

    return key


def _same(said: Any, true: Any) -> bool:
    if isinstance(true, Between):
        return said is not None and true.low <= said <= true.high
    if isinstance(true, Among):
        return said in true.texts
    if isinstance(true, float) and said is not None:
        return math.isclose(said, true, rel_tol=1e-9, abs_tol=1e-9)
    return bool(said == true)
