"""Tags say what they are about and nothing else reads as one; a capability opens one tag only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.core import tags
from lambdas.core.rows import Row
from lambdas.core.windows import DAY, Window
from tests.core.making import NOW, always, row, window

FIELDS = {"start_time": "2026-11-19T00:00:00+00:00", "source": "calls"}
ROWS = st.builds(
    lambda name, days, seconds, source, revision, attempt, run: Row(
        name,
        Window(NOW.replace(hour=0) - days * DAY, seconds, source),
        revision=revision,
        attempt=attempt,
        run=run,
    ),
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True),
    st.integers(0, 9000),
    st.sampled_from([900, 3600, 86_400]),
    st.sampled_from(["calls", "call-control"]),
    st.integers(0, 9999),
    st.integers(1, 9999),
    st.integers(0, 9999),
)


@always
@given(ROWS)
def test_a_tag_is_read_back(one: Row) -> None:
    """Stack, export, window, revision and attempt."""
    said = tags.read(tags.tag("0a1b2c3d", one, FIELDS))
    assert said == tags.Tag("0a1b2c3d", one.export, one.window, one.revision, one.attempt)


@always
@given(ROWS)
def test_an_execution_s_name_is_never_too_long(one: Row) -> None:
    """Step Functions takes 80 characters of a few kinds; a tag fits a path's segment."""
    name = tags.execution(one)
    assert len(name) <= 80 and name.replace("-", "").isalnum()
    assert len(tags.tag("0a1b2c3d", one, FIELDS)) <= 160


def test_each_run_has_its_own_execution() -> None:
    """Revision, attempt, run, window and export tell them apart; the same run has the same name."""
    several = [row(), row(run=1), row(attempt=2), row(revision=1), row(window=window(20)), row(export="other")]
    assert len({tags.execution(one) for one in several}) == len(several)
    assert tags.execution(row(run=1)) == tags.execution(row(run=1, looks=7))


def test_a_tag_follows_the_request() -> None:
    """Another field, another tag; the order of the fields is no difference."""
    plain = tags.tag("0a1b2c3d", row(), FIELDS)
    assert plain == tags.tag("0a1b2c3d", row(), dict(reversed(FIELDS.items())))
    assert plain != tags.tag("0a1b2c3d", row(), {**FIELDS, "source": "call-control"})


@pytest.mark.parametrize("ending", ["x", "\n", "/", ".r1"])
def test_what_is_nearly_a_tag_is_none(ending: str) -> None:
    """Neither with something behind it, nor with a part missing, nor of a day that no month has."""
    good = tags.tag("0a1b2c3d", row(), FIELDS)
    assert tags.read(good + ending) is None
    assert tags.read(good.replace("cdr1", "cdr2")) is None
    assert tags.read(good.replace("20261119", "20261139")) is None


def test_a_capability_opens_its_own_tag_only() -> None:
    """Another tag, another key, a letter changed or a word from elsewhere: refused."""
    tag, other = (tags.tag("0a1b2c3d", row(attempt=n), FIELDS) for n in (1, 2))
    word = tags.capability(b"key", tag)
    assert tags.genuine(b"key", tag, word)
    assert not tags.genuine(b"key", other, word)
    assert not tags.genuine(b"another", tag, word)
    assert not any(tags.genuine(b"key", tag, wrong) for wrong in ("", word[:-1], word.swapcase(), "ü"))


def test_a_capability_cannot_be_guessed_and_fits_a_path() -> None:
    """192 bits in letters that need no escape."""
    word = tags.capability(b"key", "a tag")
    assert len(word) == 32 and word.replace("-", "").replace("_", "").isalnum()
