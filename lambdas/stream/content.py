"""The content of a vendor's file as it streams: digested, copied verbatim, unpacked, decoded, and found whole.

A thread of its own fetches and unpacks, while the reader's makes calls of it; between the two is a short queue, so that
the slower one sets the pace and memory stays flat.
"""

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Protocol, Self

from isal import isal_zlib

from lambdas.core.errors import Broken, Disagrees, TooLarge
from lambdas.stream.archive import Archive
from lambdas.stream.bounds import TEXT, Growth
from lambdas.stream.gate import Gate
from lambdas.stream.gunzip import PACKED, WBITS, Gunzip
from lambdas.stream.letters import Letters

FORMS = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"<": "page"}
FIRST = 4  # bytes that tell the form
PIECE = 2 << 20  # bytes taken at a time
BLOCK = 2 << 20  # bytes of text read at a time; a row is no longer
DEPTH = 1  # blocks on their way


class Sink(Protocol):
    """Where the verbatim copy goes."""

    def write(self, data: bytes, /) -> int: ...


class Content(io.RawIOBase):
    """A readable file over the chunks of a download; a context, so that its thread ends.

    The vendor's bytes go to `raw` (compressed if they came plain, nowhere if it is None), the digest is that of the
    decompressed text. Raises Broken for what was cut short, Disagrees for what is not read, TooLarge at once for what
    has over `room` bytes of text or is no honest packing. `watch` is told how many bytes came, and may raise to end it.
    """

    def __init__(
        self, chunks: Iterator[bytes], raw: Sink | None, *, sized: bool, block: int = BLOCK,
        watch: Callable[[int], None] | None = None, room: int = TEXT,
    ) -> None:  # fmt: skip
        super().__init__()
        self._chunks, self._raw, self.sized, self.block, self._watch = chunks, raw, sized, block, watch
        self._queue: Queue[bytes | BaseException | None] = Queue(DEPTH)
        self._stop, self._lock, self._over = Event(), Lock(), False
        self._thread = Thread(target=self._run, daemon=True)
        self._ready, self._text, self._long = b"", list[bytes](), 0
        self._packed: Gunzip | Archive | None = None
        self._gzip: isal_zlib.Compress | None = None
        self._growth = Growth(room)
        self._last, self._quotes, self._unread = b"\n", 0, False
        self.gate: Gate | None = None  # where somebody may stand who reads ahead
        self.letters = Letters()
        self.digest = hashlib.sha256()
        self.arrived = self.digest  # of the file as it came: another one where it comes packed
        self.received = 0
        self.form = "empty"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._open()
        while self._thread.is_alive():
            self._take_one(0.01)
        self._over = True
        with suppress(Full):
            self._queue.put_nowait(None)  # for a reader that still waits: the engine's thread, which reads ahead

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Text in UTF-8, up to `size` bytes; none at the end of a whole file."""
        with self._lock:  # the CSV reader reads ahead in a thread, also while the rest is drained
            if not self._ready:
                self._ready = self._next()
            size = size if size >= 0 else len(self._ready)
            taken, self._ready = self._ready[:size], self._ready[size:]
            return taken

    def peek(self) -> bytes:
        """The text up to the end of the first line, without taking it; a block or more if it has no end."""
        with self._lock:
            while b"\n" not in self._ready and len(self._ready) < self.block and (more := self._next()):
                self._ready += more
            return self._ready

    def drain(self) -> None:
        """To the very end, so that a file that nobody can read is checked and kept as well."""
        self._open()
        while self.read():
            pass

    @property
    def size(self) -> int:
        """Bytes of text so far."""
        return self._growth.size

    @property
    def ended(self) -> bool:
        """Whether the last line has its end: else the text may have been cut short before it was sent."""
        return self._last == b"\n"

    @property
    def quoting(self) -> bool:
        """Whether a quote is left open: the text ends within a field, or is no well-formed CSV."""
        return self._quotes % 2 == 1

    def _open(self) -> None:
        """Nobody waits at the gate any more."""
        if self.gate is not None:
            self.gate.open()

    def _next(self) -> bytes:
        if self._over:
            return b""
        if self._thread.ident is None:
            self._thread.start()
        found = self._queue.get()
        if isinstance(found, BaseException):
            raise found
        self._over = found is None
        return found or b""

    def _take_one(self, seconds: float) -> None:
        try:
            self._queue.get(timeout=seconds)
        except Empty:
            self._thread.join(seconds)

    def _run(self) -> None:
        """The thread: whatever ends it reaches the reader."""
        try:
            for piece in _pieces(self._chunks):
                if self._stop.is_set():
                    return
                self._pull(piece)
            self._end()
        except BaseException as error:  # noqa: BLE001  # it is raised where the text is read
            self._queue.put(error)
        self._queue.put(None)

    def _pull(self, piece: bytes) -> None:
        if not self.received:
            self._begin(piece)
        self.received += len(piece)
        if self._watch:
            self._watch(self.received)
        if self.arrived is not self.digest:
            self.arrived.update(piece)
        if self._raw is not None:
            self._raw.write(self._gzip.compress(piece) if self._gzip else piece)
        if self._unread:
            return
        try:
            for text in self._unpack(piece):
                self._take(text)
        except TooLarge:  # nothing of it is worth to be taken any more
            raise
        except Disagrees as problem:  # what comes is kept all the same
            self._unread = True
            self._queue.put(problem)

    def _begin(self, piece: bytes) -> None:
        """Told by the first bytes, not by the name: what is called .gz may come plain (shared/vendors.md)."""
        self.form = next((form for first, form in FORMS.items() if piece.startswith(first)), "plain")
        if self.form == "gzip":
            self._packed = Gunzip(self._growth)
        elif self.form == "zip":
            self._packed = Archive()
        if self._packed:
            self.arrived = hashlib.sha256()
        if self.form != "gzip":
            self._gzip = isal_zlib.compressobj(1, isal_zlib.DEFLATED, WBITS)

    def _unpack(self, piece: bytes) -> Iterator[bytes]:
        if not self._packed:
            yield piece
            return
        for at in range(0, len(piece), PACKED):
            part = piece[at : at + PACKED]
            self._growth.take(len(part))
            yield from self._packed.feed(part)

    def _take(self, text: bytes) -> None:
        if not text:
            return
        self.digest.update(text)
        self._growth.give(len(text), self.received)
        self._give(self.letters.feed(text))

    def _give(self, text: bytes) -> None:
        """On to the reader, in blocks whose size does not depend on how the file comes."""
        self._last = text[-1:] or self._last
        self._quotes += text.count(b'"')
        self._text.append(text)
        self._long += len(text)
        while self._long >= self.block:
            self._queue.put(self._cut())

    def _cut(self) -> bytes:
        """Exactly a block; what is one already is not copied."""
        taken, needed = list[bytes | memoryview](), self.block
        while needed:
            first = self._text.pop(0)
            taken.append(first if len(first) <= needed else memoryview(first)[:needed])
            if len(first) > needed:
                self._text.insert(0, first[needed:])
            needed -= len(taken[-1])
        self._long -= self.block
        return taken[0] if len(taken) == 1 and isinstance(taken[0], bytes) else b"".join(taken)

    def _end(self) -> None:
        if self._gzip and self._raw is not None:
            self._raw.write(self._gzip.flush())
        if self._unread:
            return
        if self._packed:
            self._packed.end()
        self._give(self.letters.end())
        if self._long:
            self._queue.put(b"".join(self._text))
        if self.form == "plain" and not self.sized and self._last != b"\n":
            raise Broken(f"no Content-Length, and the last line has no end after {self.received} bytes")


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes: the first piece long enough to tell the form, none too long to be unpacked at once."""
    held, told = b"", False
    for chunk in chunks:
        held = held + chunk if held else chunk
        if told or len(held) >= FIRST:
            yield from (held[at : at + PIECE] for at in range(0, len(held), PIECE))
            held, told = b"", True
    if held:
        yield held
