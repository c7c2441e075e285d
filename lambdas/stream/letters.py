"""A text in UTF-8, whatever it came in: bytes that are no UTF-8 are read as Windows-1252 does, and counted."""

import codecs
import re

from lambdas.core.errors import Disagrees

ODD = re.compile("[\udc80-\udcff]")  # what `surrogateescape` makes of a byte that is no UTF-8
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
LONGEST = 3  # bytes of a letter that may wait for its last one


class Letters:
    """Decodes a text piece by piece; most pieces are ASCII, and go through as they are."""

    def __init__(self) -> None:
        self._held = b""
        self._begun = False
        self._wide: codecs.IncrementalDecoder | None = None
        self.odd = 0  # bytes read as Windows-1252

    @property
    def name(self) -> str:
        """What the text was read as."""
        return "utf-16" if self._wide else f"utf-8, {self.odd} bytes as windows-1252" if self.odd else "utf-8"

    def feed(self, text: bytes) -> bytes:
        """The same letters in UTF-8; those that are not whole yet wait. Raises Disagrees."""
        if not self._begun:
            if len(self._held + text) < len(WIDE[0]):  # which of them it is, the first two bytes tell
                self._held += text
                return b""
            text, self._held = self._held + text, b""
            self._begin(text)
        if self._wide:
            return self._widely(text)
        if not self._held and text.isascii():
            return text
        text = self._held + text
        cut = _cut(text)
        self._held = text[cut:]
        return self._mend(text[:cut])

    def end(self) -> bytes:
        """What still waits."""
        if self._wide:
            return self._widely(b"", final=True)
        held, self._held = self._held, b""
        return self._mend(held)

    def _begin(self, text: bytes) -> None:
        self._begun = True
        if text.startswith(WIDE):
            self._wide = codecs.getincrementaldecoder("utf-16")()

    def _widely(self, text: bytes, *, final: bool = False) -> bytes:
        assert self._wide is not None  # noqa: S101  # for the type checker
        try:
            return self._wide.decode(text, final).encode()
        except UnicodeError:
            raise Disagrees("the text begins as UTF-16 and is none") from None

    def _mend(self, text: bytes) -> bytes:
        """Only what is no UTF-8 is read otherwise: a mixed file keeps its good letters."""
        try:
            text.decode()
        except UnicodeDecodeError:
            mended, odd = ODD.subn(_letter, text.decode("utf-8", "surrogateescape"))
            self.odd += odd
            return mended.encode()
        return text


def _cut(text: bytes) -> int:
    """Where a letter that lacks its end begins; the length where none does."""
    for back in range(1, min(LONGEST, len(text)) + 1):
        first = text[-back]
        if first >= 0xC0:  # the first byte of a letter of 2, 3 or 4
            return len(text) - back if back < (2 if first < 0xE0 else 3 if first < 0xF0 else 4) else len(text)
        if first < 0x80:
            break
    return len(text)


def _letter(found: re.Match[str]) -> str:
    byte = bytes([ord(found[0]) - 0xDC00])
    try:
        return byte.decode("cp1252")
    except UnicodeDecodeError:  # five bytes that Windows-1252 leaves open
        return byte.decode("latin-1")
