"""The sweep of a world: what must not leak is looked for in everything but the data zones."""

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from lambdas.core import keys, tags
from tests.marks import Marks, flat, unpacked

DATA = (keys.RAW, keys.CALLS)
KEPT = re.compile(rf"{keys.QUARANTINE}.*\.(rejects\.json|csv\.gz)")
PARTIES = ["from_number", "to_number", "from_raw", "to_raw"]
# The exact request: a filter in it may hold a number that the operator wrote, and an answer must be asked for again.
ASKED = ("fields", "asked")
TOKEN = 12  # characters; AWS's have hundreds
MOST = 60  # objects that numbers are read of


class Place(NamedTuple):
    """Somewhere, and what stands there."""

    name: str
    said: str | bytes
    numbers: bool = True  # whether no phone number may stand there
    kinds: bool = True  # whether a link of anybody's is one too many


class Stored(NamedTuple):
    """One version of an object."""

    key: str
    data: bytes
    told: str  # metadata, tags, headers

    @property
    def zone(self) -> bool:
        """Whether it is data."""
        return self.key.startswith(DATA) or bool(KEPT.fullmatch(self.key))


def rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each item of each table."""
    for name, table in dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables.items():
        for item in table.all_items():
            yield name, item.to_json()["Attributes"]


def stored() -> Iterator[Stored]:
    """Each version of each object."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for bucket in backend.buckets.values():
        for key, versions in bucket.keys.lists():
            for one in versions:
                if hasattr(one, "value"):  # else a delete marker
                    labels = backend.tagger.get_tag_dict_for_resource(one.arn)
                    told = {"metadata": dict(one.metadata), "headers": one.response_dict, "tags": labels}
                    yield Stored(key, one.value, flat(told))


def secrets() -> Iterator[tuple[str, list[str]]]:
    """The name of each secret, and every value that it has had."""
    for one in secretsmanager_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].secrets.values():
        yield one.name, [version.get("secret_string") or "" for version in (one.versions or {}).values()]


def numbers(objects: list[Stored]) -> Iterator[str]:
    """Those of the calls that were copied, and those of the files as they came."""
    calls = [one for one in objects if one.key.startswith(keys.CALLS)]
    for one in calls[:MOST]:
        table = pq.read_table(io.BytesIO(one.data), columns=PARTIES)
        for column in table.columns:
            yield from (text for text in column.to_pylist() if text and sum(map(str.isdigit, text)) >= 10)
    for one in [one for one in objects if one.zone and not one.key.startswith(keys.CALLS)][:MOST]:
        yield from re.findall(r"\+[0-9]{10,15}", unpacked(one.data))


def marks(world: Any, objects: list[Stored]) -> Marks:
    """What must not leak of a world: its secrets, its capabilities, its tokens, its callers and callees."""
    made = Marks(dict(world.known.words), set(world.known.numbers))
    for name, values in secrets():
        for value in values:
            made.secret(name, value)
    for one in numbers(objects):
        made.number(one)
    told = [flat([item for _, item in rows()]), *(one.told for one in objects)]
    for tag in {found[0] for text in told for found in tags.SHAPE.finditer(text)}:
        made.word("a capability", world.capability(tag))
    for token in world.executions.woken:
        if len(token) >= TOKEN:  # shorter ones are tests' own words
            made.word("a task token", token)
    return made


def places(world: Any, objects: list[Stored]) -> Iterator[Place]:
    """Everything but the data zones."""
    yield Place("emitted", world.emitted.text)
    for name, item in rows():
        yield Place(f"table {name}", flat(item), numbers=False)
        yield Place(f"table {name}, less the request", flat(without(item, ASKED)))
    for name, told in world.executions.started:
        yield Place("an execution's name", name)
        yield Place("an execution's input", flat(told))
    for name, _ in secrets():
        yield Place("a secret's name", name)
    for one in objects:
        yield Place("an object's key", one.key)
        yield Place(f"what is told of {one.key}", one.told)
        if not one.zone:
            yield Place(one.key, one.data)


def without(value: Any, names: tuple[str, ...]) -> Any:
    """Less these fields, at any depth."""
    if isinstance(value, Mapping):
        return {key: without(one, names) for key, one in value.items() if key not in names}
    return [without(one, names) for one in value] if isinstance(value, list) else value


def leaks(world: Any) -> Iterator[Any]:
    """What of the world's secrets stands where it must not."""
    objects = list(stored())
    known = marks(world, objects)
    for place in places(world, objects):
        yield from known.found(place.name, place.said, numbers=place.numbers)
