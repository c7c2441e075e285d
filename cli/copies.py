"""What the copies of a month took, as their receipts tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass
class Copies:
    """What the receipts of a month tell; each is one report that came to its end."""

    reports: int = 0
    calls: int = 0  # rows of first copies: a re-export brings the same calls again
    transitions: int = 0
    puts: int = 0

    def add(self, receipt: Mapping[str, Any]) -> None:
        """One more."""
        self.reports += 1
        self.transitions += int(receipt.get("transitions") or 0)
        objects = receipt.get("objects") or {}
        self.puts += 1 + bool(receipt.get("rejects")) + sum(int(one.get("requests", 1)) for one in objects.values())
        if not receipt.get("revision"):
            self.calls += int(receipt.get("rows") or 0)
