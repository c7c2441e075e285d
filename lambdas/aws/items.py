"""Rows and heads of the ledger to DynamoDB's items and back."""

from collections.abc import Mapping
from dataclasses import fields as names
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from lambdas.core.rows import Head, Published, Row, Span, Work
from lambdas.core.windows import Window, unstamp

Item = dict[str, Any]
TIMES = (
    "asked_at", "give_up_at", "stale_since", "heard_at", "looked_at", "later", "born", "ticked", "lease_until",
    "next_try", "slow_until",
)  # fmt: skip
EPOCHS = ("due_at", "opened")  # numbers, for they are sort keys of an index
KEYS = ("export", "window")
HEAD = "head"


def wire(value: Any) -> Any:
    """One of our values as DynamoDB's typed value."""
    return TypeSerializer().serialize(value)


def flat(row: Row | Head) -> Item:
    """The attributes of a row or head by name, without its key; None where there is nothing."""
    told = {field.name: _out(field.name, getattr(row, field.name)) for field in names(row) if field.name not in KEYS}
    if isinstance(row, Row):  # seldom there, so nothing where there is nothing: most items are just over 1 KB
        told |= {"aside": row.aside, "said": told["said"] or None, "anew": row.anew or None}
    return told


def key(export: str, sk: str) -> Item:
    """A primary key, typed."""
    return {"export": wire(export), "sk": wire(sk)}


def row(item: Mapping[str, Any]) -> Row:
    """A window's row from a typed item."""
    plain = _plain(item)
    published = plain.pop("published", None)
    return Row(
        window=window(plain.pop("sk")),
        state=Work(plain.pop("state")),
        published=_published(published) if published else None,
        spares=tuple(plain.pop("spares", ())),
        said=tuple(plain.pop("said", ())),
        **_known(Row, plain),
    )


def window(sk: str) -> Window:
    """The window of a sort key."""
    _, source, start, seconds = sk.split("#")
    return Window(unstamp(start), int(seconds), source)


def opened(item: Mapping[str, Any]) -> tuple[Window, datetime]:
    """A window that waits for its first copy, and since when, from an item of the index `open`."""
    return window(item["sk"]["S"]), datetime.fromtimestamp(int(item["opened"]["N"]), UTC)


def aside(item: Mapping[str, Any]) -> tuple[Window, str]:
    """A window that somebody has to look at, and its state's word, from an item of the index `aside`."""
    return window(item["sk"]["S"]), str(item["aside"]["S"])


def head(item: Mapping[str, Any]) -> Head:
    """An export's head from a typed item."""
    plain = _plain(item)
    spans = {
        source: Span(datetime.fromisoformat(one["since"]), datetime.fromisoformat(one["until"]), int(one["seconds"]))
        for source, one in plain.pop("spans", {}).items()
    }
    return Head(spans=spans, took=tuple(plain.pop("took", ())), **_known(Head, plain))


def _known(kind: type, plain: Item) -> Item:
    """What this version knows of an item: attributes of a newer one are left where they are."""
    wanted = {field.name for field in names(kind)}
    return {name: value for name, value in plain.items() if name in wanted}


def _plain(item: Mapping[str, Any]) -> Item:
    read = TypeDeserializer()
    plain = {name: _number(read.deserialize(value)) for name, value in item.items()}
    return {name: _time(name, value) for name, value in plain.items()}


def _time(name: str, value: Any) -> Any:
    if name in EPOCHS:
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(value) if name in TIMES else value


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _number(one) for name, one in value.items()}
    return [_number(one) for one in value] if isinstance(value, list) else value


def _published(one: Mapping[str, Any]) -> Published:
    when = datetime.fromisoformat(one["when"])
    told = _known(Published, dict(one))
    return Published(**{**told, "when": when, "raw": tuple(one["raw"]), "narrowed": tuple(one.get("narrowed", ()))})


def _out(name: str, value: Any) -> Any:
    match value:
        case datetime() if name in EPOCHS:
            return int(value.timestamp())
        case datetime():
            return value.isoformat()
        case StrEnum():
            return str(value)
        case Published() | Span():
            return {field.name: _out("", getattr(value, field.name)) for field in names(value)}
        case tuple() | list():
            return [_out("", one) for one in value]
        case float():
            return Decimal(str(value))
        case Mapping():
            return {word: _out("", one) for word, one in value.items()}
    return value
