"""The heads of the ledger: one per export, written under the tick's lease, or in one sure step without it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from lambdas.aws import items
from lambdas.aws.table import Table, attribute, update, winner
from lambdas.core.errors import TryAgain
from lambdas.core.rows import Head, Row

BATCH = 100  # items that DynamoDB gives at once
PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)  # seconds, while it does not come to all
LESSONS = 9  # so many reports' durations are remembered


class Raced(Exception):
    """Somebody else moved the row first; `now` is what it is."""

    def __init__(self, now: Row | None) -> None:
        super().__init__("the row has moved on")
        self.now = now


class Heads(Table):
    """The head rows: who ticks, what is planned, and why the vendor is not asked."""

    def head(self, export: str) -> Head:
        """The head as it is now; an empty one before the first tick."""
        item = self._read(export, items.HEAD)
        return items.head(item) if item else Head(export)

    def heads(self, exports: Sequence[str]) -> list[Head]:
        """Those of many exports, in few reads, consistently; an empty one before the first tick."""
        found = dict[str, Head]()
        left = [items.key(export, items.HEAD) for export in dict.fromkeys(exports)]
        tries = iter(PAUSES)
        while left:  # what DynamoDB did not come to is asked for again, and not at once
            asked: Any = {self._table: {"Keys": left[:BATCH], "ConsistentRead": True}}
            answer: Any = self._client.batch_get_item(RequestItems=asked)
            found |= {one["export"]["S"]: items.head(one) for one in answer["Responses"].get(self._table, ())}
            undone = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", ())
            left = [*undone, *left[BATCH:]]
            if undone:
                time.sleep(_pause(tries))
        return [found.get(export, Head(export)) for export in exports]

    def take(self, export: str, lease: str, now: datetime, until: datetime) -> Head | None:
        """Take the export's tick lease; None when another tick has it, which is then told to look again."""
        names = {"#until": "lease_until", "#lease": "lease", "#ticked": "ticked"}
        values = {
            ":now": items.wire(now.isoformat()),
            ":until": items.wire(until.isoformat()),
            ":lease": items.wire(lease),
        }
        text = "SET #lease = :lease, #until = :until, #ticked = :now"
        free = "attribute_not_exists(#lease) OR #until <= :now"
        for _ in range(2):
            try:
                self._write(export, items.HEAD, text, free, names, values)
            except ClientError as error:
                winner(error)
                if attribute(error, "lease") != lease:
                    if self._ring(export, values):
                        return None
                    continue  # it was given back in between
            return self.head(export)
        return None

    def _ring(self, export: str, values: dict[str, Any]) -> bool:
        """Tell the tick that holds the lease to look again; false when nobody holds it."""
        names = {"#rung": "rung", "#lease": "lease", "#until": "lease_until"}
        given = {name: values[name] for name in (":now", ":lease")}
        held = "attribute_exists(#lease) AND #until > :now"
        try:
            self._write(export, items.HEAD, "SET #rung = :lease", held, names, given)
        except ClientError as error:
            winner(error)
            return False
        return True

    def save(self, head: Head, **changes: Any) -> Head:
        """Write facts of the head, under its lease. Raises Raced when the lease has gone to another tick."""
        new = replace(head, **changes)
        names, values, text = update({name: items.flat(new)[name] for name in changes})
        values[":held"] = items.wire(head.lease)
        try:
            self._write(head.export, items.HEAD, text, "#held = :held", {**names, "#held": "lease"}, values)
        except ClientError as error:
            winner(error)
            raise Raced(None) from None
        return new

    def block(self, export: str, reason: str, until: datetime) -> None:
        """Say on the head why the vendor is not asked before `until`; the copier says it without a lease."""
        values = {":blocked": items.wire(reason), ":until": items.wire(until.isoformat()), ":yes": items.wire(True)}
        names = {"#blocked": "blocked", "#until": "next_try", "#refused": "refused"}
        text = "SET #blocked = :blocked, #until = :until, #refused = :yes"
        self._write(export, items.HEAD, text, "", names, values)

    def slow(self, export: str, until: datetime) -> None:
        """Nobody asks or looks for the export before `until`; said without a lease, and never taken back."""
        values = {":until": items.wire(until.isoformat())}
        later = "attribute_not_exists(#until) OR #until < :until"
        try:
            self._write(export, items.HEAD, "SET #until = :until", later, {"#until": "slow_until"}, values)
        except ClientError as error:
            winner(error)

    def learn(self, head: Head, seconds: int) -> None:
        """Remember how long a report took; said without a lease, for one that is lost does no harm."""
        took = [*head.took, seconds][-LESSONS:]
        self._write(head.export, items.HEAD, "SET #took = :took", "", {"#took": "took"}, {":took": items.wire(took)})

    def release(self, head: Head) -> bool:
        """Give the lease back; false when somebody rang since `head.rung` was read: then the tick goes round again."""
        bell = "#rung = :rung" if head.rung else "attribute_not_exists(#rung)"
        values = {":held": items.wire(head.lease)} | ({":rung": items.wire(head.rung)} if head.rung else {})
        names = {"#lease": "lease", "#until": "lease_until", "#rung": "rung"}
        try:
            self._write(
                head.export, items.HEAD, "REMOVE #lease, #until, #rung", f"#lease = :held AND {bell}", names, values
            )
        except ClientError as error:
            winner(error)
            return False
        return True

    def drop(self, export: str, lease: str) -> None:
        """Give the lease back whatever happened; nothing when it is not held any more."""
        names, values = {"#lease": "lease", "#until": "lease_until"}, {":held": items.wire(lease)}
        try:
            self._write(export, items.HEAD, "REMOVE #lease, #until", "#lease = :held", names, values)
        except ClientError as error:
            winner(error)


def _pause(tries: Iterator[float]) -> float:
    """How long to wait before the next try. Raises TryAgain after the last."""
    for seconds in tries:
        return seconds
    raise TryAgain("the ledger answers only a part of what is read, again and again: its table is throttled")
