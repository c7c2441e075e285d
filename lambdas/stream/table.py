"""A block of a vendor's rows to a block of `calls_all`: columns by name, and a home for every value."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.core.columns import COLUMNS
from lambdas.core.facts import Facts
from lambdas.core.mapping import Columns, Party, plain
from lambdas.core.windows import Window
from lambdas.stream import parse
from lambdas.stream.identity import Identity

ARROW = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "bigint": pa.int64(),
    "smallint": pa.int16(),
    "double": pa.float64(),
    "timestamp": parse.STAMP,
    "decimal(18,8)": parse.DECIMAL,
    "map<string,string>": pa.map_(pa.string(), pa.string()),
}
SCHEMA = pa.schema([pa.field(column.name, ARROW[column.athena]) for column in COLUMNS])
TIMES = ("started_at", "answered_at", "ended_at")


@dataclass
class Block:
    """One block of rows on its way: the texts by heading, which of them have a home, the columns so far."""

    texts: dict[str, Any]
    rows: int
    homed: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)

    def take(self, heading: str, value: Any, kept: Any) -> None:
        """A heading's values, where `kept` holds them, need no place in `extra`."""
        same = pc.fill_null(pc.equal(value, kept), False)
        self.homed[heading] = pc.or_(self.homed[heading], same) if heading in self.homed else same


