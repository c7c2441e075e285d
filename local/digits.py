"""Sets of digit strings, exactly: what a regex of the numbering plans accepts, as intervals per length."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from itertools import product
from operator import mul, or_
from re import _constants as op  # type: ignore[attr-defined]  # typeshed leaves the regex parser out
from re import _parser as parser  # type: ignore[attr-defined]  # as above
from typing import Any

LONGEST = 17  # digits; the library parses no longer national number
Span = tuple[int, int]  # from, and before


class UnknownError(Exception):
    """A regex says what this module cannot follow."""


@dataclass(frozen=True)
class Digits:
    """Strings of digits: for each length their values, as spans that rise and do not touch."""

    spans: Mapping[int, tuple[Span, ...]]

    def __or__(self, other: "Digits") -> "Digits":
        both = self.spans.keys() | other.spans.keys()
        return Digits({size: _merged([*self.of(size), *other.of(size)]) for size in both})

    def __and__(self, other: "Digits") -> "Digits":
        both = self.spans.keys() & other.spans.keys()
        return _digits({size: tuple(_common(self.of(size), other.of(size))) for size in both})

    def __sub__(self, other: "Digits") -> "Digits":
        rests = {size: tuple(_gaps(other.of(size), 10**size)) for size in self.spans}
        return self & Digits(rests)

    def __mul__(self, other: "Digits") -> "Digits":
        """Each of these followed by each of those."""
        pairs = [(size, more) for size in self.spans for more in other.spans if size + more <= LONGEST]
        made: dict[int, list[Span]] = {size + more: [] for size, more in pairs}
        for size, more in pairs:
            made[size + more] += _joined(self.of(size), other.of(more), 10**more)
        return _digits({size: _merged(spans) for size, spans in made.items()})

    def __contains__(self, text: str) -> bool:
        return any(low <= int(text or "0") < end for low, end in self.of(len(text)))

    def of(self, size: int) -> tuple[Span, ...]:
        """The values of one length."""
        return self.spans.get(size, ())

    def sized(self, sizes: Iterable[int]) -> "Digits":
        """Those of some lengths."""
        return Digits({size: self.spans[size] for size in self.spans.keys() & set(sizes)})


@dataclass(frozen=True)
class Way:
    """One way through a regex."""

    read: Digits  # of one length
    kept: int | None  # how much of it is in the regex's last group; None: the way does not meet that
    end: bool  # nothing may follow


@cache
def language(pattern: str) -> Digits:
    """What a pattern matches as a whole. Raises UnknownError."""
    return _language(parser.parse(pattern))


def starting(pattern: str) -> Digits:
    """What begins with a match."""
    return language(pattern) * ANY


def ways(pattern: str) -> list[Way]:
    """The ways through a pattern, as the engine tries them."""
    tree = parser.parse(pattern)
    return [_way(steps, tree.state.groups - 1) for steps in _ways(tree)]


def word(text: str) -> Digits:
    """One string alone."""
    return Digits({len(text): ((int(text or "0"), int(text or "0") + 1),)})


def _digits(spans: Mapping[int, tuple[Span, ...]]) -> Digits:
    return Digits({size: found for size, found in spans.items() if found})


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    made: list[Span] = []
    for low, end in sorted(spans):
        if made and low <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((low, end))
    return tuple(made)


def _gaps(spans: Iterable[Span], last: int) -> Iterator[Span]:
    at = 0
    for low, end in (*spans, (last, last)):
        if low > at:
            yield at, low
        at = end


def _common(ours: Iterable[Span], theirs: Iterable[Span]) -> Iterator[Span]:
    first, second = iter(ours), iter(theirs)
    one, two = next(first, None), next(second, None)
    while one and two:
        low, end = max(one[0], two[0]), min(one[1], two[1])
        if low < end:
            yield low, end
        if one[1] <= two[1]:
            one = next(first, None)
        else:
            two = next(second, None)


def _joined(heads: Iterable[Span], tails: tuple[Span, ...], scale: int) -> Iterator[Span]:
    if tails == ((0, scale),):
        yield from ((low * scale, end * scale) for low, end in heads)
        return
    for value in (value * scale for low, end in heads for value in range(low, end)):
        yield from ((value + low, value + end) for low, end in tails)


NONE, EMPTY = Digits({}), word("")
ANY = Digits({size: ((0, 10**size),) for size in range(LONGEST + 1)})


def _language(tree: Any) -> Digits:
    return reduce(lambda after, item: _item(item) * after, reversed(list(tree)), EMPTY)


def _item(item: Any) -> Digits:
    kind, value = item
    if kind is op.BRANCH:
        return reduce(or_, map(_language, value[1]))
    if kind is op.SUBPATTERN:
        return _language(_inner(value))
    if kind is op.MAX_REPEAT:
        low, high, body = value[0], min(value[1], LONGEST), _language(value[2])
        return reduce(or_, (reduce(mul, [body] * count, EMPTY) for count in range(low, high + 1)))
    return _digit(kind, value)


def _inner(group: Any) -> Any:
    number, added, removed, tree = group
    if added or removed:
        raise UnknownError(f"flags in group {number}")
    return tree


def _digit(kind: Any, value: Any) -> Digits:
    """A literal or a class."""
    parts = value if kind is op.IN else [(kind, value)]
    return Digits({1: _merged(_range(*part) for part in parts)})


def _range(kind: Any, value: Any) -> Span:
    if (kind, value) == (op.CATEGORY, op.CATEGORY_DIGIT):
        return 0, 10
    first, last = (value, value) if kind is op.LITERAL else value if kind is op.RANGE else (0, 0)
    if not ord("0") <= first <= last <= ord("9"):
        raise UnknownError(f"{kind} {value}")
    return first - ord("0"), last - ord("0") + 1


Steps = tuple[Any, ...]  # sets of single digits, a group's number where it opens, the same negative where it ends, END
END = "$"


def _ways(tree: Any) -> Iterator[Steps]:
    for ways in product(*(list(_each(item)) for item in tree)):
        yield sum(ways, ())


def _each(item: Any) -> Iterator[Steps]:
    kind, value = item
    if kind is op.BRANCH:
        for branch in value[1]:
            yield from _ways(branch)
    elif kind is op.SUBPATTERN:
        group = value[0]
        yield from (((group, *way, -group) if group else way) for way in _ways(_inner(value)))
    elif kind is op.MAX_REPEAT:
        yield from _repeats(value[0], value[1], list(_ways(value[2])))
    elif (kind, value) == (op.AT, op.AT_END):
        yield (END,)
    else:
        yield (_digit(kind, value),)


def _repeats(low: int, high: int, ways: list[Steps]) -> Iterator[Steps]:
    """The most first, as the engine does; what several ways of several lengths would do is not needed."""
    if len(ways) > 1 and high > 1 and low < high:
        raise UnknownError("ways within a repetition")
    for count in range(high, low - 1, -1):
        yield from (sum(chosen, ()) for chosen in product(ways, repeat=count))


def _way(steps: Steps, last: int) -> Way:
    if END in steps[:-1]:
        raise UnknownError("an end in the middle")
    if steps.count(last) > 1:
        raise UnknownError("a group that repeats")
    met = last > 0 and last in steps
    inside = steps[steps.index(last) : steps.index(-last)] if met else ()
    return Way(reduce(mul, _sets(steps), EMPTY), len(_sets(inside)) if met else None, END in steps)


def _sets(steps: Steps) -> list[Digits]:
    return [step for step in steps if isinstance(step, Digits)]
