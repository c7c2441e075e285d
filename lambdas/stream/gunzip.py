"""The text of a gzip as it streams; several members are one text."""

from collections.abc import Iterator

from isal import isal_zlib

from lambdas.core.errors import Broken
from lambdas.stream.archive import MOST
from lambdas.stream.bounds import Growth

WBITS = 31  # a gzip wrapper, whose CRC and length are checked
PACKED = 1 << 17  # bytes unpacked at a time


class Gunzip:
    """Gives the text of every member."""

    def __init__(self, growth: Growth) -> None:
        self._growth, self._received = growth, 0
        self._inflate = isal_zlib.decompressobj(WBITS)

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Decompress, not all at once. Raises Broken."""
        self._received += len(piece)
        try:
            while piece:
                if self._inflate.eof:
                    if not (piece := piece.lstrip(b"\0")):  # filled up to a block, as gzip(1) takes it
                        return
                    self._growth.member()
                    self._inflate = isal_zlib.decompressobj(WBITS)
                yield self._inflate.decompress(piece, MOST)
                piece = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        except isal_zlib.error as error:  # type: ignore[misc]  # a class, whatever its stubs say
            raise Broken(f"the gzip is damaged after {self._received} bytes ({error})") from None

    def end(self) -> None:
        """Whether the last member is whole. Raises Broken."""
        if not self._inflate.eof:
            raise Broken(f"the gzip ends early, after {self._received} bytes", received=self._received)
