"""The ledger in DynamoDB: rows move by one conditional write each, and the loser of a race is told who won."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from lambdas.aws import items
from lambdas.aws.heads import Heads, Raced
from lambdas.aws.table import attribute, update, winner
from lambdas.core.rows import Row, Work
from lambdas.core.windows import Window, stamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Ledger", "Raced"]

WAKES = 3  # so often may callbacks wake one attempt
NOTES = ("heard_at", "token", "wakes", "heeded")  # a new attempt begins without them, whatever came meanwhile


class Ledger(Heads):
    """One table: a row per window, and a head per export; `tell` hears of each move that was written."""

    def __init__(
        self, client: "DynamoDBClient", table: str, tell: Callable[[Row, Row], None] = lambda _old, _new: None
    ) -> None:
        super().__init__(client, table)
        self._tell = tell

    def get(self, export: str, window: Window) -> Row | None:
        """The row as it is now, read consistently."""
        item = self._read(export, window.sk)
        return items.row(item) if item else None

    def add(self, rows: Iterable[Row]) -> list[Row]:
        """Make rows that are not there yet; those that were made."""
        return [row for row in rows if self._add(row)]

    def due(self, export: str, until: datetime) -> list[Row]:
        """Rows whose `due_at` is at or before `until`, by the index: candidates, for it may lag behind."""
        found = self._query(
            IndexName="due",
            KeyConditionExpression="#e = :e AND #d <= :d",
            names={"#e": "export", "#d": "due_at"},
            values={":e": items.wire(export), ":d": items.wire(int(until.timestamp()))},
        )
        return [items.row(item) for item in found]

    def open(self, export: str) -> list[tuple[Window, datetime]]:
        """The windows that wait for their first copy, and since when, by an index that may lag behind."""
        names, values = {"#e": "export"}, {":e": items.wire(export)}
        found = self._query(IndexName="open", KeyConditionExpression="#e = :e", names=names, values=values)
        return [items.opened(item) for item in found]

    def aside(self, export: str) -> list[tuple[Window, str]]:
        """The windows that somebody has to look at, and their state's word, by an index that may lag behind."""
        names, values = {"#e": "export"}, {":e": items.wire(export)}
        found = self._query(IndexName="aside", KeyConditionExpression="#e = :e", names=names, values=values)
        return [items.aside(item) for item in found]

    def between(self, export: str, source: str, since: datetime, until: datetime) -> list[Row]:
        """The rows of a source whose window begins in [since, until), read consistently."""
        first, last = (f"w#{source}#{stamp(when)}" for when in (since, until))
        found = self._query(
            ConsistentRead=True,
            KeyConditionExpression="#e = :e AND #sk BETWEEN :first AND :last",
            names={"#e": "export", "#sk": "sk"},
            values={":e": items.wire(export), ":first": items.wire(first), ":last": items.wire(last)},
        )
        return [items.row(item) for item in found]

    def apply(self, old: Row, new: Row) -> Row:
        """Write a move. Raises Raced when the row is not `old` any more."""
        before, after = items.flat(old), items.flat(new)
        changed = {name: after[name] for name in after if after[name] != before[name] or _emptied(name, new)}
        changed["aside"] = after["aside"]  # always: an older version, after a roll-back, leaves it as it was
        names, values, text = update(changed)
        mark = uuid4().hex
        values |= {":v": items.wire(old.version), ":s": items.wire(str(old.state)), ":k": items.wire(old.run)}
        condition = "#version = :v AND #state = :s AND #run = :k"
        names |= {"#version": "version", "#state": "state", "#run": "run"}
        try:
            self._mark(old, text, condition, names, values, mark)
        except ClientError as error:
            won = winner(error)
            if attribute(error, "mark") != mark:  # else the winner is this very write, whose answer was lost
                raise Raced(won) from None
        self._tell(old, new)
        return new

    def _mark(
        self, row: Row, text: str, condition: str, names: dict[str, str], values: dict[str, Any], mark: str
    ) -> None:
        """A move that can be recognised: boto3 repeats a write whose answer was lost, and then loses to itself."""
        set_, _, rest = text.partition(" REMOVE ")
        text = f"{set_}, #mark = :mark" + (f" REMOVE {rest}" if rest else "")
        names, values = {**names, "#mark": "mark"}, {**values, ":mark": items.wire(mark)}
        self._write(row.export, row.window.sk, text, condition, names, values)

    def hear(self, export: str, window: Window, tag: str, now: datetime) -> Row | None:
        """Note that a callback came for the attempt of that tag; None when there is nothing to wake (any more).

        The row says until when: `give_up_at` stands in it from the intent on.
        """
        asking = [f":{state}" for state in (Work.ASKING, Work.ASKED)]
        condition = f"#tag = :tag AND #state IN ({', '.join(asking)}) AND #wakes < :most AND #give_up_at > :now"
        names = {f"#{name}": name for name in ("tag", "state", "wakes", "heard_at", "give_up_at")}
        values = {":tag": items.wire(tag), ":most": items.wire(WAKES), ":one": items.wire(1)}
        values |= {name: items.wire(name[1:]) for name in asking} | {":now": items.wire(now.isoformat())}
        text = "SET #heard_at = :now, #wakes = #wakes + :one"
        return self._note(export, window, text, condition, names, values)

    def listen(self, row: Row, token: str) -> Row | None:
        """Store the sealed token of the waiting execution of `row`'s run; None when that run is over.

        Every callback that came by then is heeded: by whoever stores it. Who dies between storing and waking leaves
        these to the poll, as any callback may be: that is accepted, for the execution's wait ends by itself.
        """
        condition = "#state = :asked AND #run = :run AND #tag = :tag"
        names = {f"#{name}": name for name in ("state", "run", "tag", "token", "heeded", "wakes")}
        values = {
            ":asked": items.wire(str(Work.ASKED)),
            ":run": items.wire(row.run),
            ":tag": items.wire(row.tag),
            ":token": items.wire(token),
        }
        return self._note(row.export, row.window, "SET #token = :token, #heeded = #wakes", condition, names, values)

    def _add(self, row: Row) -> bool:
        filled = {name: items.wire(value) for name, value in items.flat(row).items() if value is not None}
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**items.key(row.export, row.window.sk), **filled},
                ConditionExpression="attribute_not_exists(sk)",
            )
        except ClientError as error:
            winner(error)
            return False
        return True

    def _note(
        self, export: str, window: Window, text: str, condition: str, names: dict[str, str], values: dict[str, Any]
    ) -> Row | None:
        try:
            return items.row(self._write(export, window.sk, text, condition, names, values))
        except ClientError as error:
            winner(error)
            return None


def _emptied(name: str, new: Row) -> bool:
    """A new attempt starts without the notes, also those that came after `old` was read."""
    return name in NOTES and new.tag is None
