"""The real parts, each without one thing that keeps calls from being lost or doubled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambdas.aws import items
from lambdas.aws.lake import Lake, Upload
from lambdas.aws.ledger import Ledger
from lambdas.core.exports import Export
from lambdas.core.progress import Found
from lambdas.core.rows import Head, Row, Work
from lambdas.vendors import Vendor
from tests.dying.inside import Inside, Parts


class Unintended(Ledger):
    """Without the intent: that a vendor is about to be asked is written only with what it answered."""

    def apply(self, old: Row, new: Row) -> Row:
        """Every other move as it is."""
        if new.state is Work.ASKING and old.state is Work.PLANNED:
            return new
        if old.state is Work.ASKING and (there := self.get(old.export, old.window)) and there.state is Work.PLANNED:
            return super().apply(there, new)
        return super().apply(old, new)


class Unconditional(Ledger):
    """Without the conditional write: the last one wins."""

    def _mark(
        self, row: Row, text: str, condition: str, names: dict[str, str], values: dict[str, Any], mark: str
    ) -> None:
        super()._mark(row, text, f"attribute_exists(sk) OR ({condition})", names, values, mark)


class Leaseless(Ledger):
    """Without the tick's lease: every tick gets it."""

    def take(self, export: str, lease: str, now: datetime, until: datetime) -> Head | None:
        """Whoever has it."""
        values = {":lease": items.wire(lease), ":until": items.wire(until.isoformat())}
        names = {"#lease": "lease", "#until": "lease_until"}
        self._write(export, items.HEAD, "SET #lease = :lease, #until = :until", "", names, values)
        return self.head(export)


class Loose(Upload):
    """An upload that replaces whatever is there."""

    def finish(self, *, fence: str | None = None, fenced: bool = False) -> str:
        """Without a condition."""
        return super().finish()


class Unfenced(Lake):
    """Without the fence on publishing."""

    def upload(self, key: str, kind: str, metadata: dict[str, str] | None = None) -> Upload:
        """An upload that replaces whatever is there."""
        where, made = {"Bucket": self._bucket, "Key": key}, {"ContentType": kind, "Metadata": metadata or {}}
        return Loose(self._client, where, made, self._spare)


class Blind(Inside):
    """Without adoption: the vendor's list never shows what was asked."""

    def vendor(self, export: Export) -> Vendor | None:
        """The real one, less its list."""
        vendor = super().vendor(export)
        if vendor is not None:
            vendor.find = lambda *_: Found(None, complete=True)  # type: ignore[method-assign] # that is the mutation
        return vendor


# What is lacking, where it must be found out: the event, the scenario, in which handlers.
MUTANTS: Mapping[str, tuple[Parts, str, str, tuple[str, ...]]] = {
    "intent": (Parts(ledger=Unintended), "kill", "first", ("requester",)),
    "condition": (Parts(ledger=Unconditional), "sleep", "slow", ("poller",)),
    "fence": (Parts(lake=Unfenced), "oversleep", "old", ("copier",)),
    "lease": (Parts(ledger=Leaseless), "repeat", "dropped", ("requester",)),
    "adoption": (Parts(rooms=Blind), "kill", "first", ("requester",)),
}
