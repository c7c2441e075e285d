"""The clock of a rehearsal: it stood at one instant when the real one stood at another; a file tells all processes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

Clock = Callable[[], datetime]


def real() -> datetime:
    """The real clock, in whole seconds of UTC."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Rehearsal:
    """Tells the time that the exporter and the simulated vendors see."""

    file: Path

    def set(self, until: datetime) -> None:
        """From now on the clock shows `until` and goes on from there."""
        self._write(until, real())

    def turn(self, by: timedelta) -> None:
        """Move the clock ahead, once it was set; what is planned stays bounded by the same instant."""
        told = json.loads(self.file.read_text())
        self._write(datetime.fromisoformat(told["told"]), datetime.fromisoformat(told["real"]) - by)

    def _write(self, told: datetime, real: datetime) -> None:
        fresh = self.file.with_suffix(".new")  # put in its place whole: others read it at any time
        fresh.write_text(json.dumps({"told": told.isoformat(), "real": real.isoformat()}))
        fresh.replace(self.file)

    def setting(self) -> str | None:
        """The value of CDR_REHEARSAL for the Lambdas; None while the real clock is shown."""
        if not self.file.exists():
            return None
        told = json.loads(self.file.read_text())
        return f"{told['told']}@{told['real']}"

    def until(self) -> datetime | None:
        """The instant after which nothing is planned."""
        setting = self.setting()
        return datetime.fromisoformat(setting.partition("@")[0]) if setting else None

    def __call__(self) -> datetime:
        setting = self.setting()
        if setting is None:
            return real()
        told, _, then = setting.partition("@")
        return datetime.fromisoformat(told) + (real() - datetime.fromisoformat(then))
