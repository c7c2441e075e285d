"""Asking a vendor for a report, once: the intent, the request, the id; and the search for what an interruption left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from lambdas.aws.clients import FAILED
from lambdas.core import polling, tags
from lambdas.core.errors import Problem
from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.rows import Row, Work, move
from lambdas.logs import because, log, trouble
from lambdas.rooms import Rooms
from lambdas.vendors import Vendor

ASKING = timedelta(seconds=180)  # the function's time-out, HTTP's and some: until then nobody else touches the row
BETWEEN = timedelta(minutes=5)  # two searches of the vendor's list
LATER = timedelta(minutes=20)  # after a search that failed: longer than the export rests, so that asking has its turn
SEARCHES = 2


@dataclass(frozen=True)
class Asking:
    """What the requester says to the vendor of one export, and the executions that it starts."""

    export: Export
    facts: Facts
    at: Rooms
    took: Sequence[int]  # seconds until the last reports were ready

    def ask(self, row: Row, vendor: Vendor) -> Row:
        """The intent, the request, the id: dying between any two of them is found out by `search`.

        A window is asked again for what it was asked for: other options must not replace a full copy by a filtered one,
        but where an operator wants it so.
        """
        now, fields, print_ = self.at.now(), vendor.fields(row.window), self.export.fingerprint
        if row.published and row.published.asked and row.published.api == self.export.api and not row.anew:
            fields, print_ = dict(row.published.asked), row.fingerprint or print_
        tag = tags.tag(self.at.settings.stack, row, fields)
        until = now + ASKING + self.facts.patience  # so long its capability opens something, until the answer is there
        told = {"fields": fields, "tag": tag, "fingerprint": print_, "give_up_at": until}
        url = self._callback(tag)
        row = self.at.ledger.apply(row, move(row, "intend", asked_at=now, due_at=now + ASKING, reason=None, **told))
        try:
            report = vendor.ask(fields, tag, url)
        except Problem as problem:
            after = polling.unasked(row, problem, self.at.now())
            new = self.at.ledger.apply(row, after) if after is not None else row
            if after is None or after.state is Work.PLANNED:
                raise
            trouble(problem, export=row.export, window=row.window.sk)
            return new
        return self._record(row, report)

    def search(self, row: Row, vendor: Vendor) -> Row:
        """Adopt the report that an interrupted asking left at the vendor, or ask anew when it is surely not there."""
        now = self.at.now()
        since = row.asked_at or now
        try:
            found = vendor.find(row.fields or {}, row.tag or "", since, row.page)
        except Problem:
            self.at.ledger.apply(row, move(row, "search", due_at=now + LATER))
            raise
        if found.report_id:
            log().info("adopted", extra={"export": row.export, "window": row.window.sk})
            return self._record(row, found.report_id)
        counted = row.searched + (found.complete and now >= since + self.facts.list_grace)
        if found.complete and counted >= SEARCHES:
            return self.at.ledger.apply(row, polling.missing(row, now))
        due = now + BETWEEN if found.complete else now
        return self.at.ledger.apply(row, move(row, "search", searched=counted, page=found.page, due_at=due))

    def go(self, row: Row, name: str, **changes: Any) -> Row:
        """The row's next run, and its execution, which is overdue when it has not looked by then."""
        now = self.at.now()
        new = move(row, name, run=row.run + 1, token=None, **changes)
        wait = polling.pause(new, self.facts, now, self.at.chance(), self.took)
        new = self.at.ledger.apply(row, replace(new, due_at=now + timedelta(seconds=wait) + polling.GRACE))
        self._start(new, wait)
        return new

    def _record(self, row: Row, report: str) -> Row:
        give_up_at = self.at.now() + self.facts.patience
        return self.go(row, "record", report_id=report, give_up_at=give_up_at, declined=0, page=0)

    def _start(self, row: Row, wait: int) -> None:
        window = row.window
        self.at.workflow.start(
            tags.execution(row),
            {
                "export": row.export, "source": window.source, "start": window.start.isoformat(),
                "seconds": window.seconds, "revision": row.revision, "attempt": row.attempt, "run": row.run,
                "calls_back": self.facts.calls_back and self.at.settings.callback_url is not None,
                "wait": wait, "looks": row.looks, "steps": row.steps,
            },
        )  # fmt: skip

    def _callback(self, tag: str) -> str | None:
        base = self.at.settings.callback_url
        if not base or not self.facts.calls_back:
            return None
        word = self._word(tag)
        return f"{base}/callbacks/{tag}/{word}" if word else None

    def _word(self, tag: str) -> str | None:
        """The capability; None while it cannot be had: a callback only shortens a wait, and never holds up asking."""
        try:
            word, why = self.at.signet.word(tag), "it holds no key"
        except (Problem, *FAILED) as error:
            word, why = None, because(error)
        if word is None:
            log().error("no callback is asked for, by the capability secret", extra={"because": why})
        return word
