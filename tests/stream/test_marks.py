"""Marks: the same for the same text, whatever stands beside it, and different for nearly all others."""

import uuid
from random import Random

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lambdas.stream.marks import LONGEST, marks
from tests.core.making import always

TEXTS = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60), min_size=1, max_size=8)


def of(texts: list[str]) -> list[int]:
    found: list[int] = marks(pa.array(texts, pa.string())).to_pylist()
    return found


@always
@given(TEXTS, TEXTS)
def test_a_mark_does_not_depend_on_its_block(texts: list[str], others: list[str]) -> None:
    """Nor does a slice of an array matter."""
    assert of(texts) == of(texts + others)[: len(texts)] == of(others + texts)[len(others) :]
    sliced = pa.array([*others, *texts], pa.string())[len(others) :]
    assert marks(sliced).to_pylist() == of(texts)


@always
@given(TEXTS)
def test_different_texts_have_different_marks(texts: list[str]) -> None:
    """By chance alone they would share one."""
    assert len(set(of(texts))) == len(set(texts))


def test_marks_of_a_hundred_thousand_identities_are_as_many() -> None:
    """Random ones, numbered ones, and such as differ in their last letter."""
    rng = Random(1)
    texts = [str(uuid.UUID(int=rng.getrandbits(128))) for _ in range(50_000)]
    texts += [f"{n:08d}{n * 7 % 1000:08d}" for n in range(20_000)]
    texts += [f"call-{n}" for n in range(50_000)] + [f"{texts[0]}-{n}" for n in range(20_000)]
    assert len(set(of(texts))) == len(texts)


def test_only_the_beginning_of_a_huge_text_counts() -> None:
    """So that a hostile file fills no memory; such rows are told apart when they are watched."""
    assert of(["x" * 10_000 + "a"]) == of(["x" * 10_000 + "b", "short"])[:1]
    assert of(["x" * (LONGEST - 1) + "a"]) != of(["x" * (LONGEST - 1) + "b"])
    assert of(["x" * 100, "y" * 10_000])[0] == of(["x" * 100])[0]


def test_no_texts_have_no_marks() -> None:
    """An empty block."""
    assert of([]) == []
