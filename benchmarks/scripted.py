"""Runs the script as cron does, night after night, and counts what lies in its folder afterwards."""

import csv
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.plan import CRON, DAY, DOWN, KILLED, MISSED, NIGHTS, START, night, vendors
from local.gate import Gate
from local.vendors import Simulator

SCRIPTS = Path(__file__).parent / "script"
IDENTITY = {"telnyx": "Unique CDR ID", "flowroute": "cdr_id"}
KEYS = {
    "telnyx": {"TELNYX_USER": "user", "TELNYX_TOKEN": "token"},
    "flowroute": {"FLOWROUTE_KEY": "access_key", "FLOWROUTE_SECRET": "secret_key"},
}
# Its waits, shortened: a vendor that is down for hours outlasts the script's patience either way.
HASTE = {"POLL_SECONDS": "0.1", "BACKOFF_SECONDS": "0.02", "TIMEOUT_SECONDS": "20"}


@dataclass
class Ran:
    """What came of one vendor's exports."""

    player: Simulator
    found: Counter[str]  # how often each call is there, by its identity
    asked: Counter[str]  # how often each report was asked for
    said: list[str] = field(default_factory=list)  # the nights after which it ended with a failure
    spared: bool = False  # whether something that was to go wrong did not


@dataclass
class Going:
    """A clock that was set, and goes."""

    set_to: datetime = START
    at: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.set_to + timedelta(seconds=time.monotonic() - self.at)

    def set(self, now: datetime) -> None:
        self.set_to, self.at = now, time.monotonic()


def run(folder: Path) -> dict[str, Ran]:
    """All nights, both vendors; by vendor."""
    clock = Going()
    with vendors(clock) as players:
        gates = {name: Gate(player) for name, player in players.items()}
        said: dict[str, list[str]] = {name: [] for name in players}
        for number, event in enumerate(NIGHTS, 1):
            clock.set(START + number * DAY + CRON)
            night(event, players)
            for name in [] if event == MISSED else players:
                gates[name].armed = int(event == KILLED)
                if _cron(name, players[name], gates[name], clock(), folder):
                    said[name].append(event)
            if event == DOWN:
                for player in players.values():
                    player.faults.clear()
        return {name: Ran(one, _found(name, folder), _asked(one), said[name]) for name, one in players.items()}


def _cron(name: str, player: Simulator, gate: Gate, now: datetime, folder: Path) -> int:
    """Its exit status; a script that stands still at the gate is killed there."""
    argument = str((now - DAY).date()) if name == "telnyx" else now.astimezone(UTC).isoformat()
    told = {own: player.credentials[ours] for own, ours in KEYS[name].items()}
    environment = {**os.environ, **HASTE, **told, f"{name.upper()}_URL": player.base_url, "OUT": str(folder)}
    command = [sys.executable, str(SCRIPTS / f"{name}.py"), argument]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if held := gate.held():
                time.sleep(0.3)  # what it has read so far reaches its file
                process.kill()
                held.go.set()
            time.sleep(0.01)
        return process.returncode


def _found(name: str, folder: Path) -> Counter[str]:
    found = Counter[str]()
    for file in sorted(folder.glob(f"{name}-*.csv")):
        with file.open(encoding="utf-8", errors="replace", newline="") as lines:
            found.update(row[IDENTITY[name]] for row in csv.DictReader(lines) if row.get(IDENTITY[name]))
    return found


def _asked(player: Simulator) -> Counter[str]:
    """By the whole request: a script asks for a window by nothing else."""
    return Counter(repr(sorted(_plain(created.body).items())) for created in player.created)


def _plain(body: Mapping[str, object]) -> dict[str, str]:
    return {name: repr(value) for name, value in body.items()}
