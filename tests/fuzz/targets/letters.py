"""The bytes of a text: UTF-8 comes out, the same whatever pieces it came in, and ASCII is left alone."""

from lambdas.core.errors import Disagrees
from lambdas.stream.letters import Letters

WORDS = ("\ufeff", "é", "€", "😀", "\u2028", "a,b\n")


def run(data: bytes) -> None:
    """The first byte says how long the pieces are."""
    size, text = 1 + data[:1][0] % 7 if data else 1, data[1:]
    whole, pieces = _read(text, len(text) or 1), _read(text, size)
    assert whole == pieces, "other pieces, another text"
    if whole is None:
        return
    whole[0].decode()
    if text.isascii():
        assert whole == (text, "utf-8")


def _read(text: bytes, size: int) -> tuple[bytes, str] | None:
    letters = Letters()
    try:
        read = b"".join(letters.feed(text[at : at + size]) for at in range(0, len(text), size)) + letters.end()
    except Disagrees:
        return None
    return read, letters.name
