"""What a vendor says of a report, in our words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class State(StrEnum):
    """A report's state; anything else that a vendor says is an error, never a guess."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
    GONE = "gone"


@dataclass(frozen=True)
class File:
    """One file of a report; the link may be signed, so it is never stored, logged or shown."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Totals:
    """The vendor's own totals, where it gives them: the file must agree with them."""

    rows: int | None = None
    cost: Decimal | None = None
    sums: Mapping[str, Decimal] = field(default_factory=dict)  # by the column that they add up, or `billed_minutes`


@dataclass(frozen=True)
class Progress:
    """A look at a report."""

    state: State
    files: tuple[File, ...] = ()
    totals: Totals = Totals()
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Found:
    """A search in the vendor's list: not `complete`, it stopped before the end and goes on at `page`."""

    report_id: str | None
    complete: bool
    page: int = 0
