"""Clearing up at a vendor: a report whose copy is verified, and a spare that turned up after all, are deleted there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lambdas.core import planning, polling
from lambdas.core.errors import Problem, TryAgain
from lambdas.core.exports import Export
from lambdas.core.rows import Row, move
from lambdas.core.windows import DAY
from lambdas.logs import log, trouble
from lambdas.rooms import Rooms
from lambdas.vendors import Discards, Vendor

REST = timedelta(minutes=5)  # after an outage


@dataclass
class Clearing:
    """One round's deletions at the vendor of one export; nothing that is to be asked waits for them."""

    export: Export
    at: Rooms
    tired: bool = False  # a deletion met an outage: the others of this round wait

    def clear(self, row: Row, vendor: Vendor) -> Row:
        """Delete one thing that is left; a problem is told, and an outage is waited for up to a limit."""
        now = self.at.now()
        try:
            left = self._leftover(row, vendor) if row.leftover else self._spare(row, vendor)
        except Problem as problem:
            trouble(problem, export=row.export, window=row.window.sk)
            self.at.slow(self.export, problem, now)
            self.tired = isinstance(problem, TryAgain)
            left = {"leftover": None} if row.leftover else {"spares": row.spares[1:], "page": 0}
            left |= {"reason": f"not deleted at the vendor: {problem.what}"}
            if polling.patient(row, problem, now):
                left = {"reason": left["reason"], "due_at": now + REST}
        return self.at.ledger.apply(row, self._cleared(row, left, now))

    def _leftover(self, row: Row, vendor: Vendor) -> dict[str, Any]:
        if self.export.discard and row.leftover and isinstance(vendor, Discards):
            vendor.discard(row.leftover)
        return {"leftover": None, "reason": None}

    def _spare(self, row: Row, vendor: Vendor) -> dict[str, Any]:
        """Search for a request that no list showed in time: now, and once more a day after it was sent.

        It was never adopted, and never will be: no row has its tag any more. The tag has our stack's id, so it is ours.
        """
        spare, now = row.spares[0], self.at.now()
        asked_at = datetime.fromisoformat(spare["asked_at"])
        found = vendor.find(spare["fields"], spare["tag"], asked_at, row.page)
        spurious = found.report_id in (None, row.report_id)  # where no tag is listed, our own report is found as well
        if spurious and not found.complete:
            return {"page": found.page}
        if spurious and now < asked_at + DAY:
            return {"page": 0, "due_at": asked_at + DAY}
        if found.report_id and not spurious:
            log().warning("a spare", extra={"export": row.export, "window": row.window.sk})
            if isinstance(vendor, Discards):
                vendor.discard(found.report_id)
        return {"spares": row.spares[1:], "page": 0}

    def _cleared(self, row: Row, left: dict[str, Any], now: datetime) -> Row:
        new = move(row, "clear", **left)
        again = now + DAY if row.stale_since else planning.again_at(row, self.export, row.aged)
        return move(row, "clear", **{"due_at": now if new.littered else again, **left})
