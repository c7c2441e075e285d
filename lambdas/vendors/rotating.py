"""An account whose key may have been replaced: after a 401 the next key is tried, and the one that works is kept to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar, cast

from lambdas.core.errors import Denied
from lambdas.core.progress import Found, Progress
from lambdas.core.windows import Window
from lambdas.vendors.interface import Discards, Vendor

Keys = Mapping[str, str]
T = TypeVar("T")


def rotating(make: Callable[[Keys], Vendor], keys: Keys, more: Iterator[Keys]) -> Vendor:
    """The account with these keys; `more` are those to try instead, taken one by one and only after a 401."""
    made = make(keys)
    kind = Discarding if isinstance(made, Discards) else Rotating
    return cast(Vendor, kind(make, made, more))  # its facts and headings are those of what it stands before


class Rotating:
    """A request that the vendor denied did nothing there, so it is sent again with the next key, a create too."""

    def __init__(self, make: Callable[[Keys], Vendor], made: Vendor, more: Iterator[Keys]) -> None:
        self.facts, self.columns = made.facts, made.columns
        self._make, self._vendor, self._more = make, made, more

    def fields(self, window: Window) -> dict[str, Any]:
        """As the vendor."""
        return self._vendor.fields(window)

    def ask(self, fields: Mapping[str, Any], tag: str, callback_url: str | None) -> str:
        """As the vendor."""
        return self._tried(lambda vendor: vendor.ask(fields, tag, callback_url))

    def find(self, fields: Mapping[str, Any], tag: str, since: datetime, page: int = 0) -> Found:
        """As the vendor."""
        return self._tried(lambda vendor: vendor.find(fields, tag, since, page))

    def look(self, report_id: str) -> Progress:
        """As the vendor."""
        return self._tried(lambda vendor: vendor.look(report_id))

    def _tried(self, does: Callable[[Vendor], T]) -> T:
        """Raises what the first key met, when none is accepted: that is the one that the operator sees."""
        first = self._vendor
        try:
            return does(first)
        except Denied:
            for keys in self._more:
                self._vendor = self._make(keys)
                with suppress(Denied):
                    return does(self._vendor)
            self._vendor = first
            raise


class Discarding(Rotating):
    """The same of a vendor that deletes reports."""

    def discard(self, report_id: str) -> None:
        """As the vendor."""
        self._tried(lambda vendor: cast(Discards, vendor).discard(report_id))
