"""Who plays which vendor: a simulator for every account of exports.toml that is not on loopback already."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomlkit

from lambdas.core.exports import Export, Exports, parse
from lambdas.core.origins import loopback
from lambdas.vendors import FACTS
from local.calls import Axis, Calls
from local.clock import Clock
from local.vendors.flowroute import CREDENTIALS as FLOWROUTE
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import CREDENTIALS as TELNYX
from local.vendors.telnyx import Telnyx

SEED = 7
CREDENTIALS: Mapping[str, Mapping[str, str]] = {"telnyx": TELNYX, "flowroute": FLOWROUTE}


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
    def of(cls, vendor: str, simulator: Telnyx | Flowroute) -> "Role":
        """The role that a running simulator plays."""
        calls = simulator.calls
        axis, closed = (simulator.axis, simulator.closed) if isinstance(simulator, Telnyx) else ("start", False)
        return cls(vendor, calls.seed, calls.account, calls.per_day, calls.unpriced, axis, closed)

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
    simulators: list[Telnyx | Flowroute] = field(default_factory=list)

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
    cast, playing = Cast("", exports, {}), dict[tuple[str, str], Telnyx | Flowroute]()
    with ExitStack() as stack:
        for export, table in zip(exports.exports, tables, strict=True):
            cast.secrets[export.secret_id] = secrets.get(export.secret_id, json.dumps(dict(CREDENTIALS[export.vendor])))
            if loopback(export.base_url):
                continue
            account = (export.vendor, export.secret_id)
            if account not in playing:
                playing[account] = _simulator(export, clock, ca, per_day)
                stack.enter_context(playing[account])
            simulator = playing[account]
            _redirect(table, export, simulator)
            cast.roles[export.name] = Role.of(export.vendor, simulator)
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


def _simulator(export: Export, clock: Clock, ca: Path, per_day: int) -> Telnyx | Flowroute:
    if export.vendor == "telnyx":
        return Telnyx(SEED, export.secret_id, clock=clock, per_day=per_day, axis="record", closed=True)
    return Flowroute(SEED, export.secret_id, clock=clock, per_day=per_day, ca=ca)


def _redirect(table: Any, export: Export, simulator: Telnyx | Flowroute) -> None:
    """Telnyx's V2 lives below /v2 of the same server."""
    root = simulator.root if isinstance(simulator, Telnyx) else simulator.base_url
    table["base_url"] = f"{root}/v2" if export.api == "v2" else root
    table["download_from"] = [f"{simulator.files_url}/"]
