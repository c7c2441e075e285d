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


def one(read: Any, text: str, **how: Any) -> Any:
    """A single text, read."""
    return read(pa.array([text], pa.string()), **how)[0].as_py()


@always
@given(st.decimals(Decimal(-9_999_999_999), Decimal(9_999_999_999), places=8, allow_nan=False), st.integers(0, 4))
def test_money_is_exact(amount: Decimal, zeros: int) -> None:
    """To eight places, whatever zeros are written behind them."""
    assert one(parse.money, f"{amount:f}{'0' * zeros}") == amount


@pytest.mark.parametrize("text", ["1", "0.00474784", "-1.5", "0.0000", "9999999999.99999999"])
def test_money_is_read_as_it_is_written(text: str) -> None:
    """With few decimals as with many."""
    assert one(parse.money, text) == Decimal(text)


@pytest.mark.parametrize(
    "text", ["", "0.000000001", "1e-7", "1,50", "$1", "NaN", "12345678901", ".5", "1.", "1 ", "1\n", "\u0661"]
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
    assert parse.time(column).to_pylist() == [when.astimezone(UTC).replace(tzinfo=None) for when in given]


@pytest.mark.parametrize(
    "text",
    ["2026-11-20 05:06:07", "2026-11-20T05:06:07Z", "2026-11-20 05:06:07+00", "2026-11-20 05:06:07 UTC",
     "2026-11-20 05:06:07+0000", "2026-11-20 05:06:07+00:00", "2026-11-20 07:06:07+02", "2026-11-20 07:06:07 +0200",
     "2026-11-20 05:06:07.000"],
)  # fmt: skip
def test_a_time_is_read_in_every_form_that_vendors_write(text: str) -> None:
    """None written is UTC; and it is the same beside a time that takes the slow way."""
    expected = datetime(2026, 11, 20, 5, 6, 7)  # noqa: DTZ001 # Parquet's times are UTC without saying so
    assert one(parse.time, text) == expected
    both = parse.time(pa.array([text, "2026-11-20 07:06:07+02:00"], pa.string()))
    assert both.to_pylist() == [expected, expected]


@pytest.mark.parametrize(
    "text",
    ["", "N/A", "2026-11-20", "20.11.2026 05:06:07", "2026-02-30 05:06:07", "2026-11-20 25:00:00", "1763615167",
     "9999-12-31 23:59:59-05:00", "0001-01-01 00:00:00+05:00"],
)  # fmt: skip
def test_what_is_no_time_is_nothing(text: str) -> None:
    """And spoils no other of its column."""
    found = parse.time(pa.array([text, "2026-11-20 05:06:07"], pa.string())).to_pylist()
    assert found[0] is None and found[1] is not None


@always
@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_a_whole_number_is_exact(number: int) -> None:
    """Up to fifteen digits."""
    assert one(parse.whole, str(number)) == number


@pytest.mark.parametrize("text", ["", "1.0", "1e3", "0x1", "1" * 16, "12 ", "--1"])
def test_what_is_no_whole_number_is_nothing(text: str) -> None:
    """Seconds are whole."""
    assert one(parse.whole, text) is None


@pytest.mark.parametrize(("text", "value"), [("4.5", 4.5), ("5", 5.0), ("nan", None), ("1e3", None), ("", None)])
def test_a_score_is_a_number_with_a_point(text: str, value: float | None) -> None:
    """For scores alone."""
    assert one(parse.real, text) == value


@pytest.mark.parametrize(
    ("text", "plain", "bare"),
    [
        ("+12065550123", "+12065550123", "+12065550123"),
        ("12065550123", None, "+12065550123"),
        ("2065550123", None, None),  # ten digits may lack the country
        ("+0123456789", None, None),
        ("+1234567", None, None),
        ("+1234567890123456", None, None),
        ("911", None, None),
        ("anonymous", None, None),
        ("+1 206 555 0123", None, None),
    ],
)
def test_a_number_is_e164_or_none(text: str, plain: str | None, bare: str | None) -> None:
    """A plus is added where the vendor leaves it out, never before ten digits."""
    assert one(parse.number, text, bare=False) == plain
    assert one(parse.number, text, bare=True) == bare


def test_words_are_compared_without_case_and_blanks() -> None:
    """An unknown word is nothing."""
    column = pa.array(["Inbound", " OUTBOUND ", "sideways", None], pa.string())
    known = {"inbound": "inbound", "outbound": "outbound"}
    assert parse.words(column, known).to_pylist() == ["inbound", "outbound", None, None]


def test_an_empty_field_is_null() -> None:
    """Which is not zero, and not an empty text."""
    assert parse.texts(pa.array(["", " ", "0"], pa.string())).to_pylist() == [None, " ", "0"]
