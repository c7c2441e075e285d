"""Which run of which report an execution is about: its input, read and compared with the row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from lambdas.core.rows import Row
from lambdas.core.windows import Window


@dataclass(frozen=True)
class Place:
    """An execution's place in the ledger."""

    export: str
    window: Window
    revision: int
    attempt: int
    run: int

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """From an execution's input; fields of a newer version are ignored."""
        window = Window(datetime.fromisoformat(told["start"]), int(told["seconds"]), told["source"])
        return cls(told["export"], window, int(told["revision"]), int(told["attempt"]), int(told["run"]))

    def is_of(self, row: Row) -> bool:
        """Whether the row is still at this run; an old run ends at once."""
        return (row.revision, row.attempt, row.run) == (self.revision, self.attempt, self.run)
