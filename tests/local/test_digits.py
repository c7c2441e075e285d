"""Sets of digit strings are what the regex engine accepts, string by string."""

import re
from itertools import product

import pytest

from local.digits import ANY, EMPTY, NONE, Digits, UnknownError, language, starting, ways, word

ALL = ["".join(some) for size in range(5) for some in product("0123456789", repeat=size)]
PATTERNS = [
    *("", "12", "[2-49]", r"\d", r"\d{2}", r"\d{1,3}", "1?2?3", "(?:12|3)4?", "0(?:[1-3]|4[05-9])", r"[1-9]\d?|0{2,3}"),
    *("(?:1|12)2?", "1(?:2(?:3|[45]6)|7)?", r"(?:\d|1\d){2}", "00?", "1{3}|1{2,4}"),
]


def held(some: Digits) -> list[str]:
    """The shortest strings of a set."""
    return [one for one in ALL if one in some]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_s_language_is_what_it_matches(pattern: str) -> None:
    """Of all strings up to four digits."""
    assert held(language(pattern)) == [one for one in ALL if re.fullmatch(pattern, one)]
    assert held(starting(pattern)) == [one for one in ALL if re.match(pattern, one)]


@pytest.mark.parametrize("one", PATTERNS)
@pytest.mark.parametrize("two", ["12", r"[2-5]\d?", r"\d{3}"])
def test_sets_are_put_together_as_sets(one: str, two: str) -> None:
    """Or, and, without."""
    ours, theirs = set(held(language(one))), set(held(language(two)))
    assert sorted(held(language(one) | language(two))) == sorted(ours | theirs)
    assert sorted(held(language(one) & language(two))) == sorted(ours & theirs)
    assert sorted(held(language(one) - language(two))) == sorted(ours - theirs)


def test_what_is_the_same_is_written_in_one_way() -> None:
    """Neighbouring spans are one."""
    assert language("[0-4]|[5-9]") == language(r"\d")
    assert language("1[0-9]") == word("1") * language(r"\d") == language(r"1\d")
    assert ANY - ANY == NONE == language("1") & language("2") == NONE * ANY
    assert EMPTY * word("07") == word("07") != word("7")


@pytest.mark.parametrize(
    "pattern", ["0?(?:(1|12)5)?", "0|00|1(2|23)?", "(12?)$|1", "(0)?(1)?", "8{0,2}1?", "(?:(1)|12)3?"]
)
def test_ways_are_tried_as_the_engine_tries_them(pattern: str) -> None:
    """The first that fits is the match, and its last group the match's."""
    tried = [(way, way.read if way.end else way.read * ANY) for way in ways(pattern)]
    for text in ALL:
        found, way = re.match(pattern, text), next((way for way, fits in tried if text in fits), None)
        assert (found is None) == (way is None)
        if found is None or way is None:
            continue
        group = found[found.re.groups]
        assert set(way.read.spans) == {len(found[0])}
        assert way.kept == (len(group) if found.re.groups and group is not None else None)


@pytest.mark.parametrize(
    "pattern", ["(?=1)2", "[^1]", ".", "a", "1*?", r"\D", r"(1)\1", r"\b1", "(?i:1)", "1++", "[/-3]"]
)
def test_what_is_not_known_is_not_guessed(pattern: str) -> None:
    """Another library version may have other regexes: then this is an error, not a wrong table."""
    with pytest.raises(UnknownError):
        language(pattern)


@pytest.mark.parametrize("pattern", ["$1", "(?:1|22){1,2}", "(?:(1)){2}", "a", "(?=1)"])
def test_no_way_is_guessed_either(pattern: str) -> None:
    """An end in the middle, ways within a repetition, a group that repeats."""
    with pytest.raises(UnknownError):
        ways(pattern)
