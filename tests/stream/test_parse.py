"""Texts to values: exact, or nothing."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.stream import parse
from tests.core.making import always

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2100, 1, 1))  # noqa: DTZ001 # naive bounds are hypothesis's way


def one(read: Any, text: str) -> Any:
    """A single text, read."""
    return read(pa.array([text or None], pa.string()))[0].as_py()


def instants(column: pa.Array) -> pa.Array:
    """Times alone."""
    return parse.time(column)[0]


def together(read: Any, texts: list[str]) -> list[Any]:
    """Many texts as one column."""
    found: list[Any] = read(pa.array(texts, pa.string())).to_pylist()
    return found


MIXED = st.lists(
    st.one_of(
        st.sampled_from(["1", "-7", "0x1F", "1.5", ".5", "5.", "1e3", "1e-9", "+2", " 3", "nan", "inf", "12345678901.5",
                         "0.123456789", "99999999999999999999", "N/A", "1,5", "--1", "0X2", "1_000", "\u0661",
                         "2026-11-20 05:06:07", "2026-11-20 05:06:07+02", "2026-11-20", "2026-02-30 00:00:00"]),
        st.integers(-(10**12), 10**12).map(str),
        st.decimals(-(10**9), 10**9, places=9, allow_nan=False).map(str),
        st.text(max_size=6),
    ).filter(bool),
    min_size=1, max_size=30,
)  # fmt: skip


@always
@given(MIXED)
@pytest.mark.parametrize("read", [parse.whole, parse.money, parse.real, instants])
def test_what_becomes_of_a_value_does_not_depend_on_its_neighbours(read: Any, texts: list[str]) -> None:
    """Read together, with good and bad ones, or alone: the same."""
    assert together(read, texts) == [one(read, text) for text in texts]


@always
@given(st.decimals(Decimal(-9_999_999_999), Decimal(9_999_999_999), places=8, allow_nan=False), st.integers(0, 4))
def test_money_is_exact(amount: Decimal, zeros: int) -> None:
    """To eight places, whatever zeros are written behind them."""
    assert one(parse.money, f"{amount:f}{'0' * zeros}") == amount


@pytest.mark.parametrize("text", ["1", "0.00474784", "-1.5", "0.0000", "9999999999.99999999", ".5", "1.", "1e-7"])
def test_money_is_read_as_it_is_written(text: str) -> None:
    """With few decimals as with many."""
    assert one(parse.money, text) == Decimal(text)


@pytest.mark.parametrize(
    "text", ["", "0.000000001", "1e-9", "1,50", "$1", "NaN", "12345678901", "0x1", "1 ", "1\n", "\u0661"]
)
def test_what_is_not_exactly_money_is_nothing(text: str) -> None:
    """Neither rounded nor guessed."""
    assert one(parse.money, text) is None


@always
@given(st.lists(st.tuples(MOMENTS, OFFSETS), min_size=1, max_size=4), st.sampled_from([" ", "T"]))
def test_a_time_is_its_instant_whatever_the_offset(moments: list[tuple[datetime, timezone]], between: str) -> None:
    """A column may mix them."""
    given = [when.replace(tzinfo=zone) for when, zone in moments]
    column = pa.array([when.isoformat(between) for when in given], pa.string())
    assert instants(column).to_pylist() == [when.astimezone(UTC).replace(tzinfo=None) for when in given]


@pytest.mark.parametrize(
    "text",
    ["2026-11-20 05:06:07", "2026-11-20T05:06:07Z", "2026-11-20 05:06:07+00", "2026-11-20 05:06:07 UTC",
     "2026-11-20 05:06:07+0000", "2026-11-20 05:06:07+00:00", "2026-11-20 07:06:07+02", "2026-11-20 07:06:07 +0200",
     "2026-11-20 05:06:07.000"],
)  # fmt: skip
def test_a_time_is_read_in_every_form_that_vendors_write(text: str) -> None:
    """None written is UTC; and it is the same beside a time that takes the slow way."""
    expected = datetime(2026, 11, 20, 5, 6, 7)  # noqa: DTZ001 # Parquet's times are UTC without saying so
    assert one(instants, text) == expected
    both = instants(pa.array([text, "2026-11-20 07:06:07+02:00"], pa.string()))
    assert both.to_pylist() == [expected, expected]


@pytest.mark.parametrize(
    "text",
    ["", "N/A", "2026-11-20", "20.11.2026 05:06:07", "2026-02-30 05:06:07", "2026-11-20 25:00:00", "1763615167",
     "9999-12-31 23:59:59-05:00", "0001-01-01 00:00:00+05:00"],
)  # fmt: skip
def test_what_is_no_time_is_nothing(text: str) -> None:
    """And spoils no other of its column."""
    found = instants(pa.array([text or None, "2026-11-20 05:06:07"], pa.string())).to_pylist()
    assert found[0] is None and found[1] is not None


@always
@given(st.integers(-(2**63), 2**63 - 1))
def test_a_whole_number_is_exact(number: int) -> None:
    """All that 64 bits hold."""
    assert one(parse.whole, str(number)) == number


@pytest.mark.parametrize("text", ["", "1.0", "1e3", "0x1", "-0X1f", "9" * 19, "12 ", "--1"])
def test_what_is_no_whole_number_is_nothing(text: str) -> None:
    """Seconds are whole."""
    assert one(parse.whole, text) is None


@pytest.mark.parametrize(("text", "value"), [("4.5", 4.5), ("5", 5.0), ("nan", None), ("inf", None), ("", None)])
def test_a_score_is_a_number_with_a_point(text: str, value: float | None) -> None:
    """For scores alone."""
    assert one(parse.real, text) == value


def test_words_are_compared_without_case_and_blanks() -> None:
    """An unknown word is nothing."""
    column = pa.array(["Inbound", " OUTBOUND ", "sideways", None], pa.string())
    known = {"inbound": "inbound", "outbound": "outbound"}
    assert parse.words(column, known).to_pylist() == ["inbound", "outbound", None, None]


@pytest.mark.parametrize(
    ("texts", "bare"),
    [(["2026-11-20 05:06:07"], True), (["2026-11-20 05:06:07+00"], False), ([None], False), (["N/A"], False),
     (["2026-11-20 05:06:07+00", "2026-11-20 05:06:07"], True), (["2026-11-20 05:06:07Z", "N/A"], False)],
)  # fmt: skip
def test_a_time_without_a_zone_is_told(texts: list[str | None], bare: bool) -> None:
    """It was taken for UTC, which somebody should know."""
    assert parse.time(pa.array(texts, pa.string()))[1] is bare


@pytest.mark.parametrize("read", [parse.whole, parse.money, parse.real, instants])
def test_a_slice_of_a_column_is_read_as_itself(read: Any) -> None:
    """Arrays may share their memory."""
    column = pa.array(["0x9", "1", "2", "0x9"], pa.string())
    assert read(column[1:3]).to_pylist() == together(read, ["1", "2"])
    assert read(column[:0]).to_pylist() == []
