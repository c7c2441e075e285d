"""Identities: the vendor's own, else one that the row itself makes, the same in every file that holds it."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lambdas.stream.identity import Identity
from tests.core.making import always
from tests.stream.making import texts

LINES = st.lists(st.lists(st.sampled_from(["", "a", "b"]), min_size=2, max_size=2), min_size=1, max_size=12)


def made(*blocks: list[list[str]], headings: tuple[str, ...] = ("x", "y")) -> list[str]:
    identity = Identity()
    return [one for lines in blocks for one in identity.complete(None, texts(list(headings), *lines)).to_pylist()]


def test_what_the_vendor_gives_is_kept() -> None:
    """Untouched where every row has one; made only where it lacks."""
    block = texts(["x", "y"], ["a", "b"], ["a", "b"])
    assert Identity().complete(pa.array(["1", "2"]), block).to_pylist() == ["1", "2"]
    first, second = Identity().complete(pa.array(["1", None], pa.string()), block).to_pylist()
    assert first == "1" and second.startswith("row-")


def test_equal_rows_are_told_apart_by_their_ordinal() -> None:
    """Also when they come in different blocks."""
    first, other, second, third = made([["a", "b"], ["b", "a"], ["a", "b"]], [["a", "b"]])
    assert [one.rpartition("-")[2] for one in (first, other, second, third)] == ["1", "1", "2", "3"]
    assert len({first, other, second, third}) == 4
    assert first.rpartition("-")[0] == third.rpartition("-")[0] != other.rpartition("-")[0]


@always
@given(LINES, st.integers(0, 12))
def test_an_identity_hangs_on_the_row_alone(lines: list[list[str]], cut: int) -> None:
    """Neither on the order of the columns nor on where a block ends, and no two rows share one."""
    plain = made(lines)
    assert len(set(plain)) == len(lines)
    turned = [line[::-1] for line in lines]
    assert made(turned, headings=("y", "x")) == plain
    parts = [part for part in (lines[:cut], lines[cut:]) if part]
    assert made(*parts) == plain


@always
@given(LINES)
def test_the_same_rows_in_another_order_have_the_same_identities(lines: list[list[str]]) -> None:
    """A re-export may be sorted otherwise."""
    shuffled = sorted(lines, reverse=True)
    assert sorted(made(shuffled)) == sorted(made(lines))
