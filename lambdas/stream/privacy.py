"""What becomes of phone numbers and addresses on their way into a copy: kept, masked or replaced by pseudonyms."""

import hashlib
from collections.abc import Callable, Collection
from functools import lru_cache, reduce
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.core.columns import COLUMNS
from lambdas.core.headings import told
from lambdas.core.mapping import TEXT, Columns, plain

KEEP, MASK, PSEUDONYM = "keep", "mask", "pseudonym"
PERSONAL = frozenset(column.name for column in COLUMNS if column.personal)
SHOWN, HIDDEN = 7, 4  # a masked number shows so many digits at most, and hides so many at least
WITHHELD = "withheld"
# Words for a caller who is nobody: they say no more than that, and stay.
NOBODY = ["", "anonymous", "blocked", "private", "restricted", "unavailable", "unknown", "withheld"]
BETWEEN = (" ", "-")  # what may stand between the digits of a number
E164 = r"^\+[1-9][0-9]{7,14}$"
BLOCK = 64  # bytes of a block of SHA-256
CACHED = 1 << 15  # different texts remembered from block to block, some 300 bytes each
Texts = Any  # a pyarrow string array; its stubs know no generic array that compute functions accept


class Privacy:
    """One report's way with what is personal; `private` are further headings, of those that have no column."""

    def __init__(self, mode: str, key: bytes | None, columns: Columns, *, private: Collection[str] = ()) -> None:
        if mode == PSEUDONYM and not key:
            raise ValueError("pseudonyms need a key")
        self._mode = mode
        self._personal = frozenset({*_personal(columns), *private})
        self._open = columns.known - self._personal - _typed(columns)
        self._name = _namer(key or b"")
        self._known = lru_cache(CACHED)(self._name)  # for what comes again from block to block
        self._network = lru_cache(CACHED)(_network)
        self.withheld: dict[str, int] = {}  # headings of `extra` to how many of their values were left out

    @property
    def keeps(self) -> bool:
        """Whether all stays as it came."""
        return self._mode == KEEP

    def number(self, numbers: Texts) -> Texts:
        """Numbers in E.164."""
        if self.keeps:
            return numbers
        return _masked(numbers) if self._mode == MASK else _each(numbers, self._known)

    def raw(self, texts: Texts) -> Texts:
        """Anything that a vendor wrote for somebody: a number, a short code, a SIP user, `anonymous`."""
        return self._raw(texts, None)

    def rejects(self, lines: list[str]) -> list[str]:
        """Rows that did not parse: nobody knows what stands where in them, so only their lengths are told."""
        return lines if self.keeps else [f"{WITHHELD}: {len(line)} characters" for line in lines]

    def apply(self, block: pa.RecordBatch) -> pa.RecordBatch:
        """A block in the schema of `calls_all`, with every column treated that is declared personal."""
        if self.keeps:
            return block
        arrays = [self._column(block, name) if name in PERSONAL else block.column(name) for name in block.schema.names]
        return pa.RecordBatch.from_arrays(arrays, schema=block.schema)

    def _column(self, block: pa.RecordBatch, name: str) -> Any:
        column, (end, _, kind) = block.column(name), name.partition("_")
        if column.null_count == len(column):
            return column
        if name == "extra":
            return self._extra(column)
        if name == "peer_ip":
            return self._address(column)
        if kind == "number":
            return self.number(column)
        return self._raw(column, block.column(f"{end}_number") if kind == "raw" else None)

    def _address(self, texts: Texts) -> Texts:
        """Masked to its network; the port is nobody's. The same address has one pseudonym, whatever its port."""
        return _each(texts, self._network if self._mode == MASK else lambda text: self._known(f"ip:{_host(text)}"))

    def _raw(self, texts: Texts, numbers: Texts | None) -> Texts:
        if self.keeps:
            return texts
        trimmed = pc.utf8_trim_whitespace(texts)
        nobody = pc.is_in(pc.utf8_lower(trimmed), pa.array(NOBODY))
        if self._mode == MASK:
            return pc.if_else(nobody, texts, _covered(trimmed))
        name = self._name if numbers is None else self._known
        return pc.if_else(nobody, texts, _each(_canonical(trimmed, numbers), name))

    def _extra(self, maps: Any) -> Any:
        """The entries of personal headings treated, those of unknown or misread ones withheld and counted."""
        offsets, keys, values = entries(maps)
        headings = keys.dictionary_encode()
        kinds = [plain(one) for one in headings.dictionary.to_pylist()]
        if self._open.issuperset(kinds):
            return maps
        personal = _marked(headings, [one in self._personal for one in kinds])
        kept = pc.or_(personal, _marked(headings, [one in self._open for one in kinds]))
        self._count(pc.filter(headings, pc.invert(kept)))
        values = pc.replace_with_mask(values, personal, self.raw(pc.filter(values, personal)))
        return narrowed(offsets, keys, values, kept)

    def _count(self, left: Any) -> None:
        for one in pc.value_counts(left).to_pylist():
            name = told(one["values"])
            self.withheld[name] = self.withheld.get(name, 0) + one["counts"]


