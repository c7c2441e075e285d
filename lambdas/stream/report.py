"""One report in one pass: each file's bytes to raw as they come, its rows to one Parquet object, all of it tallied."""

import hashlib
import resource
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Protocol

import pyarrow as pa

from lambdas import VERSION
from lambdas.aws.lake import Lake, Upload
from lambdas.core import keys
from lambdas.core.errors import ADVICE, Disagrees, TooLarge, TryAgain
from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.mapping import Columns
from lambdas.core.progress import File, Progress
from lambdas.core.receipt import Tally
from lambdas.core.rows import Row
from lambdas.stream.content import BLOCK
from lambdas.stream.identity import Identity
from lambdas.stream.numbering import numbering
from lambdas.stream.parquet import Parquet
from lambdas.stream.privacy import Privacy
from lambdas.stream.reading import Bytes, Reading, worse
from lambdas.stream.rows import LARGE, Long
from lambdas.stream.stages import RESERVE, Stages
from lambdas.stream.table import SCHEMA, Typer

READINGS = 3  # of one report, at most: once more for longer rows, once more for identities that came twice
MOST = 50 * 10**9  # bytes of a file: S3 takes ten thousand parts, each of 5 MiB
FILES = 100  # of a report: both the row in the ledger and the receipt name each
WATCHED = 200_000  # identities that may come twice: each takes some 200 bytes of memory
KINDS = {"calls": "application/vnd.apache.parquet", "raw": "application/gzip"}


class Source(Protocol):
    """Where files come from: a vendor's links, or where a file was kept."""

    def download(
        self, vendor: str, url: str, origins: tuple[str, ...], keys: Mapping[str, str], home: str,
        /, *, most: int | None = None, seconds: float = inf,
    ) -> AbstractContextManager[Bytes]: ...  # fmt: skip


@dataclass
class Copy:
    """A copy that is complete but not visible yet."""

    tally: Tally
    raws: dict[str, Upload]
    calls: Upload
    apart: dict[str, list[Any]] = field(default_factory=dict)  # rows that are in no column: `rejected`, `repeated`
    problem: Disagrees | None = None  # why it must not be published
    made: dict[str, Any] = field(default_factory=dict)  # how it was made, for the receipt


@dataclass(frozen=True)
class Hints:
    """What an earlier reading of the same report found."""

    block: int = BLOCK  # bytes of the longest row
    watched: frozenset[int] = frozenset()  # the marks of identities that came twice


class Report:
    """Copies one report's files; whatever was begun is aborted when `stack` closes and nobody finished it.

    `key` makes pseudonyms, `left` gives the seconds that remain.
    """

    def __init__(
        self, row: Row, export: Export, facts: Facts, columns: Columns, lake: Lake, web: Source,
        *, key: bytes | None = None, left: Callable[[], float] = lambda: inf,
    ) -> None:  # fmt: skip
        self._row, self._export, self._facts, self._columns = row, export, facts, columns
        self._lake, self._web, self._key, self._left = lake, web, key, left
        self._stages, self._downloads = Stages(), 0

    def copy(self, progress: Progress, stack: ExitStack) -> Copy:
        """Stream every file. Raises TryAgain, Gone, Refused, Broken; nothing is visible then."""
        hints = Hints()
        for _ in range(READINGS):
            with ExitStack() as uploads:
                try:
                    copy, twice = self._read(progress, uploads, hints)
                except Long:
                    hints = replace(hints, block=LARGE)
                    continue
                if len(twice) > WATCHED:
                    copy.problem = TooLarge(f"too-large: {len(twice)} identities come twice; {ADVICE}")
                if copy.problem or twice <= hints.watched:
                    stack.push(uploads.pop_all())
                    return copy
            hints = replace(hints, watched=hints.watched | twice)
        raise TryAgain("the report is another one at each reading")

    def _read(self, progress: Progress, uploads: ExitStack, hints: Hints) -> tuple[Copy, frozenset[int]]:
        """One reading, and the marks of the identities that it met twice."""
        copy = Copy(Tally(), {}, self._upload(uploads, keys.calls(self._row.export, self._row.window), "calls"))
        privacy = Privacy(self._export.numbers, self._key, self._columns, private=self._columns.private)
        with Identity(hints.watched) as identity, Parquet(copy.calls) as parquet:
            reading = Reading(
                copy.tally, parquet, identity, privacy, self._stages, counted=progress.totals.rows is not None
            )
            if len(progress.files) > FILES:
                copy.problem = TooLarge(f"too-large: {len(progress.files)} files, where {FILES} are read at most")
            for number, file in enumerate(progress.files if not copy.problem else ()):
                self._file(reading, copy, file, self._raw(uploads, copy, number), hints.block)
                if isinstance(copy.problem, TooLarge):
                    break
            twice = frozenset[int]() if copy.problem else identity.repeats()
        copy.tally.digest = reading.digest
        copy.tally.repeated, copy.tally.withheld = identity.repeated, privacy.withheld
        copy.apart = {"rejected": privacy.rejects(reading.rejects), "repeated": identity.dropped}
        copy.made = self._made()
        return copy, twice

    def _file(self, reading: Reading, copy: Copy, file: File, raw: Upload | None, block: int) -> None:
        origins, home = self._export.download_from, self._export.base_url
        self._downloads += 1
        try:
            at, seconds = (file.url, origins, file.headers, home), self._left() - RESERVE
            with self._web.download(self._facts.name, *at, most=MOST, seconds=seconds) as body:
                problem = reading.file(body, raw, self._left, block, self._typer)
        except TooLarge as large:  # it says so before it comes
            problem = large
        copy.problem = worse(copy.problem, problem)

    def _raw(self, uploads: ExitStack, copy: Copy, number: int) -> Upload | None:
        if not self._export.raw:
            return None
        row = self._row
        key = keys.raw(row.export, row.window, row.revision, row.attempt, row.run, number)
        copy.raws[key] = self._upload(uploads, key, "raw")
        return copy.raws[key]

    def _typer(self, headings: list[str], identity: Identity, privacy: Privacy) -> Typer:
        at = self._row.window, headings, self._export.currency
        return Typer(self._columns, self._facts, *at, identity, privacy)

    def _upload(self, uploads: ExitStack, key: str, kind: str) -> Upload:
        turn = {"turn": self._row.turn, "tag": self._row.tag or ""}
        return uploads.enter_context(self._lake.upload(key, KINDS[kind], turn))

    def _made(self) -> dict[str, Any]:
        """How: for the receipt."""
        unit = 1 << (20 if sys.platform == "darwin" else 10)  # getrusage(2): bytes there, KiB elsewhere
        return {
            "engine": f"cdr-exporter {VERSION}, pyarrow {pa.__version__}, phonenumbers {numbering().version}",
            "schema": hashlib.sha256(str(SCHEMA).encode()).hexdigest()[:8],
            "seconds": {stage: round(spent, 3) for stage, spent in sorted(self._stages.seconds.items())},
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit,  # of the process so far
            "downloads": self._downloads,
        }
