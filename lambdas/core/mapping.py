"""How a vendor's CSV becomes our columns: declared by the vendor's file, carried out by lambdas/stream."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# What a field's text is read as. A text that does not fit goes to `extra` under its heading.
TEXT, TIME, WHOLE, MONEY, REAL, WORD = "text", "time", "whole", "money", "real", "word"


@dataclass(frozen=True)
class From:
    """Where a column comes from: the first of `headings` that the row fills; others that differ go to `extra`."""

    kind: str
    headings: tuple[str, ...]


@dataclass(frozen=True)
class Party:
    """The headings of one end of the call: the number is the first valid one, raw the last one filled."""

    headings: tuple[str, ...]
    bare: bool = False  # the vendor writes E.164 without its plus sign


@dataclass(frozen=True)
class Columns:
    """A vendor's headings to ours. Headings are compared by `plain`, never by position."""

    fields: Mapping[str, From]
    caller: Party
    callee: Party
    words: Mapping[str, Mapping[str, str]]  # a column's words, lower case, to ours
    answered: str  # "time": an answer time is there; "sip": the result says so and the SIP code is 200
    cause_code: str | None = None  # the heading that holds Q.850 (1 to 127) or SIP (200 to 699) codes
    currency: str | None = None
    fees: tuple[str, ...] = ()  # the columns that add up to `fees`
    by_source: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # what the file leaves to its source
    zoned: tuple[str, ...] = ()  # the headings of a call's start in UTC, and in the zone of the times below
    shifted: tuple[str, ...] = ()  # columns whose times come in that zone
    left: tuple[str, ...] = ()  # headings left to `extra` on purpose: no column fits, or their unit is not known
    private: tuple[str, ...] = ()  # of these, those that may hold a person's number or name

    @property
    def known(self) -> frozenset[str]:
        """Every heading that is expected in a file."""
        fields = (heading for one in self.fields.values() for heading in one.headings)
        parties = (*self.caller.headings, *self.callee.headings)
        return frozenset({*fields, *parties, *self.left} | ({self.cause_code} if self.cause_code else set()))


def plain(heading: str) -> str:
    """A heading without case and punctuation: `Start Timestamp(UTC)` is `start timestamp utc`."""
    return re.sub(r"[^a-z0-9]+", " ", heading.casefold()).strip()
