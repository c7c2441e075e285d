"""What a simulated vendor remembers: requests as they were answered, reports asked for, and what became of them."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from local.calls import Tally


@dataclass(frozen=True, slots=True)
class Request:
    """One API request and its answer's status, 0 if none; neither headers nor bodies, which hold secrets."""

    method: str
    path: str
    query: str
    status: int


@dataclass(frozen=True, slots=True)
class Created:
    """One report that was asked for: when, and with which body."""

    id: str
    at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Built:
    """A report's file and what it adds up to."""

    file: Path
    tally: Tally


Asked = TypeVar("Asked")
Made = TypeVar("Made", bound=Built)


@dataclass(slots=True)
class Report(Generic[Asked, Made]):
    """One report of a vendor, from the request to the file, which is built at once however late it is due."""

    id: str
    asked: Asked
    created_at: datetime
    ready_at: datetime
    listed_at: datetime
    struck: Mapping[str, float]  # the faults that struck it when it was created, each with its seconds
    build: Future[Made]
    path: str

    @property
    def failed(self) -> bool:
        return "failed" in self.struck

    @property
    def expired(self) -> bool:
        """Whether it has expired once it would be ready."""
        return "expired" in self.struck
