"""The content of a vendor's file as it streams: decompressed, digested, copied verbatim on the way, found whole."""

import hashlib
import io
import zlib
from collections.abc import Iterator
from threading import Lock
from typing import Protocol

from lambdas.core.errors import Broken

FORMS = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"<": "page"}
WBITS = 31  # a gzip wrapper, whose CRC and length zlib checks
FIRST = 4  # bytes that tell the form
PIECE = 1 << 16  # bytes decompressed at a time: a bomb makes a thousandfold of them, and memory is bounded
LINE = 1 << 20  # bytes of a first line at most


class Sink(Protocol):
    """Where the verbatim copy goes."""

    def write(self, data: bytes, /) -> int: ...


class Content(io.RawIOBase):
    """A readable file over the chunks of a download.

    While it is read, the vendor's bytes go to `raw` (compressed if they came plain) and the digest of the
    decompressed text grows. Raises Broken for what was cut short.
    """

    def __init__(self, chunks: Iterator[bytes], raw: Sink, *, sized: bool) -> None:
        super().__init__()
        self._chunks, self._raw, self.sized = _pieces(chunks), raw, sized
        self._lock = Lock()  # the CSV reader reads ahead in a thread, also while the rest is drained
        self._ready = bytearray()
        self._unzip: zlib._Decompress | None = None
        self._zip: zlib._Compress | None = None
        self._open, self._last, self._quotes = True, b"\n", 0
        self.digest = hashlib.sha256()
        self.arrived = hashlib.sha256()
        self.received = self.size = 0
        self.form = "empty"

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override] # pyarrow and csv hand in memory
        """Fill the buffer with decompressed text; 0 at the end of a whole file.

        As full as can be: the CSV reader takes what it gets for a block, however small the pieces come.
        """
        with self._lock:
            while self._open and len(self._ready) < len(buffer):
                self._pull()
            taken = self._ready[: len(buffer)]
            buffer[: len(taken)] = taken
            del self._ready[: len(taken)]
            return len(taken)

    def peek(self) -> bytes:
        """The text up to the end of the first line, or all of it, without taking it; LINE or more if it has no end."""
        while self._open and b"\n" not in self._ready and len(self._ready) < LINE:
            self._pull()
        return bytes(self._ready)

    def _pull(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            self._open = False
            self._end()
        elif chunk:
            if not self.received:
                self._begin(chunk)
            self.received += len(chunk)
            self.arrived.update(chunk)
            self._raw.write(self._zip.compress(chunk) if self._zip else chunk)
            self._take(self._inflate(chunk) if self.form == "gzip" else chunk)

    def _begin(self, chunk: bytes) -> None:
        """Told by the first bytes, not by the name: what is called .gz may come plain (shared/vendors.md)."""
        self.form = next((form for first, form in FORMS.items() if chunk.startswith(first)), "plain")
        if self.form == "gzip":
            self._unzip = zlib.decompressobj(WBITS)
        else:
            self._zip = zlib.compressobj(6, zlib.DEFLATED, WBITS)

    def _inflate(self, chunk: bytes) -> bytes:
        """Decompress; a gzip of several members is one text."""
        text = bytearray()
        try:
            while chunk and self._unzip:
                if self._unzip.eof:
                    self._unzip = zlib.decompressobj(WBITS)
                text += self._unzip.decompress(chunk)
                chunk = self._unzip.unused_data
        except zlib.error as error:
            raise Broken(f"the gzip is damaged after {self.received} bytes ({error})") from None
        return bytes(text)

    def _take(self, text: bytes) -> None:
        if text:
            self.digest.update(text)
            self.size += len(text)
            self._ready += text
            self._last = text[-1:]
            self._quotes += text.count(b'"')

    def _end(self) -> None:
        if self._zip:
            self._raw.write(self._zip.flush())
        if self._unzip and not self._unzip.eof:
            raise Broken(f"the gzip ends early, after {self.received} bytes", received=self.received)
        if self.form == "plain" and not self.sized and self._last != b"\n":
            raise Broken(f"no Content-Length, and the last line has no end after {self.received} bytes")

    @property
    def ended(self) -> bool:
        """Whether the last line has its end: else the text may have been cut short before it was sent."""
        return self._last == b"\n"

    @property
    def quoting(self) -> bool:
        """Whether a quote is left open: the text ends within a field, or is no well-formed CSV."""
        return self._quotes % 2 == 1


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes: the first piece long enough to tell the form, none too long to be decompressed at once."""
    held, told = b"", False
    for chunk in chunks:
        held += chunk
        if told or len(held) >= FIRST:
            yield from (held[at : at + PIECE] for at in range(0, len(held), PIECE))
            held, told = b"", True
    if held:
        yield held
