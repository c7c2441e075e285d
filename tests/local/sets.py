"""A deployed set of a test's own: simulators that the test starts, an exports.toml that names them, one deploy."""

import io
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import tomlkit
from rich.console import Console

from local.cast import Role
from local.clock import Rehearsal
from local.demo import Asked, Set, Teller, deployed
from local.emulator.surroundings import certificate
from local.vendors import Simulator


@dataclass(frozen=True)
class Played:
    """An export and who plays its vendor."""

    simulator: Simulator
    fields: Mapping[str, object]

    @property
    def vendor(self) -> str:
        return self.simulator.name


def written(played: Mapping[str, Played]) -> str:
    """An exports.toml in which each export talks to its own simulator, by nothing but its documented fields."""
    tables = [
        {
            "name": name,
            "vendor": one.vendor,
            "base_url": one.simulator.base_url,
            "download_from": [one.simulator.download_from],
            **one.fields,
        }
        for name, one in played.items()
    ]
    return tomlkit.dumps({"export": tables})


def authority(folder: Path) -> Path:
    """The certificate of the cloud that will be started in that folder."""
    return certificate(folder.resolve() / "tmp")


def clock(folder: Path) -> Rehearsal:
    """The clock of the set that will be deployed in that folder."""
    return Rehearsal(folder / "clock.json")


@contextmanager
def own(
    played: Mapping[str, Played], folder: Path, until: datetime
) -> Iterator[tuple[Set, Asked, Teller, io.StringIO]]:
    """The simulators run, and the stack that exports them is deployed."""
    told = io.StringIO()
    with ExitStack() as stack:
        for one in played.values():
            stack.enter_context(one.simulator)
        file = folder / "written.toml"
        file.write_text(written(played))
        asked, tell = Asked(file, {}, until, None, 240.0, own_key=True), Teller(Console(file=told, width=200))
        roles = {name: Role.of(one.simulator) for name, one in played.items()}
        made = stack.enter_context(deployed(asked, folder, tell))
        yield replace(made, roles=roles), asked, tell, told
