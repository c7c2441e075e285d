"""Who plays which vendor: a simulator for every account of exports.toml that is not on loopback already."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

from lambdas.core.exports import Exports, parse
from lambdas.core.origins import loopback
from lambdas.vendors import FACTS
from local.calls import Axis, Calls
from local.clock import Clock
from local.vendors import SIMULATORS, Simulator

SEED = 7


@dataclass(frozen=True)
class Role:
    """One simulated account, described well enough to draw its calls again in another process."""

    vendor: str
    seed: int
    account: str
    per_day: int
    unpriced: float
    axis: Axis
    closed: bool

    @classmethod
    def of(cls, simulator: Simulator) -> "Role":
        """The role that a running simulator plays."""
        calls, how = simulator.calls, (simulator.axis, simulator.closed)
        return cls(simulator.name, calls.seed, calls.account, calls.per_day, calls.unpriced, *how)

    def calls(self) -> Calls:
        """The account's calls."""
        return Calls(self.seed, self.account, self.per_day, unpriced=self.unpriced)


@dataclass
class Cast:
    """The effective exports.toml, the secrets it needs, and the simulators behind it."""

    text: str
    exports: Exports
    secrets: dict[str, str]
    roles: dict[str, Role] = field(default_factory=dict)  # by export; one that is missing is not played by us
    players: dict[str, Simulator] = field(default_factory=dict)  # by export, too
    simulators: list[Simulator] = field(default_factory=list)

    def requests(self) -> int:
        """How many requests the simulated vendors have had."""
        return sum(len(one.requests) for one in self.simulators)


@contextmanager
def simulated(
    text: str, stage: str, clock: Clock, secrets: Mapping[str, str], ca: Path, per_day: int
) -> Iterator[Cast]:
    """Play every account that is not on loopback already; an export that is keeps its own server."""
    exports = parse(text, stage, FACTS)
    document = tomlkit.parse(text)
    tables: Any = document["export"]  # tomlkit's types do not tell an array of tables from the rest
    cast, playing = Cast("", exports, {}), dict[tuple[str, str], Simulator]()
    with ExitStack() as stack:
        for export, table in zip(exports.exports, tables, strict=True):
            own = json.dumps(dict(SIMULATORS[export.vendor].keys))
            cast.secrets[export.secret_id] = secrets.get(export.secret_id, own)
            if loopback(export.base_url):
                continue
            account = (export.vendor, export.secret_id)
            if account not in playing:
                kind = SIMULATORS[export.vendor]
                played = kind.play(SEED, export.secret_id, clock=clock, per_day=per_day, ca=ca)
                playing[account] = stack.enter_context(played)
            simulator = playing[account]
            table["base_url"] = simulator.address(export.api)
            table["download_from"] = [simulator.download_from]
            cast.roles[export.name], cast.players[export.name] = Role.of(simulator), simulator
        cast.text, cast.simulators = tomlkit.dumps(document), list(playing.values())
        cast.exports = parse(cast.text, stage, FACTS)
        yield cast


def named(text: str, stage: str, secrets: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """A secret by its ARN lies in somebody's account, not in this cloud: it gets a name, and so its place here."""
    document, given = tomlkit.parse(text), dict(secrets)
    tables: Any = document["export"]  # as above
    for export, table in zip(parse(text, stage, FACTS).exports, tables, strict=True):
        if export.secret_arn:
            table.remove("secret_arn")
            table["secret"] = f"cdr/{stage}/{export.secret_arn.rpartition(':')[2]}"
            if export.secret_arn in secrets:
                given[table["secret"]] = secrets[export.secret_arn]
    return tomlkit.dumps(document), given
