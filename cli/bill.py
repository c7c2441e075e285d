"""What a month costs at list prices: each thing with how much of it there was, and what nobody can tell as unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cli import charges

MILLION = 10**6
GB = 10**9
LEAST = 0.0001  # dollars: nobody wants to know more exactly


@dataclass(frozen=True)
class Item:
    """One line: so much of a charge; None where it cannot be told, which is not 0."""

    what: str
    charge: str  # one of charges.CHARGES
    amount: float | None
    note: str = ""

    @property
    def dollars(self) -> float | None:
        """Its price; None where the amount is not known."""
        return None if self.amount is None else charges.dollars(self.charge, self.amount)

    @property
    def unit(self) -> str:
        """What the amount counts."""
        return charges.CHARGES[self.charge].unit


@dataclass(frozen=True)
class Bill:
    """The lines of a month, and the calls that came in it."""

    month: str
    items: Sequence[Item]
    calls: int | None

    @property
    def total(self) -> float:
        """What is known."""
        return sum(one.dollars or 0.0 for one in self.items)

    @property
    def unknown(self) -> list[str]:
        """What is not."""
        return [one.what for one in self.items if one.amount is None]

    def per(self, dollars: float | None) -> float | None:
        """The same for a million calls; None where there were none."""
        return None if dollars is None or not self.calls else dollars * MILLION / self.calls

    def plain(self) -> dict[str, Any]:
        """For a program."""
        return {
            "month": self.month,
            "calls": self.calls,
            "prices": {"region": "us-east-1", "as_of": charges.AS_OF, "free_tiers": False},
            "items": [
                {
                    "what": one.what, "amount": one.amount, "unit": one.unit, "dollars": one.dollars,
                    "per_million_calls": self.per(one.dollars), "note": one.note or None,
                }
                for one in self.items
            ],
            "dollars": self.total,
            "per_million_calls": self.per(self.total),
            "unknown": self.unknown,
        }  # fmt: skip


def money(dollars: float | None) -> str:
    """`$12.30`, `$0.0042`; `unknown` where nobody can tell."""
    if dollars is None:
        return "unknown"
    if 0 < dollars < LEAST:
        return f"<${LEAST}"
    return f"${dollars:,.2f}" if dollars >= 1 or not dollars else f"${dollars:.4f}"


def much(amount: float | None) -> str:
    """An amount for people."""
    if amount is None:
        return "unknown"
    return f"{amount:,.0f}" if amount >= 100 or amount == int(amount) else f"{amount:.3g}"