def entries(maps: Any) -> tuple[Any, Texts, Texts]:
    """The offsets, keys and values of maps, those alone of a slice."""
    first, end = maps.offsets[0].as_py(), maps.offsets[-1].as_py()
    keys, values = (one.slice(first, end - first) for one in (maps.keys, maps.items))
    return pc.subtract(maps.offsets, first), keys, values


def narrowed(offsets: Any, keys: Texts, values: Texts, kept: Any) -> Any:
    """The maps of the entries that are kept; one of which nothing is left is null."""
    sums = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(kept.cast(pa.int32()))])
    offsets = pc.take(sums, offsets)
    made = pa.MapArray.from_arrays(offsets, pc.filter(keys, kept), pc.filter(values, kept))
    empty = pc.equal(offsets[1:], offsets[:-1])
    return pc.if_else(empty, pa.scalar(None, made.type), made)


def _personal(columns: Columns) -> set[str]:
    """The headings that feed personal columns."""
    fields = {heading for name in columns.fields.keys() & PERSONAL for heading in columns.fields[name].headings}
    return fields | {*columns.caller.headings, *columns.callee.headings}


def _typed(columns: Columns) -> set[str]:
    """The headings whose values are in `extra` only where they are not what they should be: they may be anything."""
    text = {heading for one in columns.fields.values() if one.kind == TEXT for heading in one.headings}
    other = {heading for one in columns.fields.values() for heading in one.headings}
    return (other | ({columns.cause_code} if columns.cause_code else set())) - text


def _masked(numbers: Texts) -> Texts:
    """Digits, the last of them as `X`: each number keeps its length."""
    sign = pc.if_else(pc.starts_with(numbers, "+"), "+", "")
    digits = pc.ascii_ltrim(numbers, "+")
    shown = pc.utf8_slice_codeunits(pc.utf8_slice_codeunits(digits, 0, -HIDDEN), 0, SHOWN)
    hidden = pc.subtract(pc.utf8_length(digits), pc.utf8_length(shown))
    return pc.binary_join_element_wise(sign, shown, pc.binary_repeat("X", hidden), "")


def _covered(texts: Texts) -> Texts:
    """A text that is a number masked, any other withheld."""
    digits = reduce(lambda found, one: pc.replace_substring(found, one, ""), BETWEEN, texts)
    number = pc.ascii_is_decimal(pc.ascii_ltrim(digits, "+"))
    return pc.if_else(number, _masked(pc.if_else(number, digits, "")), WITHHELD)


def _canonical(texts: Texts, numbers: Texts | None) -> Texts:
    """What a pseudonym is made from: the same number is the same text, however it is written in its row."""
    other = pc.binary_join_element_wise("raw:", texts, "")
    known = pc.if_else(pc.match_substring_regex(texts, E164), texts, other)
    if numbers is None:
        return known
    same = pc.equal(pc.ascii_ltrim(texts, "+"), pc.ascii_ltrim(numbers, "+"))
    return pc.if_else(pc.fill_null(same, False), numbers, known)


def _each(texts: Texts, of: Callable[[str], str]) -> Texts:
    """A function of each different text."""
    encoded = texts.dictionary_encode()
    return pc.take(pa.array(map(of, encoded.dictionary.to_pylist()), pa.string()), encoded.indices)


def _namer(key: bytes) -> Callable[[str], str]:
    """Pseudonyms under a key: HMAC-SHA256 (RFC 2104), written out because `hmac.digest` takes three times as long."""
    sha = hashlib.sha256
    block = (key if len(key) <= BLOCK else sha(key).digest()).ljust(BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    return lambda text: "p-" + sha(outer + sha(inner + text.encode()).digest()).hexdigest()[:32]


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return ip_address(host)
    except ValueError:
        return None


def _host(text: str) -> str:
    return str(_parsed(text) or text.strip())


def _network(text: str) -> str:
    address = _parsed(text)
    return str(ip_network((address.packed, 24 if address.version == 4 else 48), strict=False)) if address else WITHHELD


def _marked(headings: Any, marks: list[bool]) -> Any:
    return pc.take(pa.array(marks, pa.bool_()), headings.indices)
