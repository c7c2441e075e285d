"""A vendor's own fields are typed before anything is deployed; a mistake says what to write."""

from typing import Any

import pytest

from lambdas.core import options

KNOWN = {
    "names": options.texts("names", r"[a-z]+", example="anna"),
    "id": options.text("an id", r"\d+", example="7"),
    "kind": options.word("in", "out", without="both"),
    "kinds": options.some({"in": 1, "out": 2}, "both"),
    "source": options.among("calls", "fax", without="all of them"),
    "least": options.amount("seconds"),
    "most": options.amount("seconds", above=True),
    "ip": options.address(),
    "all": options.FLAG,
    "free": options.ANY,
}
RIGHT: list[tuple[str, Any]] = [
    ("names", ["anna", "otto"]), ("id", "12"), ("kind", "in"), ("kinds", ["in", 2]), ("kinds", [1]), ("source", "fax"),
    ("source", ["calls", "fax"]), ("least", 0), ("least", 1.5), ("ip", "203.0.113.7"), ("ip", "2001:db8::1"),
    ("all", False), ("free", {"a": 1}),
]  # fmt: skip
WRONG: list[tuple[str, Any, str]] = [
    ("names", [], 'a list of names in quotes, such as ["anna"]'),
    ("names", ["Anna"], "a list of names"),
    ("names", "anna", "a list of names"),
    ("names", [1], "a list of names"),
    ("id", 12, 'an id in quotes, such as "7"'),
    ("id", "", "an id"),
    ("kind", "both", "one of in, out; leave it out for both"),
    ("kind", ["in"], "one of in, out"),
    ("kinds", ["both"], "a list of in, out"),
    ("kinds", [], "a list of in, out"),
    ("kinds", [3], "a list of in, out"),
    ("kinds", [True], "a list of in, out"),
    ("kinds", [1.0], "a list of in, out"),
    ("kinds", [["in"]], "a list of in, out"),
    ("source", "mail", "one of calls, fax, or a list of them"),
    ("source", [], "one of calls, fax"),
    ("source", ["calls", "mail"], "one of calls, fax"),
    ("least", -1, "a number of seconds, 0 or more"),
    ("least", True, "a number of seconds"),
    ("least", "1", "a number of seconds"),
    ("least", float("nan"), "a number of seconds"),
    ("least", float("inf"), "a number of seconds"),
    ("most", 0, "a number of seconds, more than 0"),
    ("most", "1", "a number of seconds"),
    ("most", 10**400, "a number of seconds"),
    ("ip", "203.0.113", "an IP address"),
    ("ip", 7, "an IP address"),
    ("all", 1, "true or false"),
]


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_what_fits_passes(name: str, value: Any) -> None:
    """In each of its forms."""
    assert options.check({name: value}, KNOWN, (), "Acme's") == []


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_what_does_not_fit_is_told_what_to_write(name: str, value: Any, said: str) -> None:
    """Once, at its field."""
    ((field, told),) = options.check({name: value}, KNOWN, (), "Acme's")
    assert field == name and said in told


def test_what_is_ours_and_what_nobody_knows_is_refused() -> None:
    """The one must go, the other is told what there is."""
    (ours, strange) = options.check({"start": 1, "nmaes": []}, KNOWN, ("start",), "Acme's")
    assert ours == ("start", "ours to set; remove it")
    assert strange[0] == "nmaes" and "not a field of Acme's request" in strange[1] and "names" in strange[1]


def test_two_that_exclude_each_other_are_told() -> None:
    """One alone is right."""
    assert options.both({"a": 1, "b": 2}, "a", "b") == [("b", "either a or b, not both")]
    assert options.both({"a": 1}, "a", "b") == [] == options.both({}, "a", "b")


@pytest.mark.parametrize(("low", "high", "right"), [(1, 2, True), (2, 2, False), (3, 2, False), (None, 2, True)])
def test_two_bounds_leave_something_between_them(low: Any, high: Any, right: bool) -> None:
    """An export that can hold nothing is a slip."""
    given = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    assert (options.between(given, "low", "high") == []) is right


@pytest.mark.parametrize(
    ("low", "high", "right"), [(60, 61, False), (60, 62, True), (60.5, 61, False), (60.5, 61.5, True)]
)
def test_between_two_bounds_of_whole_numbers_lies_a_whole_one(low: float, high: float, right: bool) -> None:
    """No call lasts 60 and a half seconds."""
    assert (options.between({"low": low, "high": high}, "low", "high", whole=True) == []) is right


def test_bounds_that_are_no_numbers_are_told_elsewhere() -> None:
    """By their kinds, once."""
    assert options.between({"low": "1", "high": float("nan")}, "low", "high", whole=True) == []
