"""Identities: the vendor's own, else one that the row itself makes, the same in every file that holds it."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core.errors import TooLarge
from lambdas.stream import identity as module
from lambdas.stream.identity import Identity
from lambdas.stream.table import SCHEMA
from tests.core.making import always
from tests.stream.making import texts

LINES = st.lists(st.lists(st.sampled_from(["", "a", "b"]), min_size=2, max_size=2), min_size=1, max_size=12)
Given = list[str | None]


def batch(given: Given) -> pa.RecordBatch:
    """A block of `calls_all` with nothing but identities."""
    columns = [
        pa.array(given, pa.string()) if one.name == "row_id" else pa.nulls(len(given), one.type) for one in SCHEMA
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def read(identity: Identity, *blocks: list[list[str]], headings: tuple[str, ...] = ("x", "y")) -> list[str]:
    done = [identity.complete(batch([None] * len(one)), texts(list(headings), *one), None) for one in blocks]
    return [name for block in done for name in block.column("row_id").to_pylist()]


def made(*blocks: list[list[str]], headings: tuple[str, ...] = ("x", "y")) -> list[str]:
    """As a report is read: once more, where identities came twice."""
    with Identity() as first:
        found = read(first, *blocks, headings=headings)
        if not (twice := first.repeats()):
            return found
    with Identity(twice) as second:
        return read(second, *blocks, headings=headings)


def given_ids(*blocks: Given) -> tuple[list[str], Identity]:
    with Identity() as first:
        for one in blocks:
            first.complete(batch(one), texts(["x"], *([f"text {name}"] for name in one)), None)
        twice = first.repeats()
    with Identity(twice) as second:
        done = [second.complete(batch(one), texts(["x"], *([f"text {name}"] for name in one)), None) for one in blocks]
    return [name for block in done for name in block.column("row_id").to_pylist()], second


def test_what_the_vendor_gives_is_kept() -> None:
    """Untouched where every row has one; made only where it lacks."""
    block = texts(["x", "y"], ["a", "b"], ["a", "b"])
    assert Identity().complete(batch(["1", "2"]), block, None).column("row_id").to_pylist() == ["1", "2"]
    first, second = Identity().complete(batch(["1", None]), block, None).column("row_id").to_pylist()
    assert first == "1" and second.startswith("row-")


def test_an_identity_that_the_vendor_repeats_counts_once_and_is_told() -> None:
    """The first row stays; the others are handed over as they came."""
    found, identity = given_ids(["1", "2", "1"], ["3", "2", "4"])
    assert found == ["1", "2", "3", "4"] and identity.repeated == 2
    assert identity.dropped == [{"x": "text 1"}, {"x": "text 2"}]


def test_equal_rows_are_told_apart_by_their_ordinal() -> None:
    """Where the vendor gives no identity both are calls; also when they come in different blocks."""
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


@pytest.mark.parametrize("held", [10, 1 << 20])
def test_what_came_twice_is_found_in_any_number_of_rows(monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    """In memory and on disk, in several parts; and nothing else is."""
    monkeypatch.setattr(module, "HELD", held)
    monkeypatch.setattr(module, "PART", 100)
    monkeypatch.setattr(module, "READ", 8 * 64)
    blocks: list[Given] = [[f"id-{at}-{n}" for n in range(500)] for at in range(4)]
    blocks[3][7], blocks[1][0] = blocks[0][3], blocks[0][499]
    found, identity = given_ids(*blocks)
    assert identity.repeated == 2 and len(identity.watched) == 2
    assert len(found) == len(set(found)) == 4 * 500 - 2


def test_two_identities_that_share_a_mark_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should it ever happen: both stay."""

    def one_for_all(names: Any) -> Any:
        return pa.array([7] * len(names), pa.int64())

    monkeypatch.setattr(module, "marks", one_for_all)
    found, identity = given_ids(["1", "2", "1"])
    assert found == ["1", "2"] and identity.repeated == 1


def test_beyond_a_number_of_rows_a_report_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the advice."""
    monkeypatch.setattr(module, "MOST", 2)
    with pytest.raises(TooLarge, match="over 2 rows; take a smaller `window`"):
        given_ids(["1", "2", "3"])


def test_a_veiled_row_is_named_by_what_is_veiled() -> None:
    """So that its name does not tell a number that is not to be told: where it stands does not matter either."""
    one, other = texts(["n"], ["+12065550123"]), texts(["n"], ["+12065550199"])
    veiled = batch([None])
    names = [Identity().complete(veiled, line, veiled).column("row_id").to_pylist() for line in (one, other)]
    assert names[0] == names[1]
