"""The texts of Athena's answers as numbers: exact, and null where nothing is known."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

Row = Mapping[str, str | None]
Rows = Sequence[Row]


def count(row: Row, name: str) -> int:
    """A number of things; of nothing known there are none."""
    return int(row[name] or 0)


def number(row: Row, name: str) -> Decimal | None:
    """Money or a ratio, digit by digit; null is not zero."""
    text = row[name]
    return None if text is None else Decimal(text)


def total(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known; null where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


def written(value: Decimal | int | None, least: int = 0, most: int = 0) -> str:
    """Digits for people and spreadsheets: rounded to `most` decimals, zeros cut down to `least`, no separators."""
    if value is None:
        return ""
    whole, _, rest = f"{round(Decimal(value), most):f}".partition(".")
    rest = rest.rstrip("0").ljust(least, "0")
    return f"{whole}.{rest}" if rest else whole


def grouped(value: Decimal | int | None, least: int = 0, most: int = 0) -> str:
    """The same with thousands apart, for a line of words."""
    whole, dot, rest = written(value, least, most).partition(".")
    return f"{int(whole):,}{dot}{rest}" if whole else ""
