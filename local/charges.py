"""What a call costs: a rate a minute on billed seconds, and the fees on top, exact to 8 decimals."""

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import TypedDict

from local.numbers import Party

# Sums are made in whole units of 1e-8 USD, so that they are exact before they become decimals.
UNIT = Decimal("1E-8")
CENT = 1_000_000


class Money(TypedDict):
    """The part of a call that is about money."""

    billed_s: int
    first_increment_s: int
    next_increment_s: int
    rate: Decimal
    connect_fee: Decimal
    usf_fee: Decimal
    ccrf: Decimal
    cnam_fee: Decimal
    cost_subtotal: Decimal
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Tariff:
    """Micro-dollars a minute, billing increments in seconds, connect fee in units of 1e-8 USD."""

    micro: int
    first: int = 6
    following: int = 6
    connect: int = 0


INBOUND = Tariff(1500)
INBOUND_TOLL_FREE = Tariff(12_900, 6, 6)
INBOUND_ABROAD = Tariff(4_800, 60, 60)
OUTBOUND_TOLL_FREE = Tariff(0, 6, 6)
# Per country: landline, mobile.
OUTBOUND = {
    "US": (Tariff(3_900), Tariff(4_250)),
    "CA": (Tariff(4_100), Tariff(4_700, 30, 6)),
    "GB": (Tariff(6_370, 1, 1), Tariff(18_450, 1, 1)),
    "DE": (Tariff(8_120, 1, 1), Tariff(21_700, 30, 6)),
    "FR": (Tariff(7_430, 1, 1), Tariff(24_900, 30, 6)),
    "ES": (Tariff(6_990, 30, 6), Tariff(19_330, 30, 6)),
    "NL": (Tariff(8_870, 30, 6), Tariff(23_100, 30, 6)),
    "AU": (Tariff(13_070, 30, 6), Tariff(31_490, 30, 6)),
    "MX": (Tariff(10_930, 60, 60), Tariff(14_200, 60, 60)),
    "BR": (Tariff(16_310, 30, 6), Tariff(47_770, 30, 6, connect=50 * CENT // 100)),
    "IN": (Tariff(13_990, 60, 60), Tariff(13_990, 60, 60)),
    "JP": (Tariff(27_350, 30, 6), Tariff(97_010, 30, 6, connect=CENT)),
}
CNAM = 390_000  # a caller name look-up, 0.00390 USD, as in Flowroute's example row


def price(inbound: bool, callee: Party, talk: int, named: bool) -> Money:
    """Subtotal is rate x billed / 60, rounded to 8 decimals; the total adds the four fees."""
    tariff = _tariff(inbound, callee)
    billed = _billed(talk, tariff)
    subtotal = (tariff.micro * billed * 100 + 30) // 60
    connect = tariff.connect if billed else 0
    usf, ccrf = _surcharges(inbound, callee, subtotal)
    cnam = CNAM if named else 0
    return {
        "billed_s": billed,
        "first_increment_s": tariff.first,
        "next_increment_s": tariff.following,
        "rate": tariff.micro * 100 * UNIT,
        "connect_fee": connect * UNIT,
        "usf_fee": usf * UNIT,
        "ccrf": ccrf * UNIT,
        "cnam_fee": cnam * UNIT,
        "cost_subtotal": subtotal * UNIT,
        "cost": (subtotal + connect + usf + ccrf + cnam) * UNIT,
    }


def named(inbound: bool, caller: Party, rng: Random) -> bool:
    """A caller's name is looked up for some inbound calls, answered or not."""
    return inbound and caller.country == "US" and rng.random() < 0.4


def _tariff(inbound: bool, callee: Party) -> Tariff:
    if inbound:
        return INBOUND_TOLL_FREE if callee.toll_free else INBOUND if callee.country == "US" else INBOUND_ABROAD
    return OUTBOUND_TOLL_FREE if callee.toll_free else OUTBOUND[callee.country or "US"][callee.mobile]


def _billed(talk: int, tariff: Tariff) -> int:
    if talk <= 0:
        return 0
    return tariff.first + max(0, -((tariff.first - talk) // tariff.following)) * tariff.following


def _surcharges(inbound: bool, callee: Party, subtotal: int) -> tuple[int, int]:
    """Universal service on outbound domestic calls, carrier cost recovery on inbound ones (13.045 %)."""
    if inbound:
        return 0, (subtotal * 13_045 + 50_000) // 100_000
    return (subtotal * 52 // 1000, 0) if callee.country == "US" else (0, 0)
