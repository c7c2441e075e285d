"""Copier: takes a finished report from the vendor to the lake, checks it, publishes it, and writes its receipt."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from math import inf
from typing import Any

from lambdas.aws.lake import Fenced
from lambdas.aws.ledger import Raced
from lambdas.core import keys, planning, polling
from lambdas.core.errors import Broken, Denied, Disagrees, Gone, Problem, Refused, TooLarge, TryAgain, Unclear
from lambdas.core.exports import Export
from lambdas.core.place import Place
from lambdas.core.progress import Progress, State
from lambdas.core.receipt import disagreements, figures, narrowed, receipt
from lambdas.core.rows import RELEASE, Published, Row, Work, move
from lambdas.logs import count, log, trouble
from lambdas.rooms import Rooms, rooms
from lambdas.stream.report import Copy, Report
from lambdas.vendors import FACTS, Vendor

LEASE = timedelta(minutes=16)  # the function's time-out and 60 s
LATER = timedelta(minutes=10)  # until the same report is tried again
COPY = 1  # the state transition to the copying


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Copy the report of an execution: `{"at": INPUT}`; answers the row's state."""
    return copy(event["at"], rooms(), lambda: context.get_remaining_time_in_millis() / 1000)


def copy(told: dict[str, Any], at: Rooms, left: Callable[[], float] = lambda: inf) -> dict[str, Any]:
    """Lease, copy, publish; an old run ends at once, and what goes wrong becomes the row's next move.

    `left` gives the seconds that remain.
    """
    place = Place.read(told)
    row = at.ledger.get(place.export, place.window)
    if row is None or not place.is_of(row) or row.state is not Work.ASKED:
        return {"state": str(row.state) if row else "none"}
    try:
        steps = told.get("steps", 0) + COPY + polling.END
        row = at.ledger.apply(row, move(row, "lease", due_at=at.now() + LEASE, steps=steps, heeded=row.wakes))
        done = Copier(row, at.exports.get(row.export), at, left).run()
    except Raced as race:
        log().info("raced", extra={"export": place.export, "window": place.window.sk})
        return {"state": str(race.now.state) if race.now else "none"}
    return {"state": str(done.state)}


