"""The bytes of a packed file: what is read is what the standard library reads, or a Problem, in bounded room."""

import gzip
import io
import zipfile
import zlib

from lambdas.core.errors import Problem
from lambdas.stream.bounds import RATIO, SLACK
from lambdas.stream.content import Content

WORDS = ("\x1f", "PK\x03\x04", "PK\x01\x02", "PK\x05\x06", "PK\x07\x08", "<html>", "\ufeff")


def run(data: bytes) -> None:
    """The first byte says how long the pieces are: from one byte to the whole."""
    if not data:
        return
    file, size = data[1:], (1 + data[0] if data[0] < 128 else len(data))
    raw, told = io.BytesIO(), list[str]()
    text = _read(file, size, raw)
    assert text == _read(file, len(data), io.BytesIO()), "other pieces, another text"
    if text is None:
        return
    form = "gzip" if file[:2] == b"\x1f\x8b" else "zip" if file[:4] == b"PK\x03\x04" else "plain"
    assert len(text) <= max(SLACK, len(file) * RATIO), told
    if text.isascii() and form == "gzip":
        assert text == _gunzip(file), "another text than gzip's"
    theirs = _unzip(file) if text.isascii() and form == "zip" else None
    # It believes the last of several ends, and so a directory that we never come to.
    assert not theirs or len(theirs) > 1 or text in theirs, "another text than zipfile's"
    if file:
        assert (raw.getvalue() if form == "gzip" else gzip.decompress(raw.getvalue())) == file, "raw is not what came"


def _read(file: bytes, size: int, raw: io.BytesIO) -> bytes | None:
    found = bytearray()
    pieces = (file[at : at + size] for at in range(0, len(file), size))
    try:
        with Content(pieces, raw, sized=True, block=64) as content:
            while text := content.read():
                assert len(text) <= 64
                found += text
            assert content.received == len(file)
    except Problem:
        return None
    return bytes(found)


def _gunzip(file: bytes) -> bytes | None:
    found = b""
    while file:
        one = zlib.decompressobj(31)
        try:
            found += one.decompress(file)
        except zlib.error:
            return None
        if not one.eof:
            return None
        file = one.unused_data
    return found


def _unzip(file: bytes) -> list[bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            return [archive.read(one) for one in archive.infolist()]
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        EOFError,
        ValueError,
        zlib.error,
    ):  # it reads the end first, and all of it
        return None
