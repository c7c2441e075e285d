"""The one file of a ZIP archive as it streams; the directory at its end says whether all of it came.

The standard library's reader has to seek. What a member was, its directory entry alone says for sure (APPNOTE.TXT 4.3):
its sum and its lengths are compared when it comes.
"""

import struct
from collections.abc import Iterator
from enum import Enum

from isal import isal_zlib

from lambdas.core.errors import Broken, Disagrees

LOCAL, ENTRY, END, SUMS = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08"
HEAD = struct.Struct("<4sHHHHHIIIHH")  # a member's header
ROW = struct.Struct("<4sHHHHHHIIIHHHHHII")  # a directory's entry
LAST = struct.Struct("<4sHHHHII")  # the end of the directory, up to its comment
STORED, DEFLATED = 0, 8
TAIL = 1 << 20  # bytes of a directory, far more than one file's
HUGE = 0xFFFFFFFF  # a length that stands in the extra field (ZIP64)
MANY = 0xFFFF  # a count that stands elsewhere (ZIP64)
MOST = 1 << 22  # bytes of text given at a time


class At(Enum):
    """Where in the archive we are."""

    HEAD, BODY, AFTER, TAIL = range(4)


class Archive:
    """Gives the text of an archive's only file."""

    def __init__(self) -> None:
        self._at, self._held = At.HEAD, b""
        self._inflate: isal_zlib.Decompress | None = None
        self._left = 0  # bytes of a stored member to come
        self._sum = self._packed = self.size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The text that these bytes hold. Raises Disagrees for what is not read, Broken for what is damaged."""
        self._held += chunk
        if self._at is At.HEAD and not self._begin():
            return
        while self._at is At.BODY and self._held:
            yield self._body()
        if self._at is At.AFTER:
            self._after()
        if self._at is At.TAIL and len(self._held) > TAIL:
            raise Disagrees(f"too-large: the archive's directory has over {TAIL} bytes")

    def end(self) -> None:
        """Whether the directory is there, and agrees. Raises Broken, Disagrees."""
        if self._at is not At.TAIL or END not in self._held:
            raise Broken(f"the ZIP ends early, after {self._packed} bytes of its file", received=self._packed)
        try:
            row = ROW.unpack_from(self._held)
            total, packed, size = row[7], *self._lengths(row)
            long = ROW.size + sum(row[10:13])
            last = LAST.unpack_from(self._held, self._held.index(END, long))
        except (struct.error, ValueError):
            raise Broken("the ZIP ends early, within its directory") from None
        if (total, packed, size) != (self._sum, self._packed, self.size):
            raise Broken(f"the ZIP is damaged: its directory tells of {size} bytes, {self.size} came")
        if self._held[long:][:4] == ENTRY:
            raise Disagrees("the ZIP archive holds several files, where one is expected")
        if last[4] not in (1, MANY) or last[5] < long:
            raise Broken(f"the ZIP is damaged: its end tells of {last[4]} files in {last[5]} bytes of directory")

    def _begin(self) -> bool:
        if self._held[:4] == END or len(self._held) < HEAD.size:
            if self._held[:4] == END:
                raise Disagrees("the ZIP archive holds no file")
            return False
        head = HEAD.unpack_from(self._held)
        flags, method, packed, long = head[2], head[3], head[7], HEAD.size + head[9] + head[10]
        if len(self._held) < long:
            return False
        if flags & 1 or method not in (STORED, DEFLATED) or (method == STORED and (flags & 8 or packed == HUGE)):
            raise Disagrees("the ZIP archive is packed in a way that is not read (encrypted, or not deflated)")
        self._held = self._held[long:]
        self._left = packed
        self._inflate = isal_zlib.decompressobj(-15) if method == DEFLATED else None
        self._at = At.BODY
        return True

    def _body(self) -> bytes:
        came = self._held
        if self._inflate is None:
            text, self._held = came[: self._left], came[self._left :]
            self._left -= len(text)
            over = not self._left
        else:
            try:
                text = self._inflate.decompress(came, MOST)
            except isal_zlib.error as error:  # type: ignore[misc]  # a class, whatever its stubs say
                raise Broken(f"the ZIP is damaged after {self._packed} bytes ({error})") from None
            over = self._inflate.eof
            self._held = self._inflate.unused_data if over else self._inflate.unconsumed_tail
        self._packed += len(came) - len(self._held)
        self._sum = isal_zlib.crc32(text, self._sum)
        self.size += len(text)
        self._at = At.AFTER if over else At.BODY
        return text

    def _after(self) -> None:
        """Past the sums that may follow a member: 12 bytes, or 20 of a large one, with or without a signature."""
        for long in (0, 12, 16, 20, 24):
            sign = self._held[long : long + 4]
            if sign == LOCAL:
                raise Disagrees("the ZIP archive holds several files, where one is expected")
            if sign == ENTRY:
                self._held, self._at = self._held[long:], At.TAIL
                return
        if len(self._held) > 28:
            raise Broken(f"the ZIP is damaged behind its file of {self._packed} bytes")

    def _lengths(self, row: tuple[int, ...]) -> tuple[int, int]:
        """Packed and whole, from the entry or from its ZIP64 field, which holds those that are too large, in turn."""
        packed, size = row[8], row[9]
        extra = self._held[ROW.size + row[10] :][: row[11]]
        while len(extra) >= 4:
            kind, long = struct.unpack_from("<HH", extra)
            if kind == 1:
                large = list(struct.unpack_from(f"<{long // 8}Q", extra, 4))
                size = large.pop(0) if size == HUGE and large else size
                packed = large.pop(0) if packed == HUGE and large else packed
            extra = extra[4 + long :]
        return packed, size