class Copier:
    """The copying of one leased row."""

    def __init__(self, row: Row, export: Export, at: Rooms, left: Callable[[], float]) -> None:
        self._row, self._export, self._at, self._left = row, export, at, left
        self._facts = FACTS[export.vendor]

    def run(self) -> Row:
        """The row after its move: published, or planned, returned, quarantined with the reason."""
        try:
            vendor = self._at.account(self._export)
            # A fresh link just before the download: links die, and are never stored.
            report = self._row.report_id or ""
            progress = vendor.look(report)
            try:
                return self._copy(vendor, progress)
            except Denied:  # the key ended between the look and its file: another look finds the one that works now
                return self._copy(vendor, vendor.look(report))
        except (TryAgain, Refused, Unclear) as problem:
            return self._back(problem)
        except (Gone, Broken) as problem:
            trouble(problem, export=self._row.export, window=self._row.window.sk)
            return self._apply(polling.renew(self._row, problem.what, self._at.now()))

    def _copy(self, vendor: Vendor, progress: Progress) -> Row:
        if progress.state is State.PENDING:
            raise TryAgain("the report is not ready any more")
        if progress.state is not State.READY:
            raise Gone(f"the report is {progress.state}")
        key = self._at.pseudonym_key() if self._export.numbers == "pseudonym" else None
        where = self._facts, vendor.columns, self._at.lake, self._at.web
        report = Report(self._row, self._export, *where, key=key, left=self._left)
        with ExitStack() as stack:
            made = report.copy(progress, stack)
            wrong = [made.problem.what] if made.problem else self._wrong(made, progress)
            if wrong and not self._released(made):
                return self._quarantine(made, progress, "; ".join(wrong))
            return self._finish(made, progress)

    def _released(self, made: Copy) -> bool:
        """Whether an operator has published this very text, in spite of what disagrees."""
        before = self._row.published
        return bool(before and before.act == RELEASE and before.digest == made.tally.digest and not made.problem)

    def _finish(self, made: Copy, progress: Progress) -> Row:
        """Publish, or, when the content is the published one, write nothing but the receipt."""
        before = self._row.published
        if before is not None and before.digest == made.tally.digest:
            self._write(made, progress, checked=True, calls=before.key, raw=list(before.raw))
            return self._apply(self._done("keep", replace(before, **{**self._asked, "act": before.act})))
        published = self._published(made, progress)
        log().info("copied", extra={**self._told(made), **made.made})
        return self._apply(self._done("publish", published))

    def _published(self, made: Copy, progress: Progress) -> Published:
        """Visible from now on, with its receipt; the ledger does not say so yet."""
        kept = self._keep(made)
        etag = self._publish(made)
        key, raw = keys.calls(self._row.export, self._row.window), tuple(kept["raw"])
        uploads = {**made.raws, key: made.calls}
        objects = {
            one: {"bytes": upload.size, "sha256": upload.sha256, "requests": upload.requests}
            for one, upload in uploads.items()
        }
        self._write(made, progress, checked=False, calls=key, etag=etag, objects=objects, **kept)
        return Published(
            revision=self._row.revision, digest=made.tally.digest, key=key, etag=etag, receipt=self._receipt_key(),
            raw=raw, rows=made.tally.rows, when=self._at.now(), totals=figures(made.tally, progress.totals),
            **self._asked,
        )  # fmt: skip

    def _told(self, made: Copy) -> dict[str, Any]:
        """What the log says of a copy: its window's day, and what came."""
        row, tally = self._row, made.tally
        when = {"window": row.window.sk, "day": f"{row.window.start:%Y-%m-%d}", "revision": row.revision}
        return {"export": row.export, **when, "rows": tally.rows, "cost": float(tally.cost)}

    @property
    def _asked(self) -> dict[str, Any]:
        """What the copy is complete for."""
        fields = self._row.fields or {}
        narrow = narrowed(fields, self._export, self._facts)
        return {"asked": fields, "api": self._export.api, "narrowed": narrow, "act": None}

    def _wrong(self, made: Copy, progress: Progress) -> list[str]:
        return disagreements(made.tally, progress.totals, self._row.published)

    def _publish(self, made: Copy) -> str:
        """Over what the ledger says is there, and over nothing else.

        An object that the ledger does not know is a predecessor's of this window, who died before saying so. The
        lease is ours as long as the row stands still, so its object may be replaced, by its own ETag.
        """
        fence = self._row.published.etag if self._row.published else None
        try:
            return made.calls.finish(fence=fence, fenced=True)
        except Fenced:
            now = self._at.ledger.get(self._row.export, self._row.window)
            if now is None or now.version != self._row.version:
                raise Raced(now) from None
            there = self._at.lake.etag(keys.calls(self._row.export, self._row.window))
            try:
                return made.calls.finish(fence=there[0] if there else None, fenced=True)
            except Fenced:
                raise TryAgain("the object changed while it was replaced") from None

    def _done(self, name: str, published: Published) -> Row:
        aged = planning.aged(self._row, self._export, self._row.asked_at or self._at.now())
        again = planning.again_at(self._row, self._export, aged)
        # Deleted at the vendor only from here on: by the requester, once this move says that the copy is verified.
        left = self._row.report_id if self._export.discard else None
        told = {"leftover": left, "due_at": again, "anew": False}
        return move(self._row, name, published=published, aged=aged, stale_since=None, reason=None, token=None, **told)

    def _quarantine(self, made: Copy, progress: Progress, reason: str) -> Row:
        """The file is kept with both numbers; what was published before stays as it is."""
        row, now = self._row, self._at.now()
        trouble(Disagrees(reason), export=row.export, window=row.window.sk)
        whole = not isinstance(made.problem, TooLarge)  # else: what came of it is not worth its room
        kept = self._keep(made) if whole else {"raw": []}
        key = keys.quarantine(row.export, row.window, row.revision, row.attempt, row.run, "json")
        told = {"reason": reason, "tag": row.tag, "at": now.isoformat(), **kept, **made.made, **made.tally.told}
        told |= {"totals": vars(progress.totals)}  # for whoever publishes it all the same
        self._at.lake.write(key, told)
        aged = planning.aged(row, self._export, row.asked_at or now)
        again = planning.again_at(row, self._export, aged)
        told = {"due_at": again, "aged": aged, "stale_since": planning.stale(row, now), "reason": reason}
        return self._apply(move(row, "quarantine", token=None, **told))

    def _back(self, problem: Problem) -> Row:
        """Nothing is used up: the report stays asked, and the next run tries the copy again, until its deadline."""
        row, now = self._row, self._at.now()
        trouble(problem, export=row.export, window=row.window.sk)
        self._at.slow(self._export, problem, now)
        if not polling.keyless(problem) and row.give_up_at and now >= row.give_up_at:
            return self._apply(polling.renew(row, problem.what, now))
        due = now + timedelta(seconds=getattr(problem, "after", None) or LATER.total_seconds())
        if polling.keyless(problem):
            self._at.ledger.block(row.export, problem.what, due)
            if row.reason == problem.what and self._export.state == "active":  # and not for the first time
                count("Refused")
        return self._apply(move(row, "return", due_at=due, reason=problem.what, token=None))

    def _keep(self, made: Copy) -> dict[str, Any]:
        """The vendor's bytes, and the rows that are in no column, as they came; the keys of both."""
        for upload in made.raws.values():
            upload.finish()
        kept: dict[str, Any] = {"raw": list(made.raws), "rejects": None}
        if any(made.apart.values()):
            row = self._row
            key = keys.quarantine(row.export, row.window, row.revision, row.attempt, row.run, "rejects.json")
            self._at.lake.write(key, made.apart)
            kept["rejects"] = key
        return kept

    def _write(self, made: Copy, progress: Progress, **kept: Any) -> None:
        asked_at = self._row.asked_at or self._at.now()
        kept.setdefault("partial", planning.partial(self._facts, self._row.window, asked_at))
        kept |= {"narrowed": self._asked["narrowed"], **made.made}
        kept["vendor_keeps_until"] = progress.expires_at.isoformat() if progress.expires_at else None
        told = receipt(self._row, self._export, made.tally, progress.totals, self._at.now(), **kept)
        self._at.lake.write(self._receipt_key(), told)

    def _receipt_key(self) -> str:
        return keys.receipt(self._row.export, self._row.window, self._row.revision)

    def _apply(self, new: Row) -> Row:
        return self._at.ledger.apply(self._row, new)
