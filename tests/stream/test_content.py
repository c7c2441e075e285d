"""Content: the text of a file and its verbatim copy, the same however it is packed and however it comes."""

import gzip
import hashlib
import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Broken, Disagrees, TooLarge, TryAgain
from lambdas.stream.content import Content
from tests.core.making import always
from tests.stream.making import archive, content

TEXT = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(2000))
PACKED = gzip.compress(TEXT, mtime=0)
MEMBERS = b"".join(gzip.compress(TEXT[at : at + 7000], mtime=0) for at in range(0, len(TEXT), 7000))


def whole(
    data: bytes, size: int = 1 << 20, step: int = 1 << 16, *, sized: bool = True
) -> tuple[bytes, str, bytes, str]:
    """Text, digest, raw copy and form."""
    made, raw = content(data, size, sized=sized)
    with made as file:
        text = b"".join(iter(lambda: file.read(step), b""))
    assert file.digest.hexdigest() == hashlib.sha256(text).hexdigest()
    assert file.arrived.hexdigest() == hashlib.sha256(data).hexdigest()
    assert (file.received, file.size) == (len(data), len(text))
    return text, file.digest.hexdigest(), raw.getvalue(), file.form


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_gzip_that_is_filled_up_with_zeros_is_whole(size: int) -> None:
    """As gzip(1) and Python's own take it, between its members too."""
    assert whole(PACKED + b"\0" * 700 + PACKED + b"\0" * 300, size)[0] == TEXT * 2


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
        with content(pack(text), size)[0] as found:
            found.drain()
        assert (found.ended, found.quoting) == (ended, quoting)


@pytest.mark.parametrize(("data", "form"), [(b"<html>\n</html>\n", "page"), (b"a,b\n", "plain"), (b"", "empty")])
def test_a_form_is_told_by_the_first_bytes(data: bytes, form: str) -> None:
    """Also when they come one by one; whatever it is, all of it is kept."""
    text, _, raw, found = whole(data, 1)
    assert (found, text) == (form, data)
    assert (gzip.decompress(raw) if raw else b"") == data


def test_a_look_at_the_first_line_takes_nothing() -> None:
    """The headings are read before the rows are."""
    with content(PACKED, 100)[0] as file:
        assert file.peek().startswith(b"a,b\n") and file.readable()
        assert io.BufferedReader(file).read() == TEXT


def test_a_bomb_ends_early_with_the_numbers() -> None:
    """A file of zeros: neither unpacked nor fetched to its end, and it fills no memory."""
    bomb = gzip.compress(b"\0" * (32 << 20), 1) * 20  # of 640 MiB
    with content(bomb)[0] as file, pytest.raises(TooLarge, match=r"become over \d+, which no CSV does"):
        file.drain()
    assert file.size < 256 << 20 and not file.read()


def test_what_a_reader_cannot_read_is_kept_to_its_last_byte() -> None:
    """Who gave up drains it."""
    locked = archive(b"a\n1\n", flags=1)
    made, raw = content(locked, 7)
    with made as file:
        with pytest.raises(Disagrees, match="encrypted"):
            file.read()
        file.drain()
    assert gzip.decompress(raw.getvalue()) == locked and file.received == len(locked)


def test_a_reader_that_goes_leaves_no_thread() -> None:
    """In the middle of a file."""
    before = threading.active_count()
    with content(TEXT * 500, 1 << 16, block=1 << 12)[0] as file:
        assert file.read()
    assert threading.active_count() == before


def test_what_ends_the_download_reaches_the_reader() -> None:
    """As it is."""

    def chunks() -> Iterator[bytes]:
        yield b"a,b\n"
        raise TryAgain("the download broke off")

    with Content(chunks(), None, sized=True) as file, pytest.raises(TryAgain, match="broke off"):
        file.drain()


def test_a_text_without_a_raw_copy_is_only_read() -> None:
    """Where numbers are not to be kept."""
    with Content(iter([TEXT]), None, sized=True) as file:
        assert file.read() == TEXT
