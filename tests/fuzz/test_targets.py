"""The short run: every stored input goes through its target again, and hypothesis makes some more of them."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.making import always
from tests.fuzz.targets import NAMES, target

CORPUS = Path(__file__).parent / "corpus"
STORED = {name: [one.read_bytes() for one in sorted((CORPUS / name).iterdir())] for name in NAMES}
EXAMPLES = {"csv": 40, "callback": 60, "archive": 60}
SLOW = 5.0  # seconds that no input takes


def inputs(name: str) -> st.SearchStrategy[bytes]:
    """Any bytes, words of the target in any order, and stored inputs with something else in their middle."""
    words = st.sampled_from([word.encode() for word in target(name).WORDS])
    made = st.lists(words | st.binary(max_size=6), max_size=12).map(b"".join)
    stored = st.tuples(st.sampled_from(STORED[name]), st.integers(0, 300), made, st.integers(0, 20))
    return (
        st.binary(max_size=200) | made | stored.map(lambda one: one[0][: one[1]] + one[2] + one[0][one[1] + one[3] :])
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_corpus_finds_nothing(name: str) -> None:
    """Whatever was found once is in it, and stays mended; none of it takes long."""
    assert STORED[name]
    run = target(name).run
    for data in STORED[name]:
        began = time.monotonic()
        run(data)
        assert time.monotonic() - began < SLOW


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found_by_chance(name: str) -> None:
    """The same inputs at every run."""

    @settings(always, max_examples=EXAMPLES.get(name, 100))
    @given(data=inputs(name))
    def drawn(data: bytes) -> None:
        target(name).run(data)

    drawn()


def test_the_corpus_is_small_and_holds_no_secret() -> None:
    """Below a megabyte; and nothing in it looks like a key of AWS's."""
    every = [one for stored in STORED.values() for one in stored]
    assert sum(map(len, every)) < 1 << 20
    assert not [one for one in every if b"AKIA" in one or b"PRIVATE KEY" in one]
