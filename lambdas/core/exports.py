"""exports.toml as typed values: every mistake is found, named with its line, export and field, all at once."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lambdas.core import fields
from lambdas.core.facts import Facts
from lambdas.core.windows import DAY, midnight

LARGEST = 1 << 20  # characters of the file: thousands of exports
LONGEST = 1000  # characters of a mistake


@dataclass(frozen=True)
class Export:
    """One `[[export]]` table, complete with its defaults."""

    name: str
    vendor: str
    start: date | int  # a date, or how many days before the first tick
    state: str
    api: str
    window: int  # seconds
    schedule: str
    tick: timedelta
    settle: timedelta
    reexport: tuple[timedelta, ...]
    max_in_flight: int
    secret: str | None
    secret_arn: str | None
    base_url: str
    prefix: str | None
    download_from: tuple[str, ...]
    numbers: str  # keep, mask or pseudonym
    raw: bool  # whether the vendor's file is kept as it came
    discard: bool
    currency: str | None
    sources: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def secret_id(self) -> str:
        """What Secrets Manager is asked for."""
        return self.secret_arn or self.secret or ""

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that change when what is asked of the vendor changes."""
        asked = [self.vendor, self.api, self.base_url, sorted(self.sources), dict(self.options)]
        text = json.dumps(asked, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def first(self, now: datetime) -> datetime:
        """The UTC midnight that the export begins with, `-7d` being counted from `now`."""
        if isinstance(self.start, int):
            return midnight(now - self.start * DAY)
        return datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)


@dataclass(frozen=True)
class Exports:
    """All exports of the file, in its order, and what is legal but deserves a word."""

    exports: tuple[Export, ...]
    warnings: tuple[str, ...] = ()

    @property
    def pseudonyms(self) -> bool:
        """Whether any of them needs the key of pseudonyms."""
        return any(export.numbers == "pseudonym" for export in self.exports)

    @property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """What each export asks for."""
        return {export.name: export.sources for export in self.exports}

    @property
    def digest(self) -> str:
        """Sixteen hex digits that change when any field of any export does, and with no comment."""
        return hashlib.sha256(repr(self.exports).encode()).hexdigest()[:16]

    def beside(self, export: Export) -> tuple[Export, ...]:
        """The other exports that draw on the same account: those with the same secret."""
        return tuple(one for one in self.exports if one.secret_id == export.secret_id and one.name != export.name)

    def get(self, name: str) -> Export:
        """The export of that name; KeyError when the file has none."""
        for export in self.exports:
            if export.name == name:
                return export
        raise KeyError(name)


class Mistakes(Exception):
    """What is wrong with the file, one line each."""

    def __init__(self, mistakes: list[str]) -> None:
        # What stands in the file may stand in them: neither a terminal's commands nor megabytes do.
        self.mistakes = ["".join(c if c.isprintable() else "?" for c in one[:LONGEST]) for one in mistakes]
        super().__init__("\n".join(self.mistakes))


def pseudonym_secret(stage: str) -> str:
    """The name of the key under which a stage's pseudonyms are made."""
    return f"cdr/{stage}/pseudonym"


def parse(text: str, stage: str, vendors: Mapping[str, Facts], *, near: bool = True) -> Exports:
    """Read the text of exports.toml; `stage` names the secrets, `vendors` are the adapters' facts.

    `near`: a vendor may be played on this machine, as it never is where the stack is deployed to AWS.
    Raises Mistakes with every mistake of the file.
    """
    tables = _tables(text)
    found = _shape(tables)
    entries = tables.get("export")
    readers = [
        fields.Reader(entry, number, text, near=near)
        for number, entry in enumerate(entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    ]
    exports = [_export(reader, stage, vendors) for reader in readers]
    found += [mistake for reader in readers for mistake in reader.mistakes]
    found += _twice(readers)
    if found:
        raise Mistakes(found)
    good = tuple(export for export in exports if export)
    return Exports(good, (*_shared(good), *_forgotten(good)))


def _tables(text: str) -> dict[str, Any]:
    if len(text) > LARGEST:
        raise Mistakes([f"too large: {len(text)} characters, where {LARGEST} hold thousands of exports"])
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise Mistakes(["not TOML: nested too deeply"]) from error
    except ValueError as error:  # also of an integer of thousands of digits
        raise Mistakes([f"not TOML: {error}"]) from error


def _shape(tables: Mapping[str, Any]) -> list[str]:
    wrong = [f"`{key}`: not known; the file holds [[export]] tables" for key in tables if key != "export"]
    entries = tables.get("export")
    if not isinstance(entries, list) or not entries or not all(isinstance(e, dict) for e in entries):
        wrong.append("no [[export]] table: write one for each account, as docs/settings.md shows")
    return wrong


def _twice(readers: list[fields.Reader]) -> list[str]:
    seen: set[str] = set()
    wrong = []
    for reader in readers:
        if reader.label in seen:
            wrong.append(reader.say("name", "used twice; a name is never used again, retire the old export"))
        seen.add(reader.label)
    return wrong


def _shared(exports: tuple[Export, ...]) -> list[str]:
    """Exports of one account whose calls may overlap, so that sums over `export` would double."""
    said, seen = [], dict[str, str]()
    for export in exports:
        other = seen.setdefault(export.secret_id, export.name)
        if other != export.name:
            said.append(f"{export.name} and {other} share a secret: where their filters overlap, sums double")
    return said


def _forgotten(exports: tuple[Export, ...]) -> list[str]:
    """Exports after which nobody has the calls as they came."""
    return [
        f"{one.name}: discard without raw: once a report is copied, nobody has it as it came"
        for one in exports
        if one.discard and not one.raw
    ]


def _export(reader: fields.Reader, stage: str, vendors: Mapping[str, Facts]) -> Export | None:
    name = reader.name()
    general = _general(reader, stage, name)  # whatever the vendor: an unknown one hides no other mistake
    facts = vendors.get(reader.word("vendor", sorted(vendors)) or "")
    if facts is None:
        return None
    api = reader.word("api", list(facts.apis), next(iter(facts.apis)))
    if api is None:
        return None
    before = len(reader.mistakes)
    options = reader.options(facts, api)
    asked = options if len(reader.mistakes) == before else {}
    export = Export(
        name=name,
        vendor=facts.name,
        api=api,
        window=reader.window(facts),
        reexport=reader.ages(facts),
        base_url=reader.url("base_url", facts.apis[api]),
        prefix=reader.prefix(facts, api),
        download_from=reader.origins(facts),
        sources=facts.sources(asked, api),
        options=options,
        discard=reader.discard(facts),
        **general,
    )
    reader.unknown()
    reader.load(len(export.sources), export.window, len(export.reexport), export.max_in_flight, export.tick)
    return export


def _general(reader: fields.Reader, stage: str, name: str) -> dict[str, Any]:
    """The fields that mean the same at every vendor."""
    arn, (schedule, tick) = reader.arn(), reader.schedule()
    numbers = reader.word("numbers", ["keep", "mask", "pseudonym"], "keep") or ""
    return {
        "start": reader.start(),
        "state": reader.word("state", ["active", "paused", "retired"], "active") or "",
        "schedule": schedule,
        "tick": tick,
        "settle": reader.span("settle", "2h"),
        "max_in_flight": reader.count("max_in_flight", 4, 1, 50),
        "secret": None if arn else reader.secret(f"cdr/{stage}/{name}", pseudonym_secret(stage)),
        "secret_arn": arn,
        "numbers": numbers,
        "raw": reader.flag("raw", default=numbers == "keep"),
        "currency": reader.currency(),
    }
