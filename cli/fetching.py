"""An original file from the lake to a folder: as it lies there or unpacked, and only if it is the right one."""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from cli.appearing import Sink, appearing
from cli.originals import COLD, GONE, Original
from cli.stack import Stack
from cli.wrong import Wrong
from lambdas.core.errors import Broken, Disagrees
from lambdas.stream.archive import Archive

PIECE = 1 << 20  # bytes taken at a time, and unpacked at a time
GZIP = 31  # a gzip wrapper, whose sum and length are checked
ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Fetch:
    """Fetches files of a stack's lake to a folder."""

    stack: Stack
    folder: Path
    as_text: bool = False  # unpacked
    force: bool = False  # also over a file that is there

    def one(self, original: Original) -> Path:
        """The path of the file, whole and checked. Raises Wrong, and leaves what was there."""
        name = original.key.rpartition("/")[2]
        path = self.folder / (name.removesuffix(".gz") if self.as_text else name)
        if path.exists() and not self.force:
            raise Wrong(f"{path} is there already: --force writes over it")
        told = self._open(original)
        with _progress(path.name, told["ContentLength"]) as count, appearing(path) as file:
            self._copy(original, told["Body"], file, count)
        return path

    def _copy(self, original: Original, body: Any, sink: Sink, count: Callable[[int], None]) -> None:
        outer, inner = hashlib.sha256(), hashlib.sha256()
        came = _passed(body.iter_chunks(PIECE), outer.update, lambda piece: count(len(piece)))
        try:
            if self.as_text:
                _drain(_passed(_unzipped(_passed(unpacked(came), inner.update)), sink.write))
            elif original.inside:
                _drain(_passed(unpacked(_passed(came, sink.write)), inner.update))
            else:
                _drain(_passed(came, sink.write))
        except (zlib.error, EOFError, Broken, Disagrees) as damage:
            _drain(came)
            if original.inside or outer.hexdigest() == original.sha256:
                advice = ": fetch it without --plain" if self.as_text else ""
                raise Wrong(f"{original.key}: cannot be unpacked ({damage}){advice}") from None
        found = (inner if original.inside else outer).hexdigest()
        if found != original.sha256:
            raise Wrong(
                f"{original.key}: not the file that came: its SHA-256 is {found}, {original.sha256} was noted then. "
                "Nothing was written; an older version of the object may be the right one"
            )

    def _open(self, original: Original) -> dict[str, Any]:
        where = {"Bucket": self.stack.outputs["Bucket"], "Key": original.key}
        try:
            told: dict[str, Any] = self.stack.place.client("s3").get_object(**where)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in GONE:
                raise Wrong(
                    f"{original.key}: not there any more: it expired (raw_expire_days), or somebody deleted it (`cdr "
                    "forget --raw`). An older version of it may be in the bucket for noncurrent_days"
                ) from None
            if code == COLD:
                raise Wrong(f"{original.key}: archived: {_restore(**where)}; then run this again") from None
            raise
        return told


def _passed(pieces: Iterator[bytes], *others: Callable[[bytes], Any]) -> Iterator[bytes]:
    """The same pieces, each shown to the others first."""
    for piece in pieces:
        for other in others:
            other(piece)
        yield piece


def _drain(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass


def unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What a gzip holds, of several members one after the other too. Raises EOFError where it ends early."""
    gzip = zlib.decompressobj(GZIP)
    for piece in pieces:
        while piece:
            if gzip.eof:
                gzip = zlib.decompressobj(GZIP)
            yield gzip.decompress(piece, PIECE)
            piece = gzip.unused_data if gzip.eof else gzip.unconsumed_tail
    if not gzip.eof:
        raise EOFError("it ends early")


def _unzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The text of a zip's only file; what is no zip stays as it is."""
    archive: Archive | None = None
    for number, piece in enumerate(pieces):
        if not number and piece.startswith(ZIP):
            archive = Archive()
        yield from archive.feed(piece) if archive else (piece,)
    if archive:
        archive.end()


def _restore(Bucket: str, Key: str) -> str:  # noqa: N803 # boto3's own names
    return f"`aws s3api restore-object --bucket {Bucket} --key {Key} --restore-request Days=7` brings it back"


@contextmanager
def _progress(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """How many bytes came, on a terminal only."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=size)
        yield lambda count: progress.advance(task, count)
