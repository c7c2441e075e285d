"""What a vendor may write in several forms is read in all of them; what makes no sense is told apart from nothing."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from lambdas.core.answers import decimal, ident, kept, mapping, moment, shown, whole


@pytest.mark.parametrize(
    ("value", "found"),
    [({"id": 7}, "7"), ({"id": "7"}, "7"), ({"id": ""}, None), ({"id": None}, None), ({"id": True}, None),
     ({"id": 1.5}, None), ({"id": []}, None), ({}, None), ([], None), (None, None), ("id", None)],
)  # fmt: skip
def test_an_id_is_an_integer_or_a_string(value: Any, found: str | None) -> None:
    """And nothing else."""
    assert ident(value) == found


def test_what_is_no_object_is_an_empty_one() -> None:
    """So that nothing is found in it."""
    odd: list[Any] = [{"a": 1}, [], None, "a"]
    assert [mapping(one) for one in odd] == [{"a": 1}, {}, {}, {}]


@pytest.mark.parametrize(
    ("value", "found"),
    [("2019-03-18T16:43:01+03:00", datetime(2019, 3, 18, 13, 43, 1, tzinfo=UTC)),
     ("2019-03-18T16:43:01Z", datetime(2019, 3, 18, 16, 43, 1, tzinfo=UTC)),
     ("2019-03-18 16:43:01", datetime(2019, 3, 18, 16, 43, 1, tzinfo=UTC)), (None, None), ("soon", None), (7, None)],
)  # fmt: skip
def test_a_time_has_any_offset_or_is_none(value: Any, found: datetime | None) -> None:
    """Without one it is UTC."""
    assert moment(value) == found


@pytest.mark.parametrize("value", ["1.50", 1.5, Decimal("1.5")])
def test_money_is_a_text_or_a_number(value: Any) -> None:
    """Exact either way."""
    assert decimal(value) == Decimal("1.5")


@pytest.mark.parametrize("value", ["free", "nan", "inf", {}, [], "", True])
def test_what_is_no_amount_is_an_error(value: Any) -> None:
    """None is nothing; anything else would be a guess."""
    for read in (decimal, whole):
        assert read(None) is None
        with pytest.raises(ValueError):
            read(value)


def test_a_count_has_no_fraction() -> None:
    """Also where JSON wrote it as a float."""
    assert [whole(one) for one in (12, "12", 12.0)] == [12, 12, 12]
    with pytest.raises(ValueError):
        whole("12.5")


def test_only_what_is_named_is_kept_and_cut() -> None:
    """A log line stays one."""
    assert kept({"status": 5, "url": "hush"}, ("status", "retry")) == {"status": "5"}
    assert len(kept({"status": "x! " * 500}, ("status",))["status"]) == 60


@pytest.mark.parametrize(
    ("value", "told"),
    [("complete", "'complete'"), (5, "5"), (None, "None"), ("2026-11-23T09:00:00+00:00", "'2026-11-23T09:00:00+00:00'"),
     ([1, 2], "[1, 2]"), ("+12065550123", "'[number]'"), (12065550123, "[number]"), ({"cli": "+1 206 555 0123"}, None)],
)  # fmt: skip
def test_a_value_that_nobody_knows_is_shown_without_a_number(value: Any, told: str | None) -> None:
    """Words and times as they are."""
    assert shown(value) == told if told else "555" not in shown(value)
