"""One report in one pass: each file's bytes to raw as they come, its rows to one Parquet object, all of it tallied."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lambdas.aws.lake import Lake, Upload
from lambdas.core import keys
from lambdas.core.errors import Broken, Disagrees
from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.mapping import Columns, plain
from lambdas.core.progress import Progress
from lambdas.core.receipt import Tally
from lambdas.core.rows import Row
from lambdas.stream.content import Content
from lambdas.stream.parquet import Parquet
from lambdas.stream.rows import Rows
from lambdas.stream.table import Typer
from lambdas.web import Web


@dataclass
class Copy:
    """A copy that is complete but not visible yet."""

    tally: Tally
    raws: dict[str, Upload]
    calls: Upload
    rejects: list[str] = field(default_factory=list)
    problem: Disagrees | None = None  # why it must not be published


class Report:
    """Copies one report's files; whatever was begun is aborted when `stack` closes and nobody finished it."""

    def __init__(self, row: Row, export: Export, facts: Facts, columns: Columns, lake: Lake, web: Web) -> None:
        self._row, self._export, self._facts, self._columns = row, export, facts, columns
        self._lake, self._web = lake, web

    def copy(self, progress: Progress, stack: ExitStack) -> Copy:
        """Stream every file. Raises TryAgain, Gone, Refused, Broken; nothing is visible then."""
        row = self._row
        turn = {"turn": row.turn, "tag": row.tag or ""}
        calls = stack.enter_context(
            self._lake.upload(keys.calls(row.export, row.window), "application/vnd.apache.parquet", turn)
        )
        copy, text = Copy(Tally(), {}, calls), hashlib.sha256()
        with Parquet(calls) as parquet:
            for number, file in enumerate(progress.files):
                key = keys.raw(row.export, row.window, row.revision, row.attempt, row.run, number)
                copy.raws[key] = stack.enter_context(self._lake.upload(key, "application/gzip", turn))
                origins, home = self._export.download_from, self._export.base_url
                with self._web.download(self._facts.name, file.url, origins, file.headers, home) as body:
                    content = Content(iter(body), copy.raws[key], sized=body.sized)
                    try:
                        self._file(content, parquet, copy)
                    except Disagrees as problem:
                        copy.problem = problem  # what came is kept to its last byte all the same
                    _drain(content)
                    if progress.totals.rows is None:  # else the vendor's own count tells what is missing
                        copy.problem = copy.problem or _whole(content)
                text.update(content.digest.digest())
                _count(copy.tally, content)
        # One file is the rule: its digest is the text's own; several are told by the digest of their digests.
        copy.tally.digest = content.digest.hexdigest() if len(progress.files) == 1 else text.hexdigest()
        return copy

    def _file(self, content: Content, parquet: Parquet, copy: Copy) -> None:
        rows = Rows(content)
        _checked(rows.headings, self._columns, content)
        typer = Typer(self._columns, self._facts, self._row.window, rows.headings, self._export.currency)
        for batch in rows:
            block = typer.block(batch)
            parquet.add(block)
            _add(copy.tally, block, typer.outside(block))
        copy.rejects += rows.rejects
        copy.tally.rejected += rows.rejected
        for heading, count in typer.unparsed.items():
            copy.tally.unparsed[heading] = copy.tally.unparsed.get(heading, 0) + count
        copy.tally.unknown = sorted({*copy.tally.unknown, *_unknown(rows.headings, self._columns)})


def _checked(headings: list[str], columns: Columns, content: Content) -> None:
    """An error page or a file without its header line is no report of no calls."""
    if not headings and not content.sized:
        raise Broken("an empty answer of unknown length")
    if headings and not {plain(one) for one in headings} & set(columns.fields["started_at"].headings):
        raise Disagrees("no column says when a call began: no CDRs, or the vendor's headings have changed")


def _whole(content: Content) -> Disagrees | None:
    """Whether a text may have been cut short before it was sent, with a length that is true. Raises Broken."""
    if content.form in ("plain", "gzip") and not content.ended:
        raise Broken(f"the last line has no end after {content.size} bytes of text", received=content.received)
    return Disagrees(f"a quote is left open in {content.size} bytes of text") if content.quoting else None


def _drain(content: Content) -> None:
    """To the very end, so that a file without rows is checked and copied as well."""
    while content.read(1 << 16):
        pass


def _count(tally: Tally, content: Content) -> None:
    tally.received += content.received
    tally.size += content.size
    tally.arrived.append(content.arrived.hexdigest())
    tally.forms.append(content.form)


def _add(tally: Tally, block: pa.RecordBatch, outside: int) -> None:
    tally.rows += block.num_rows
    tally.outside += outside
    tally.duration_s += _sum(block, "duration_s") or 0
    tally.billed_s += _sum(block, "billed_s") or 0
    tally.cost += _sum(block, "cost") or Decimal(0)
    tally.unpriced += block.column("cost").null_count
    tally.boundary += _sum(block, "boundary") or 0
    for name in block.schema.names:
        if nulls := block.column(name).null_count:
            tally.nulls[name] = tally.nulls.get(name, 0) + nulls


def _sum(block: pa.RecordBatch, name: str) -> Any:
    return pc.sum(block.column(name)).as_py()


def _unknown(headings: list[str], columns: Columns) -> Iterator[str]:
    """Headings that nobody expected: the vendor's file has changed."""
    return (heading for heading in headings if plain(heading) not in columns.known)
