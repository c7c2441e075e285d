"""One reading of a report's files: the text of each to rows, the rows to typed blocks, the blocks to Parquet."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa

from lambdas.aws.lake import Upload
from lambdas.core.errors import Broken, Disagrees, TooLarge
from lambdas.core.headings import told
from lambdas.core.mapping import Columns, plain
from lambdas.core.receipt import Tally
from lambdas.stream import tallying
from lambdas.stream.bounds import TEXT
from lambdas.stream.content import Content
from lambdas.stream.identity import Identity
from lambdas.stream.parquet import Parquet
from lambdas.stream.privacy import Privacy
from lambdas.stream.rows import Rows
from lambdas.stream.stages import Pace, Stages
from lambdas.stream.table import Typer

STRAYS = 400_000  # rows outside the window: a hundredth of the most there may be, so it is quarantined whatever follows
Make = Callable[[list[str], Identity, Privacy], Typer]


class Bytes(Protocol):
    """A file as it comes, from a vendor's link or from where it was kept; `sized`: its end is known for one."""

    expected: int | None  # bytes, where it says so
    sized: bool

    def __iter__(self) -> Iterator[bytes]: ...


class Reading:
    """Fills a tally and a Parquet object; `counted`: the vendor's own count will tell what is missing."""

    def __init__(
        self, tally: Tally, parquet: Parquet, identity: Identity, privacy: Privacy, stages: Stages, *, counted: bool
    ) -> None:
        self._tally, self._parquet, self._identity, self._privacy = tally, parquet, identity, privacy
        self._stages, self._counted = stages, counted
        self._digests = list[bytes]()
        self.rejects = list[str]()

    @property
    def digest(self) -> str:
        """Of the text: one file is the rule; several are told by the digest of their digests."""
        one = len(self._digests) == 1
        return (self._digests[0] if one else hashlib.sha256(b"".join(self._digests)).digest()).hex()

    def file(
        self, body: Bytes, raw: Upload | None, left: Callable[[], float], block: int, make: Make
    ) -> Disagrees | None:
        """Read one file to its last byte; why it must not be published, if so. Raises Broken, TryAgain, Long."""
        pace = Pace(left, body.expected)
        chunks, room = self._stages.each("download", iter(body)), TEXT - self._tally.size
        with Content(chunks, raw, sized=body.sized, block=block, watch=pace, room=room) as text:
            problem = self._problem(lambda: self._rows(text, make))
            # What came is kept to its last byte all the same; on the way there, something else may be wrong with it.
            while not isinstance(problem, TooLarge) and (again := self._problem(text.drain)):
                problem = worse(problem, again)
            if not self._counted:
                problem = problem or _whole(text)
            self._count(text)
        return problem

    @staticmethod
    def _problem(read: Callable[[], None]) -> Disagrees | None:
        try:
            read()
        except Disagrees as problem:
            return problem
        except pa.ArrowInvalid:  # its text may hold values
            return Disagrees("a row that the engine cannot write")
        return None

    def _rows(self, text: Content, make: Make) -> None:
        rows = Rows(text)
        typer = make(rows.headings, self._identity, self._privacy)
        _checked(rows.headings, typer.columns, text)
        named = "\n".join([self._tally.headings, *rows.headings])
        self._tally.headings = hashlib.sha256(named.encode()).hexdigest()[:8]
        try:
            for batch in self._stages.each("read", iter(rows)):
                self._block(batch, typer)
        finally:  # also of a report that ends early
            self._note(rows, typer)

    def _block(self, batch: pa.RecordBatch, typer: Typer) -> None:
        with self._stages.on("type"):
            block = typer.block(batch)
            tallying.add(self._tally, block, typer.placer.outside(block))
        if self._tally.outside > STRAYS:
            raise Disagrees(f"over {STRAYS} rows have no time in the window")
        with self._stages.on("write"):
            self._parquet.add(block)

    def _note(self, rows: Rows, typer: Typer) -> None:
        tally = self._tally
        self.rejects += rows.rejects
        tally.rejected += rows.rejected
        tally.swallowed += rows.swallowed
        tally.headers += rows.headers
        for name, count in typer.unparsed.items():
            tally.unparsed[told(name)] = tally.unparsed.get(told(name), 0) + count
        tally.assumed = sorted({*tally.assumed, *typer.assumed})
        unknown = (told(name) for name in rows.headings if plain(name) not in typer.columns.known)
        tally.unknown = sorted({*tally.unknown, *unknown})

    def _count(self, text: Content) -> None:
        self._digests.append(text.digest.digest())
        self._tally.received += text.received
        self._tally.size += text.size
        self._tally.arrived.append(text.arrived.hexdigest())
        self._tally.forms.append(text.form)
        self._tally.letters.append(text.letters.name)


def worse(one: Disagrees | None, other: Disagrees | None) -> Disagrees | None:
    """Of two problems the first, but for one that ended the reading: what came is not all then."""
    return other if isinstance(other, TooLarge) or one is None else one


def _checked(headings: list[str], columns: Columns, text: Content) -> None:
    """An error page or a file without its header line is no report of no calls."""
    if not headings and not text.sized:
        raise Broken("an empty answer of unknown length")
    if headings and not {plain(one) for one in headings} & set(columns.fields["started_at"].headings):
        raise Disagrees("no column says when a call began: no CDRs, or the vendor's headings have changed")


def _whole(text: Content) -> Disagrees | None:
    """Whether a text may have been cut short before it was sent, with a length that is true. Raises Broken."""
    if text.form in ("plain", "gzip", "zip") and not text.ended:
        raise Broken(f"the last line has no end after {text.size} bytes of text", received=text.received)
    return Disagrees(f"a quote is left open in {text.size} bytes of text") if text.quoting else None
