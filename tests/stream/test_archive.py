"""A ZIP as it streams: its one file's text, or why not; and whether all of it came."""

import zipfile
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Broken, Disagrees, Unsound
from lambdas.stream import archive as module
from lambdas.stream.archive import HUGE, ROW, Archive
from tests.core.making import always
from tests.stream.making import archive, pieces

TEXT = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(3000))
FORMS = {
    "deflated": archive(TEXT),
    "streamed": archive(TEXT, streamed=True),
    "stored": archive(TEXT, method=zipfile.ZIP_STORED),
    "empty": archive(b""),
}


def read(data: bytes, size: int = 1 << 20) -> bytes:
    made = Archive()
    text = b"".join(part for piece in pieces(data, size) for part in made.feed(piece))
    made.end()
    return text


@always
@given(st.sampled_from(sorted(FORMS)), st.integers(1, 5000))
def test_the_text_is_that_of_its_file_however_it_comes(form: str, size: int) -> None:
    """Deflated or stored, with its sums before it or behind."""
    assert read(FORMS[form], size) == (b"" if form == "empty" else TEXT)


@always
@given(st.sampled_from(sorted(FORMS)), st.integers(4, 9000), st.integers(1, 5000))
def test_a_zip_that_is_cut_is_broken(form: str, at: int, size: int) -> None:
    """Wherever: in its file, between it and its directory, within the directory."""
    data = FORMS[form]
    with pytest.raises(Broken):
        read(data[: min(at, len(data) - 23)], size)


@always
@given(st.sampled_from(["deflated", "streamed", "stored"]), st.integers(40, 9000), st.integers(1, 255))
def test_a_zip_that_was_altered_is_never_read_otherwise(form: str, at: int, bits: int) -> None:
    """Either the same text comes out, or none is taken for whole."""
    data = bytearray(FORMS[form])
    data[at % len(data)] ^= bits
    with suppress(Unsound):
        assert read(bytes(data), 1000) == TEXT


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (archive(b"a\n", b"b\n"), "several files"),
        (archive(b"a\n", b"b\n", streamed=True), "several files"),
        (archive(), "holds no file"),
        (archive(b"a\n", flags=1), "encrypted, or not deflated"),
        (archive(b"a\n", method=zipfile.ZIP_BZIP2), "encrypted, or not deflated"),
    ],
)
def test_what_is_not_one_deflated_file_disagrees(data: bytes, said: str) -> None:
    """With the reason."""
    with pytest.raises(Disagrees, match=said):
        read(data)


def test_a_length_of_a_large_file_stands_in_its_zip64_field() -> None:
    """Beyond 4 GB the entry's own fields say so."""
    data = archive(TEXT, streamed=True)
    at = data.index(module.ENTRY)
    row = list(ROW.unpack_from(data, at))
    lengths = row[9].to_bytes(8, "little") + row[8].to_bytes(8, "little")
    row[8] = row[9] = HUGE
    row[11] += 20
    name = data[at + ROW.size : at + ROW.size + row[10]]
    extra = b"\x01\x00\x10\x00" + lengths
    made = data[:at] + ROW.pack(*row) + name + extra + _ending(data, 1, ROW.size + len(name + extra))
    assert read(made) == TEXT


@pytest.mark.parametrize(("files", "size"), [(1, 0), (0, 47), (2, 47)])
def test_an_end_that_tells_of_another_directory_is_broken(files: int, size: int) -> None:
    """Other readers go by it, and would find another file, or none."""
    data = FORMS["deflated"]
    with pytest.raises(Broken, match=f"its end tells of {files} files in {size} bytes"):
        read(data[:-22] + _ending(data, files, size))


def _ending(data: bytes, files: int, size: int) -> bytes:
    """The end of an archive, with other figures."""
    end = bytearray(data[data.rindex(module.END) :])
    end[10:16] = files.to_bytes(2, "little") + size.to_bytes(4, "little")
    return bytes(end)


def test_a_directory_without_end_ends_early() -> None:
    """It is kept in memory, and so bounded."""

    def endless() -> Iterator[bytes]:
        yield FORMS["deflated"][:-22]
        for _ in range(3):
            yield b"\0" * (1 << 19)

    made = Archive()
    with pytest.raises(Disagrees, match="too-large"):
        for piece in endless():
            list(made.feed(piece))
