"""Telephone numbers that look valid under the numbering plans of a dozen countries."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

NAMES = {
    "US": "United States",
    "CA": "Canada",
    "GB": "United Kingdom",
    "DE": "Germany",
    "FR": "France",
    "ES": "Spain",
    "NL": "Netherlands",
    "AU": "Australia",
    "MX": "Mexico",
    "BR": "Brazil",
    "IN": "India",
    "JP": "Japan",
}


@dataclass(frozen=True, slots=True)
class Block:
    """A range of numbers: what they begin with, and the lowest and highest remainder."""

    prefix: str
    low: int
    high: int
    country: str
    state: str = ""
    lata: str = ""
    mobile: bool = False
    toll_free: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a call: how the vendor writes it, and what is known of its number."""

    number: str
    country: str = ""
    state: str = ""
    lata: str = ""
    mobile: bool = False
    toll_free: bool = False


def party(block: Block, rng: Random) -> Party:
    """A number of the block."""
    rest = block.low + int(rng.random() * (block.high - block.low + 1))
    if block.prefix.startswith("+1"):
        rest = _assignable(rest)
    return Party(f"{block.prefix}{rest}", block.country, block.state, block.lata, block.mobile, block.toll_free)


def _assignable(rest: int) -> int:
    """North America assigns no exchange N11, and 555 only to directory services and films."""
    exchange = rest // 10_000
    return rest + 10_000 if exchange % 100 == 11 or exchange == 555 else rest


def _america(code: str, state: str, lata: str, country: str = "US") -> Block:
    return Block(f"+1{code}", 200_0000, 998_9999, country, state, lata, mobile=int(code) % 2 == 1)


def _mobile(prefix: str, low: int, high: int, country: str) -> Block:
    return Block(prefix, low, high, country, mobile=True)


# Area codes with their state and LATA; Canada has one LATA, 888, for all of it.
AMERICA = (
    _america("212", "NY", "132"),
    _america("206", "WA", "674"),
    _america("312", "IL", "358"),
    _america("713", "TX", "560"),
    _america("305", "FL", "460"),
    _america("617", "MA", "128"),
    _america("404", "GA", "438"),
    _america("303", "CO", "656"),
    _america("602", "AZ", "666"),
    _america("503", "OR", "672"),
    _america("415", "CA", "722"),
    _america("416", "ON", "888", "CA"),
    _america("604", "BC", "888", "CA"),
    _america("514", "QC", "888", "CA"),
)
TOLL_FREE = tuple(
    Block(f"+1{code}", 200_0000, 998_9999, "US", toll_free=True) for code in ("800", "888", "877", "866", "855")
)
ABROAD = (
    Block("+4420", 7000_0000, 8999_9999, "GB"),
    Block("+44161", 200_0000, 999_9999, "GB"),
    _mobile("+447", 4_0000_0000, 4_4999_9999, "GB"),
    Block("+4930", 2000_0000, 6999_9999, "DE"),
    _mobile("+49151", 1000_0000, 7999_9999, "DE"),
    _mobile("+49171", 200_0000, 999_9999, "DE"),
    Block("+331", 4000_0000, 4999_9999, "FR"),
    _mobile("+336", 1000_0000, 2999_9999, "FR"),
    Block("+3491", 200_0000, 799_9999, "ES"),
    _mobile("+346", 1000_0000, 9999_9999, "ES"),
    Block("+3120", 200_0000, 799_9999, "NL"),
    _mobile("+316", 1000_0000, 5799_9999, "NL"),
    Block("+612", 8000_0000, 9999_9999, "AU"),
    _mobile("+614", 1000_0000, 1999_9999, "AU"),
    Block("+5255", 5000_0000, 5999_9999, "MX"),
    _mobile("+55119", 7000_0000, 9999_9999, "BR"),
    Block("+5511", 3000_0000, 3999_9999, "BR"),
    _mobile("+919", 8000_00000, 9999_99999, "IN"),
    _mobile("+8190", 1000_0000, 9999_9999, "JP"),
    Block("+813", 3000_0000, 5999_9999, "JP"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Blocks with how often each is met."""

    blocks: Sequence[Block]
    bounds: Sequence[float]

    def draw(self, rng: Random) -> Party:
        return party(self.blocks[bisect(self.bounds, rng.random() * self.bounds[-1])], rng)


def plan(*groups: tuple[float, Sequence[Block]]) -> Plan:
    """Groups of blocks, each with its weight shared evenly among its blocks."""
    blocks = [block for _, group in groups for block in group]
    weights = [weight / len(group) for weight, group in groups for _ in group]
    return Plan(blocks, list(accumulate(weights)))


# Who rings an office in North America, and whom it rings.
CALLERS = plan((0.82, AMERICA), (0.18, ABROAD))
CALLEES = plan((0.68, AMERICA), (0.06, TOLL_FREE), (0.26, ABROAD))
