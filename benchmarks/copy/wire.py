"""The receiving end of a connection: HTTP's lines and bodies out of one buffer that is used again and again."""

import socket
from typing import BinaryIO

from benchmarks.copy.pace import Pace

SIZE = 1 << 20


class Wire:
    """Reads a socket at the line's pace and keeps nothing of what nobody wants."""

    def __init__(self, peer: socket.socket, pace: Pace) -> None:
        self._peer, self._pace = peer, pace
        self._buffer = bytearray(SIZE)
        self._view = memoryview(self._buffer)
        self._at = self._end = 0

    def line(self) -> bytes:
        """Up to the next line feed, without the line's end. Raises EOFError."""
        while (stop := self._buffer.find(b"\n", self._at, self._end)) < 0:
            self._fill()
        told = bytes(self._view[self._at : stop]).rstrip(b"\r")
        self._at = stop + 1
        return told

    def heads(self) -> dict[str, str]:
        """Headers or trailers, down to the empty line; names in small letters."""
        pairs = (line.decode("latin-1").partition(":") for line in iter(self.line, b""))
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    def body(self, size: int, into: BinaryIO) -> int:
        """So many bytes, handed on as they come."""
        left = size
        while left:
            if self._at == self._end:
                self._fill()
            step = min(left, self._end - self._at)
            into.write(self._view[self._at : self._at + step])
            self._at += step
            left -= step
        return size

    def chunks(self, into: BinaryIO) -> tuple[int, dict[str, str]]:
        """A body in chunks, HTTP's or AWS's own: its size without them, and the trailers."""
        size = 0
        while step := int(self.line().split(b";")[0], 16):
            size += self.body(step, into)
            self.line()
        return size, self.heads()

    def _fill(self) -> None:
        if self._at == self._end:
            self._at = self._end = 0
        elif self._end == SIZE:
            self._buffer[: self._end - self._at] = self._buffer[self._at : self._end]
            self._at, self._end = 0, self._end - self._at
        got = self._peer.recv_into(self._view[self._end :])
        if not got:
            raise EOFError
        self._pace.take(got)
        self._end += got