class Typer:
    """Types the blocks of one report."""

    def __init__(
        self, columns: Columns, facts: Facts, window: Window, headings: list[str], currency: str | None
    ) -> None:
        self._columns, self._facts, self._window = columns, facts, window
        self._currency = currency or columns.currency
        self._names = {plain(heading): heading for heading in reversed(headings)}
        self._identity = Identity()
        self.unparsed: dict[str, int] = {}

    def block(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch, all texts, in the schema of `calls_all`."""
        block = Block({h: parse.texts(batch.column(h)) for h in batch.schema.names}, batch.num_rows)
        for name, source in self._columns.fields.items():
            self._fill(block, name, source.kind, source.headings)
        self._party(block, "from", self._columns.caller)
        self._party(block, "to", self._columns.callee)
        self._cause(block)
        self._derive(block)
        self._place(block)
        block.columns["row_id"] = self._identity.complete(block.columns.get("row_id"), batch)
        block.columns["extra"] = self._extra(block)
        arrays = [self._column(block, f) for f in SCHEMA]
        return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)

    def _fill(self, block: Block, name: str, kind: str, headings: tuple[str, ...]) -> None:
        """The first filled of the headings wins."""
        read = parse.READERS.get(kind) or (lambda column: parse.words(column, self._columns.words[name]))
        values = {h: read(block.texts[h]) for h in map(self._names.get, headings) if h}
        if values and SCHEMA.field(name).type == pa.int16():
            values = {h: _between(value, 0, 999) for h, value in values.items()}
        if values:
            kept = pc.coalesce(*values.values())
            block.columns[name] = kept
            for heading, value in values.items():
                block.take(heading, value, kept)

    def _party(self, block: Block, end: str, party: Party) -> None:
        found = {h: block.texts[h] for h in map(self._names.get, party.headings) if h}
        if not found:
            return
        numbers = {h: parse.number(text, bare=party.bare) for h, text in found.items()}
        number, raw = pc.coalesce(*numbers.values()), pc.coalesce(*reversed(found.values()))
        block.columns |= {f"{end}_number": number, f"{end}_raw": raw}
        for heading, text in found.items():
            block.take(heading, text, raw)
            block.take(heading, numbers[heading], number)

    def _cause(self, block: Block) -> None:
        """One heading for two kinds of code: up to 127 it is Q.850, from 200 it is SIP (shared/design.md)."""
        heading = self._names.get(self._columns.cause_code or "")
        if heading is None:
            return
        code = parse.whole(block.texts[heading])
        for name, low, high in (("q850_cause", 1, 127), ("sip_code", 200, 699)):
            fits = _between(code, low, high)
            block.columns[name] = fits
            block.take(heading, code, fits)

    def _derive(self, block: Block) -> None:
        result = block.columns.get("result", _nulls(block.rows, pa.string()))
        if self._columns.answered == "time":
            answered = pc.is_valid(block.columns.get("answered_at", _nulls(block.rows, parse.STAMP)))
            result = pc.if_else(answered, "answered", result)
        else:
            code = block.columns.get("sip_code", _nulls(block.rows, pa.int64()))
            answered = pc.and_(_true(pc.equal(result, "answered")), _true(pc.equal(code, 200)))
            unsaid = pc.and_(_true(pc.equal(result, "answered")), pc.invert(answered))
            result = pc.if_else(unsaid, "unknown", result)
        block.columns |= {"answered": answered, "result": pc.fill_null(result, "unknown")}
        told = self._columns.by_source.get(self._window.source, {})
        block.columns |= {name: pa.repeat(value, block.rows) for name, value in told.items()}
        fees = [block.columns[name] for name in self._columns.fees if name in block.columns]
        if fees and len(fees) == len(self._columns.fees):
            block.columns["fees"] = reduce(pc.add, fees).cast(parse.DECIMAL)

    def _place(self, block: Block) -> None:
        """Where the row stands towards its window.

        `boundary`: a neighbouring window may hold it too. Where the vendor selects by a call's start, that takes a
        time on the edge. Where nobody knows the axis, the call may be selected by any time from its start to
        `record_lag` after its end, and the window's end may be inclusive: so whatever reaches an edge counts.
        """
        start, end = (_scalar(edge) for edge in (self._window.start, self._window.end))
        times = [block.columns.get(name, _nulls(block.rows, parse.STAMP)) for name in TIMES]
        inside = pc.and_(_true(pc.greater_equal(times[0], start)), _true(pc.less(times[0], end)))
        edges = [_true(pc.equal(one, edge)) for one in times for edge in (start, end)]
        late = pc.add(pc.coalesce(*reversed(times)), pa.scalar(self._facts.record_lag, pa.duration("us")))
        if self._facts.selects_by != "start":
            edges += [pc.invert(inside), pc.invert(_true(pc.less(late, end)))]
        block.columns |= {
            "source": pa.repeat(self._window.source, block.rows),
            "currency": _repeat(self._currency, block.rows),
            "in_window": inside,
            "boundary": reduce(pc.or_, edges),
        }

    def outside(self, batch: pa.RecordBatch) -> int:
        """How many rows have no time in the window, or none at all: these the vendor should not have sent."""
        start, end = (_scalar(edge) for edge in (self._window.start, self._window.end))
        lag = pa.scalar(self._facts.record_lag, pa.duration("us"))
        first, last = batch.column("started_at"), pc.coalesce(batch.column("ended_at"), batch.column("started_at"))
        after, before = pc.greater(first, end), pc.less(pc.add(last, lag), start)
        return int(pc.sum(reduce(pc.or_, (_true(after), _true(before), pc.is_null(first)))).as_py() or 0)

    def _extra(self, block: Block) -> Any:
        """What has no column, and what did not parse or was outvoted, under its own heading."""
        keys, items, filled = [], [], []
        known = {self._names.get(h) for f in self._columns.fields.values() for h in f.headings}
        known.add(self._names.get(self._columns.cause_code or ""))
        for heading, text in block.texts.items():
            left = pc.is_valid(text)
            if heading in block.homed:
                left = pc.and_(left, pc.invert(block.homed[heading]))
            count = int(pc.sum(left).as_py() or 0)
            if count and heading in known:
                self.unparsed[heading] = self.unparsed.get(heading, 0) + count
            if count:
                keys.append(heading)
                items.append(text)
                filled.append(left)
        return _maps(keys, items, filled, block.rows)

    def _column(self, block: Block, one: Any) -> Any:
        value = block.columns.get(one.name)
        return _nulls(block.rows, one.type) if value is None else value.cast(one.type)


def _maps(keys: list[str], items: list[Any], filled: list[Any], rows: int) -> Any:
    """A map column, row by row: each row's entries in the order of the headings."""
    if not keys:
        return _nulls(rows, ARROW["map<string,string>"])
    wide = len(keys)
    # Row-major: the entry of row i under heading j stands at i * wide + j.
    order = pa.array([j * rows + i for i in range(rows) for j in range(wide)], pa.int64())
    mask = pc.take(pa.concat_arrays([_flat(one) for one in filled]), order)
    values = pc.filter(pc.take(pa.concat_arrays([_flat(one) for one in items]), order), mask)
    names = pc.filter(pa.array(keys * rows, pa.string()), mask)
    per_row = reduce(pc.add, [one.cast(pa.int32()) for one in filled])
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), _flat(pc.cumulative_sum(per_row))])
    whole = pa.MapArray.from_arrays(offsets, names, values)
    return pc.if_else(pc.equal(_flat(per_row), 0), pa.scalar(None, whole.type), whole)


def _flat(one: Any) -> Any:
    return one.combine_chunks() if isinstance(one, pa.ChunkedArray) else one


def _between(code: Any, low: int, high: int) -> Any:
    fits = pc.and_(pc.greater_equal(code, low), pc.less_equal(code, high))
    return pc.if_else(fits, code, pa.scalar(None, pa.int64()))


def _true(mask: Any) -> Any:
    """A mask without nulls: what is unknown is not true."""
    return pc.fill_null(mask, False)


def _nulls(rows: int, kind: Any) -> Any:
    return pa.nulls(rows, kind)


def _repeat(text: str | None, rows: int) -> Any:
    return _nulls(rows, pa.string()) if text is None else pa.repeat(text, rows)


def _scalar(when: datetime) -> Any:
    return pa.scalar(when.replace(tzinfo=None), parse.STAMP)
