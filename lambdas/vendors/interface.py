"""What each vendor must offer: its facts, its headings, and the few things that can be asked of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.mapping import Columns
from lambdas.core.progress import Found, Progress
from lambdas.core.windows import Window
from lambdas.web import Web


class Vendor(Protocol):
    """One account at a vendor. Errors are those of lambdas.core.errors."""

    facts: ClassVar[Facts]
    columns: ClassVar[Columns]

    def __init__(self, export: Export, secret: Mapping[str, str], web: Web) -> None:
        """`secret` holds the fields that `facts.secret` names for the export's api."""

    def fields(self, window: Window) -> dict[str, Any]:
        """The exact request for a window, less the tag: JSON, the same each time; what the intent row stores."""

    def ask(self, fields: Mapping[str, Any], tag: str, callback_url: str | None) -> str:
        """Create a report; answers its id. Never repeated by itself: in doubt, `find`."""

    def find(self, fields: Mapping[str, Any], tag: str, since: datetime, page: int = 0) -> Found:
        """Search the vendor's list, from where an earlier search stopped, for the report that carries the tag.

        `since` is when it was asked; `page` is what an incomplete `Found` said, and 0 the list's beginning.
        """

    def look(self, report_id: str) -> Progress:
        """How far a report is, with fresh links when it is ready."""


@runtime_checkable
class Discards(Protocol):
    """A vendor whose API can delete a report; its facts say so too."""

    def discard(self, report_id: str) -> None:
        """Delete the report at the vendor; gone already is as good."""
