"""The one room of the environment and the clock: what the stack tells a function, typed."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Settings:
    """What the stack set; a function that was not given a value it needs raises KeyError by its name."""

    env: Mapping[str, str]

    @property
    def stack(self) -> str:
        """Eight hex digits that tell this stack from any other."""
        return self.env["CDR_STACK"]

    @property
    def table(self) -> str:
        """The ledger's table."""
        return self.env["CDR_TABLE"]

    @property
    def bucket(self) -> str:
        """The lake's bucket."""
        return self.env["CDR_BUCKET"]

    @property
    def machine(self) -> str:
        """The poller's state machine."""
        return self.env["CDR_MACHINE"]

    @property
    def capability_secret(self) -> str:
        """The key under which callbacks are made believable."""
        return self.env["CDR_CAPABILITY_SECRET"]

    @property
    def pseudonym_secret(self) -> str:
        """The key of the pseudonyms; only the copier is told it, and only where an export has pseudonyms."""
        return self.env["CDR_PSEUDONYM_SECRET"]

    @property
    def callback_url(self) -> str | None:
        """Where vendors may call back; None where they cannot reach us."""
        return self.env.get("CDR_CALLBACK_URL") or None

    @property
    def until(self) -> datetime | None:
        """In a rehearsal: nothing that is due after this instant is planned."""
        return self._rehearsal[0] if self._rehearsal else None

    @property
    def clock(self) -> Clock:
        """The clock; in a rehearsal it stood at one instant when the real one stood at another."""
        shift = self._rehearsal[0] - self._rehearsal[1] if self._rehearsal else timedelta(0)
        return lambda: (datetime.now(UTC) + shift).replace(microsecond=0)

    @property
    def _rehearsal(self) -> tuple[datetime, datetime] | None:
        told, _, real = self.env.get("CDR_REHEARSAL", "").partition("@")
        return (datetime.fromisoformat(told), datetime.fromisoformat(real)) if real else None

    @property
    def stage(self) -> str:
        """Which stage of the exporter this is; part of the secrets' names."""
        return self.env.get("CDR_STAGE", "dev")

    def exports(self) -> str:
        """The text of exports.toml as it was deployed, beside the `lambdas` package."""
        return (Path(__file__).parent.parent / "exports.toml").read_text(encoding="utf-8")


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings(dict(os.environ))
