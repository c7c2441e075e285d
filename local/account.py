"""A customer of a vendor: the numbers it rents, each with its alias, connection and billing group."""

from dataclasses import dataclass
from hashlib import sha256
from random import Random

from local.numbers import ABROAD, AMERICA, TOLL_FREE, Party, party

ALIASES = ("Office Line 1", "Office Line 2", "Büro Köln", 'The "Red" Phone', "Support, Day", "Support, Night")
GROUPS = ("Main", "Sales, East", "Überland")
TAGS = ((), (), ("sales",), ("support", "vip"), ("support",), ("sales", "outbound"))
USERS = ("reception", "frontdesk.2", "gencredxT4kpQ", "sip-trunk-west", "anna", "queue_support")


@dataclass(frozen=True, slots=True)
class Line:
    """One rented number and what the portal knows of it."""

    party: Party
    alias: str
    tags: tuple[str, ...]
    user: str
    connection_id: str
    billing_group: str
    billing_group_id: str
    peer: str


@dataclass(frozen=True, slots=True)
class Account:
    """The account itself."""

    id: str
    lines: tuple[Line, ...]


def source(*names: object) -> Random:
    """A generator that depends on its names alone, in any process."""
    return Random(int.from_bytes(sha256("|".join(map(str, names)).encode()).digest()[:16]))


def uuid4(rng: Random) -> str:
    """A random UUID from the seeded generator; `uuid.uuid4` would ask the system."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def account(seed: int, name: str) -> Account:
    """The account of that name: a dozen numbers on three connections in three billing groups."""
    rng = source(seed, name, "account")
    connections = [str(rng.randrange(10**18, 2 * 10**18)) for _ in range(3)]
    groups = [(group, uuid4(rng)) for group in GROUPS]
    blocks = [*rng.sample(AMERICA, 8), *rng.sample(TOLL_FREE, 2), *rng.sample(ABROAD, 2)]
    lines = (
        Line(
            party(block, rng),
            ALIASES[i % len(ALIASES)],
            TAGS[i % len(TAGS)],
            USERS[i % len(USERS)],
            connections[i % 3],
            *groups[i // 4],
            f"203.0.113.{20 + i % 3}",
        )
        for i, block in enumerate(blocks)
    )
    return Account(uuid4(rng), tuple(lines))
