"""Content: the text of a file and its verbatim copy, the same however it is packed and however it comes."""

import gzip
import hashlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Broken
from lambdas.stream.content import LINE
from tests.core.making import always
from tests.stream.making import content

TEXT = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(2000))
PACKED = gzip.compress(TEXT, mtime=0)
MEMBERS = b"".join(gzip.compress(TEXT[at : at + 7000], mtime=0) for at in range(0, len(TEXT), 7000))


def whole(
    data: bytes, size: int = 1 << 20, step: int = 1 << 16, *, sized: bool = True
) -> tuple[bytes, str, bytes, str]:
    """Text, digest, raw copy and form."""
    file, raw = content(data, size, sized=sized)
    text = b"".join(iter(lambda: file.read(step) or b"", b""))
    assert file.digest.hexdigest() == hashlib.sha256(text).hexdigest()
    assert file.arrived.hexdigest() == hashlib.sha256(data).hexdigest()
    assert (file.received, file.size) == (len(data), len(text))
    return text, file.digest.hexdigest(), raw.getvalue(), file.form


@always
@given(st.sampled_from([TEXT, PACKED, MEMBERS]), st.integers(1, 9000), st.integers(1, 70_000))
def test_the_text_is_the_same_however_it_comes(data: bytes, size: int, step: int) -> None:
    """Plain, packed, packed in members; in chunks of any size, read in steps of any size."""
    text, digest, raw, form = whole(data, size, step)
    assert text == TEXT and digest == hashlib.sha256(TEXT).hexdigest()
    assert gzip.decompress(raw) == TEXT
    assert form == ("plain" if data is TEXT else "gzip")


def test_a_gzip_is_kept_byte_by_byte() -> None:
    """What the vendor sent is what lies in raw; a plain text is packed on the way."""
    assert whole(PACKED)[2] == PACKED and whole(MEMBERS)[2] == MEMBERS
    assert len(whole(TEXT)[2]) < len(TEXT)


@always
@given(st.integers(1, len(PACKED) - 1), st.integers(1, 9000))
def test_a_gzip_that_is_cut_is_broken(at: int, size: int) -> None:
    """Wherever: in its head, its body, its sum."""
    with pytest.raises(Broken):
        whole(PACKED[: max(at, 4)], size)


@pytest.mark.parametrize("at", [-1, -6, len(PACKED) // 2])
def test_a_gzip_that_was_altered_is_broken(at: int) -> None:
    """In its length, its sum or its body; the error names no content."""
    data = bytearray(PACKED)
    data[at] ^= 0x55
    with pytest.raises(Broken, match="damaged after"):
        whole(bytes(data))


def test_a_plain_text_of_unknown_length_must_end_its_last_line() -> None:
    """Only the line's end says that nothing was cut off; with a known length it is told, and judged elsewhere."""
    cut = TEXT[:-1]
    assert whole(cut, sized=True)[0] == cut
    assert whole(TEXT, sized=False)[0] == TEXT
    with pytest.raises(Broken, match="no Content-Length"):
        whole(cut, sized=False)


@pytest.mark.parametrize(
    ("text", "ended", "quoting"),
    [(b"a,b\n1,2\n", True, False), (b"a,b\n1,2", False, False), (b"a,b", False, False), (b"", True, False),
     (b'a\n"x\n', True, True), (b'a\n"x\ny"\n', True, False), (b'a\n"say ""hi"""\n', True, False)],
)  # fmt: skip
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_how_a_text_ends_is_told(text: bytes, ended: bool, quoting: bool, pack: Any) -> None:
    """In one piece or byte by byte, packed or not."""
    for size in (1, 1 << 16):
        found, _ = content(pack(text), size)
        while found.read(3):
            pass
        assert (found.ended, found.quoting) == (ended, quoting)


@pytest.mark.parametrize(
    ("data", "form"), [(b"PK\x03\x04rest", "zip"), (b"<html>\n</html>\n", "page"), (b"a,b\n", "plain"), (b"", "empty")]
)
def test_a_form_is_told_by_the_first_bytes(data: bytes, form: str) -> None:
    """Also when they come one by one; whatever it is, all of it is kept."""
    text, _, raw, found = whole(data, 1)
    assert (found, text) == (form, data)
    assert (gzip.decompress(raw) if raw else b"") == data


def test_a_look_at_the_first_line_takes_nothing() -> None:
    """The headings are read before the rows are."""
    file, _ = content(PACKED, 100)
    assert file.peek().startswith(b"a,b\n") and file.readable()
    assert io.BufferedReader(file).read() == TEXT


def test_a_bomb_is_unpacked_a_little_at_a_time() -> None:
    """A file of zeros without a line's end fills no memory: the look at its first line stops."""
    bomb = gzip.compress(b"\0" * (96 << 20), 1)
    file, _ = content(bomb)
    assert LINE <= len(file.peek()) < LINE + (70 << 20)
