"""The ledger in DynamoDB: rows move by one conditional write each, and the loser of a race is told who won."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from lambdas.aws import items
from lambdas.core.rows import Head, Row, Work
from lambdas.core.windows import Window

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

WAKES = 3  # so often may callbacks wake one attempt
NOTES = ("heard_at", "token", "wakes")  # written beside the moves; a move only ever empties them


class Raced(Exception):
    """Somebody else moved the row first; `now` is what it is."""

    def __init__(self, now: Row | None) -> None:
        super().__init__("the row has moved on")
        self.now = now


class Ledger:
    """One table: a row per window, and a head per export."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client, self._table = client, table

    def get(self, export: str, window: Window) -> Row | None:
        """The row as it is now, read consistently."""
        item = self._read(export, window.sk)
        return items.row(item) if item else None

    def head(self, export: str) -> Head:
        """The head as it is now; an empty one before the first tick."""
        item = self._read(export, items.HEAD)
        return items.head(item) if item else Head(export)

    def add(self, rows: Iterable[Row]) -> list[Row]:
        """Make rows that are not there yet; those that were made."""
        return [row for row in rows if self._add(row)]

    def due(self, export: str, until: datetime) -> list[Row]:
        """Rows whose `due_at` is at or before `until`, by the index: candidates, for it may lag behind."""
        return [items.row(item) for item in self._due(export, until)]

    def apply(self, old: Row, new: Row) -> Row:
        """Write a move. Raises Raced when the row is not `old` any more."""
        before, after = items.flat(old), items.flat(new)
        changed = {name: after[name] for name in after if after[name] != before[name] or _emptied(name, new)}
        names, values, text = _update(changed)
        mark = uuid4().hex
        values |= {":v": items.wire(old.version), ":s": items.wire(str(old.state)), ":k": items.wire(old.run)}
        condition = "#version = :v AND #state = :s AND #run = :k"
        names |= {"#version": "version", "#state": "state", "#run": "run"}
        try:
            self._mark(old, text, condition, names, values, mark)
        except ClientError as error:
            winner = _winner(error)
            if _attribute(error, "mark") != mark:  # else the winner is this very write, whose answer was lost
                raise Raced(winner) from None
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
        """Note that a callback came for the attempt of that tag; None when there is nothing to wake (any more)."""
        asking = [f":{state}" for state in (Work.ASKING, Work.ASKED)]
        condition = f"#tag = :tag AND #state IN ({', '.join(asking)}) AND #wakes < :most"
        names = {"#tag": "tag", "#state": "state", "#wakes": "wakes", "#heard_at": "heard_at"}
        values = {":tag": items.wire(tag), ":most": items.wire(WAKES), ":one": items.wire(1)}
        values |= {name: items.wire(name[1:]) for name in asking} | {":now": items.wire(now.isoformat())}
        text = "SET #heard_at = :now, #wakes = #wakes + :one"
        return self._note(export, window, text, condition, names, values)

    def listen(self, row: Row, token: str) -> Row | None:
        """Store the token of the waiting execution of `row`'s run; None when that run is over."""
        condition = "#state = :asked AND #run = :run AND #tag = :tag"
        names = {"#state": "state", "#run": "run", "#tag": "tag", "#token": "token"}
        values = {
            ":asked": items.wire(str(Work.ASKED)),
            ":run": items.wire(row.run),
            ":tag": items.wire(row.tag),
            ":token": items.wire(token),
        }
        return self._note(row.export, row.window, "SET #token = :token", condition, names, values)

    def take(self, export: str, lease: str, now: datetime, until: datetime) -> Head | None:
        """Take the export's tick lease; None when another tick has it, which is then told to look again."""
        names = {"#until": "lease_until", "#lease": "lease"}
        values = {
            ":now": items.wire(now.isoformat()),
            ":until": items.wire(until.isoformat()),
            ":lease": items.wire(lease),
        }
        free = "attribute_not_exists(#lease) OR #until <= :now"
        for _ in range(2):
            try:
                self._write(export, items.HEAD, "SET #lease = :lease, #until = :until", free, names, values)
            except ClientError as error:
                _winner(error)
                if _attribute(error, "lease") != lease:
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
            _winner(error)
            return False
        return True

    def save(self, head: Head, **changes: Any) -> Head:
        """Write facts of the head, under its lease. Raises Raced when the lease has gone to another tick."""
        new = replace(head, **changes)
        names, values, text = _update({name: items.flat(new)[name] for name in changes})
        values[":held"] = items.wire(head.lease)
        try:
            self._write(head.export, items.HEAD, text, "#held = :held", {**names, "#held": "lease"}, values)
        except ClientError as error:
            _winner(error)
            raise Raced(None) from None
        return new

    def block(self, export: str, reason: str, until: datetime) -> None:
        """Say on the head why the vendor is not asked before `until`; the copier says it without a lease."""
        values = {":blocked": items.wire(reason), ":until": items.wire(until.isoformat())}
        names = {"#blocked": "blocked", "#until": "next_try"}
        self._write(export, items.HEAD, "SET #blocked = :blocked, #until = :until", "", names, values)

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
            _winner(error)
            return False
        return True

    def drop(self, export: str, lease: str) -> None:
        """Give the lease back whatever happened; nothing when it is not held any more."""
        names, values = {"#lease": "lease", "#until": "lease_until"}, {":held": items.wire(lease)}
        try:
            self._write(export, items.HEAD, "REMOVE #lease, #until", "#lease = :held", names, values)
        except ClientError as error:
            _winner(error)

    def _read(self, export: str, sk: str) -> dict[str, Any] | None:
        answer = self._client.get_item(TableName=self._table, Key=items.key(export, sk), ConsistentRead=True)
        return answer.get("Item")

    def _add(self, row: Row) -> bool:
        filled = {name: items.wire(value) for name, value in items.flat(row).items() if value is not None}
        try:
            self._client.put_item(
                TableName=self._table,
                Item={**items.key(row.export, row.window.sk), **filled},
                ConditionExpression="attribute_not_exists(sk)",
            )
        except ClientError as error:
            _winner(error)
            return False
        return True

    def _due(self, export: str, until: datetime) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="#e = :e AND #d <= :d",
            ExpressionAttributeNames={"#e": "export", "#d": "due_at"},
            ExpressionAttributeValues={":e": items.wire(export), ":d": items.wire(int(until.timestamp()))},
        )
        for page in pages:
            yield from page["Items"]

    def _note(
        self, export: str, window: Window, text: str, condition: str, names: dict[str, str], values: dict[str, Any]
    ) -> Row | None:
        try:
            return items.row(self._write(export, window.sk, text, condition, names, values))
        except ClientError as error:
            _winner(error)
            return None

    def _write(
        self, export: str, sk: str, text: str, condition: str, names: dict[str, str], values: dict[str, Any]
    ) -> dict[str, Any]:
        how: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
        answer = self._client.update_item(
            TableName=self._table,
            Key=items.key(export, sk),
            UpdateExpression=text,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **how,
        )
        return dict(answer["Attributes"])


def _emptied(name: str, new: Row) -> bool:
    """A new attempt starts without the notes, also those that came after `old` was read."""
    return name in NOTES and new.tag is None


def _update(changed: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any], str]:
    """The names, values and text of an update that sets what is there and removes what is None."""
    kept = {name: value for name, value in changed.items() if value is not None}
    gone = [name for name in changed if name not in kept]
    text = f"SET {', '.join(f'#{name} = :{name}' for name in kept)}" if kept else ""
    text += f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else ""
    return {f"#{name}": name for name in changed}, {f":{name}": items.wire(v) for name, v in kept.items()}, text.strip()


def _attribute(error: ClientError, name: str) -> str | None:
    """One text of the item that a failed condition tells of."""
    item: Any = error.response.get("Item")
    return item[name]["S"] if item and name in item else None


def _winner(error: ClientError) -> Row | None:
    """Who won the race that a failed condition tells of; any other error goes on its way."""
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
    item: Any = error.response.get("Item")
    return items.row(item) if item and item["sk"]["S"] != items.HEAD else None
