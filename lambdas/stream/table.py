"""A block of a vendor's rows to a block of `calls_all`: columns by name, and a home for every value."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.core.columns import COLUMNS
from lambdas.core.facts import Facts
from lambdas.core.mapping import TEXT, TIME, WORD, Columns, Party, plain
from lambdas.core.windows import Window
from lambdas.stream import parse
from lambdas.stream.identity import Identity
from lambdas.stream.leftover import MAP, leftover
from lambdas.stream.numbering import Numbers, numbering
from lambdas.stream.place import Placer, count, true
from lambdas.stream.privacy import Privacy

ARROW = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "bigint": pa.int64(),
    "smallint": pa.int16(),
    "double": pa.float64(),
    "timestamp": parse.STAMP,
    "decimal(18,8)": parse.DECIMAL,
    "map<string,string>": MAP,
}
SCHEMA = pa.schema([pa.field(column.name, ARROW[column.athena]) for column in COLUMNS])
TIMES = ("started_at", "answered_at", "ended_at")
CODES = (("q850_cause", 1, 127), ("sip_code", 200, 699))  # one heading for two kinds of code (shared/design.md)
LARGEST = pa.scalar(Decimal(10**10), pa.decimal128(18, 0))  # what a column of money does not hold
WIDEST_ZONE = 14 * 3600 * 10**6  # microseconds from UTC


@dataclass
class Block:
    """One block of rows on its way: the texts by heading, where some are left without a home, the columns so far."""

    texts: dict[str, Any]
    rows: int
    left: dict[str, Any] = field(default_factory=dict)  # None: none
    columns: dict[str, Any] = field(default_factory=dict)

    def take(self, heading: str, left: Any) -> None:
        """A heading's texts have a home, but for those that `left` marks; a second home may take these."""
        if heading in self.left:
            before = self.left[heading]
            left = None if left is None or before is None else pc.and_(left, before)
        self.left[heading] = left

    def column(self, name: str) -> Any:
        """A column, all null where the file has none."""
        found = self.columns.get(name)
        return pa.nulls(self.rows, SCHEMA.field(name).type) if found is None else found


