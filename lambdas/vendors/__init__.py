"""The vendors: what each must offer, and the one list of them. A new vendor is one new file and one line here."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Protocol

from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.mapping import Columns
from lambdas.core.progress import Found, Progress
from lambdas.core.windows import Window
from lambdas.vendors.flowroute import Flowroute
from lambdas.vendors.telnyx import Telnyx
from lambdas.web import Web


class Vendor(Protocol):
    """One account at a vendor. Errors are those of lambdas.core.errors."""

    facts: ClassVar[Facts]
    columns: ClassVar[Columns]

    def fields(self, window: Window) -> dict[str, Any]:
        """The exact request for a window, less the tag: what the intent row stores."""

    def ask(self, fields: Mapping[str, Any], tag: str, callback_url: str | None) -> str:
        """Create a report; answers its id. Never repeated by itself: in doubt, `find`."""

    def find(self, fields: Mapping[str, Any], tag: str, since: datetime, page: int = 0) -> Found:
        """Search the vendor's list, from a page on, for the report asked `since` that carries the tag."""

    def look(self, report_id: str) -> Progress:
        """How far a report is, with fresh links when it is ready."""


VENDORS: Mapping[str, Callable[[Export, Mapping[str, str], Web], Vendor]] = {
    "telnyx": Telnyx,
    "flowroute": Flowroute,
}
FACTS: Mapping[str, Facts] = {"telnyx": Telnyx.facts, "flowroute": Flowroute.facts}
