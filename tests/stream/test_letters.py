"""Letters: a text in UTF-8, whatever it came in, with a word about what was not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import Disagrees
from lambdas.stream.letters import Letters
from tests.core.making import always
from tests.stream.making import pieces

TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


def read(data: bytes, size: int) -> tuple[str, Letters]:
    letters = Letters()
    made = b"".join([*(letters.feed(piece) for piece in pieces(data, size)), letters.end()])
    return made.decode(), letters


@always
@given(TEXTS, st.integers(1, 9))
def test_utf_8_goes_through_as_it_is(text: str, size: int) -> None:
    """However it is cut into pieces."""
    made, letters = read(text.encode(), size)
    assert made == text and (letters.odd, letters.name) == (0, "utf-8")


@always
@given(TEXTS.filter(bool), st.integers(2, 9), st.sampled_from(["utf-16-le", "utf-16-be"]))
def test_utf_16_is_told_by_its_mark(text: str, size: int, form: str) -> None:
    """Some spreadsheets write it."""
    made, letters = read(("\ufeff" + text).encode(form), size)
    assert made == text and letters.name == "utf-16"


@always
@given(st.text("abc,é€œß\n", max_size=40), st.integers(1, 9))
def test_windows_1252_is_read_as_such_and_counted(text: str, size: int) -> None:
    """The count says that somebody guessed."""
    data = text.encode("cp1252")
    made, letters = read(data, size)
    if letters.odd == sum(byte > 127 for byte in data):  # else two of them happen to make a letter of UTF-8
        assert made == text
    assert letters.name == ("utf-8" if data.isascii() else letters.name)


def test_a_mixed_text_keeps_its_good_letters() -> None:
    """Only the bytes that are no UTF-8 are read otherwise."""
    made, letters = read("Zürich,".encode() + b"Gen\xe8ve,\x81" + "€".encode(), 3)
    assert made == "Zürich,Genève,\x81€"
    assert (letters.odd, letters.name) == (2, "utf-8, 2 bytes as windows-1252")


def test_a_letter_that_never_ends_is_kept_all_the_same() -> None:
    """As what its bytes are alone."""
    assert read("a€".encode()[:-1], 2)[0] == "a\xe2\u201a"


@pytest.mark.parametrize("data", [b"\xff\xfea\x00b", b"\xff\xfe\x00\xd8"])
def test_what_is_no_utf_16_disagrees(data: bytes) -> None:
    """A mark alone makes no text."""
    with pytest.raises(Disagrees, match="UTF-16"):
        read(data, 2)


@always
@given(st.binary(max_size=40), st.integers(1, 5), st.integers(1, 40))
def test_no_byte_gets_lost_and_pieces_do_not_matter(data: bytes, size: int, other: int) -> None:
    """Anything may come."""
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        (made, letters), (again, _) = read(data, size), read(data, other)
        assert made == again
        assert len(made) >= letters.odd