class Typer:
    """Types the blocks of one file; `unparsed` counts values by heading, `assumed` are times read as UTC unsaid."""

    def __init__(
        self, columns: Columns, facts: Facts, window: Window, headings: list[str], currency: str | None,
        identity: Identity, privacy: Privacy,
    ) -> None:  # fmt: skip
        self.columns, self._window, self._identity, self._privacy = columns, window, identity, privacy
        self._currency = currency or columns.currency
        self._headings, self._names = headings, {plain(heading): heading for heading in reversed(headings)}
        self.placer = Placer(facts, window)
        self._fields = [(name, one.kind, self._there(one.headings)) for name, one in columns.fields.items()]
        self._known = {h for *_, there in self._fields for h in there} | {*self._there((columns.cause_code or "",))}
        # Whose zone is said by the heading itself, or does not matter, for another heading comes first.
        self._said = {h for *_, there in self._fields for h in there if plain(h).endswith("utc") or h != there[0]}
        self._known -= {*self._there(columns.zoned[1:])}  # another zone's start is in `extra`, and parses
        self.unparsed: dict[str, int] = {}
        self.assumed = set[str]()
        self._bare = set[str]()  # of the block at hand

    def block(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch, all texts, in the schema of `calls_all`; less the rows whose identity came before."""
        self._bare.clear()
        block = Block(dict(zip(self._headings, batch.columns, strict=True)), batch.num_rows)
        for name, kind, headings in self._fields:
            if headings:
                self._fill(block, name, kind, headings)
        self._shift(block)
        self.assumed |= self._bare
        self._party(block, "from", self.columns.caller)
        self._party(block, "to", self.columns.callee)
        self._cause(block)
        self._derive(block)
        self._countries(block)
        block.columns["in_window"], block.columns["boundary"] = self.placer.place([block.column(n) for n in TIMES])
        block.columns["extra"] = self._extra(block)
        return self._named(block, batch)

    def times(self, batch: pa.RecordBatch) -> list[Any]:
        """The three times of each row as `block` has them: for whoever sorts rows into windows."""
        block = Block(dict(zip(self._headings, batch.columns, strict=True)), batch.num_rows)
        for name, kind, headings in self._fields:
            if kind == TIME and headings:
                self._fill(block, name, kind, headings)
        self._shift(block)
        return [block.column(name) for name in TIMES]

    def _there(self, headings: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self._names[one] for one in headings if one in self._names)

    def _fill(self, block: Block, name: str, kind: str, headings: tuple[str, ...]) -> None:
        """The first filled of the headings wins; what the others say otherwise is left."""
        values = {heading: self._value(block.texts[heading], name, kind, heading) for heading in headings}
        kept = block.columns[name] = pc.coalesce(*values.values()) if len(values) > 1 else values[headings[0]]
        for heading, value in values.items():
            text = block.texts[heading]
            if kept is value or text.null_count == block.rows:
                lost = value.null_count > text.null_count
                block.take(heading, pc.and_(pc.is_valid(text), pc.is_null(value)) if lost else None)
            else:
                left = pc.and_(pc.is_valid(text), pc.invert(true(pc.equal(value, kept))))
                block.take(heading, left if pc.any(left).as_py() else None)

    def _value(self, text: Any, name: str, kind: str, heading: str) -> Any:
        if kind == TEXT:
            return text
        if kind == WORD:
            return parse.words(text, self.columns.words[name])
        if kind == TIME:
            found, bare = parse.time(text)
            if bare and heading not in self._said:
                self._bare.add(name)
            return found
        found = parse.READERS[kind](text)
        return _between(found, 0, 999) if SCHEMA.field(name).type == pa.int16() else found

    def _shift(self, block: Block) -> None:
        """Where a vendor gives the start in UTC and in another zone, the difference shifts the times of that zone."""
        pair = self._there(self.columns.zoned)
        if len(pair) < len(self.columns.zoned) or not pair:
            return
        utc, local = (parse.time(block.texts[heading])[0] for heading in pair)
        gap = pc.subtract(utc, local).cast(pa.int64())
        fits = true(pc.less_equal(pc.abs(gap), WIDEST_ZONE))
        gap = pc.if_else(fits, gap, 0).cast(pa.duration("us"))
        for name, kind, headings in self._fields:
            if kind == TIME and name in self.columns.shifted and headings:
                there = self._zoneless(block, headings)
                value = block.columns[name]
                block.columns[name] = pc.if_else(there, pc.add(value, gap), value)
                if not pc.any(pc.and_not(there, fits)).as_py():
                    self._bare.discard(name)

    def _zoneless(self, block: Block, headings: tuple[str, ...]) -> Any:
        """Which rows have a column's time from a heading, and in a form, that say nothing of UTC."""
        found, open_ = pa.repeat(False, block.rows), pa.repeat(True, block.rows)
        for heading in headings:
            text = block.texts[heading]
            if not plain(heading).endswith("utc"):
                found = pc.or_(found, pc.and_(open_, true(pc.match_substring_regex(text, parse.BARE))))
            open_ = pc.and_(open_, pc.is_null(text))
        return found

    def _party(self, block: Block, end: str, party: Party) -> None:
        """The number is the first valid one, raw the last filled; a text that is neither is left."""
        headings = self._there(party.headings)
        texts = [block.texts[heading] for heading in headings]
        if not texts:
            return
        number, raw = numbering().read(texts[0], bare=party.bare), texts[-1]
        if not all(raw.equals(other) for other in texts):
            raw = pc.coalesce(*reversed(texts))
        picked = pc.is_valid(number.number)
        for heading, text in zip(headings, texts, strict=True):
            if text is not texts[0] and not text.equals(texts[0]):
                number, picked = _filled(number, text, bare=party.bare)
            left = pc.and_not(pc.is_valid(text), pc.or_(picked, true(pc.equal(text, raw))))
            block.take(heading, left if pc.any(left).as_py() else None)
        block.columns |= {f"{end}_number": number.number, f"{end}_raw": raw, f"{end}_country": number.country}
        if end == "to":
            block.columns["toll_free"] = number.toll_free

    def _cause(self, block: Block) -> None:
        for heading in self._there((self.columns.cause_code or "",)):
            code = parse.whole(block.texts[heading])
            kinds = {name: _between(code, low, high) for name, low, high in CODES}
            block.columns |= kinds
            nowhere = reduce(pc.and_, (pc.is_null(fits) for fits in kinds.values()))
            left = pc.and_(pc.is_valid(block.texts[heading]), nowhere)
            block.take(heading, left if pc.any(left).as_py() else None)

    def _derive(self, block: Block) -> None:
        result = block.column("result")
        if self.columns.answered == "time":
            answered = pc.is_valid(block.column("answered_at"))
            result = pc.if_else(answered, "answered", result)
        else:
            said = true(pc.equal(result, "answered"))
            answered = pc.and_(said, true(pc.equal(block.column("sip_code"), 200)))
            result = pc.if_else(pc.and_not(said, answered), "unknown", result)
        block.columns |= {"answered": answered, "result": pc.fill_null(result, "unknown")}
        told = self.columns.by_source.get(self._window.source, {})
        block.columns |= {name: pa.repeat(value, block.rows) for name, value in told.items()}
        block.columns["source"] = pa.repeat(self._window.source, block.rows)
        if self._currency is not None:
            block.columns["currency"] = pa.repeat(self._currency, block.rows)
        fees = [block.columns[name] for name in self.columns.fees if name in block.columns]
        if fees and len(fees) == len(self.columns.fees):
            whole = reduce(pc.add, fees)
            fits = pc.less(pc.abs(whole), LARGEST)
            block.columns["fees"] = pc.if_else(fits, whole, pa.scalar(None, whole.type)).cast(parse.DECIMAL)

    def _countries(self, block: Block) -> None:
        known = pc.or_(pc.is_valid(block.column("from_country")), pc.is_valid(block.column("to_country")))
        block.columns["country_from"] = pc.if_else(known, "number", pa.scalar(None, pa.string()))

    def _extra(self, block: Block) -> Any:
        """What has no column, and what did not parse or was outvoted, under its own heading."""
        entries = []
        for heading, text in block.texts.items():
            left = block.left[heading] if heading in block.left else pc.is_valid(text)
            some = 0 if left is None else count(left)
            if some and heading in self._known:
                self.unparsed[heading] = self.unparsed.get(heading, 0) + some
            if some:
                entries.append((heading, text, None if some == block.rows else left))
        return leftover(entries, block.rows)

    def _named(self, block: Block, texts: pa.RecordBatch) -> pa.RecordBatch:
        """The finished batch: veiled, then named, so that a name tells nothing that is veiled."""
        columns = [block.column(one.name) for one in SCHEMA]
        columns = [c if c.type == one.type else c.cast(one.type) for c, one in zip(columns, SCHEMA, strict=True)]
        batch = self._privacy.apply(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
        own = batch if not self._privacy.keeps else None
        return self._identity.complete(batch, texts, own)


def _filled(numbers: Numbers, texts: Any, *, bare: bool) -> tuple[Numbers, Any]:
    """With these texts' numbers where there are none yet, and where that is."""
    missing = pc.and_(pc.is_null(numbers.number), pc.is_valid(texts))
    if not pc.any(missing).as_py():
        return numbers, missing
    own = numbering().read(texts.filter(missing), bare=bare)
    pairs = ((getattr(numbers, name), getattr(own, name)) for name in ("number", "country", "toll_free"))
    filled = Numbers(*(pc.replace_with_mask(before, missing, new) for before, new in pairs))
    return filled, pc.and_(missing, pc.is_valid(filled.number))


def _between(code: Any, low: int, high: int) -> Any:
    ends = pc.min_max(code).as_py()
    if ends["min"] is None or (low <= ends["min"] and ends["max"] <= high):
        return code
    if ends["max"] < low or high < ends["min"]:
        return pa.nulls(len(code), pa.int64())
    fits = pc.and_(pc.greater_equal(code, low), pc.less_equal(code, high))
    return pc.if_else(fits, code, pa.scalar(None, pa.int64()))
