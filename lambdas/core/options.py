"""A vendor's own request fields in exports.toml, held against the vendor's table of them before a deploy."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from lambdas.core.facts import Mistake, Options

MOST = 10**12


@dataclass(frozen=True)
class Kind:
    """A field's values: `fits` takes one from TOML, `says` what to write."""

    says: str
    fits: Callable[[Any], bool]


def texts(what: str, form: str = r".+", *, example: str) -> Kind:
    """A list, not empty, of texts of one form."""
    return Kind(f'a list of {what} in quotes, such as ["{example}"]', lambda value: _all(value, form))


def text(what: str, form: str = r".+", *, example: str) -> Kind:
    """One text of a form."""
    return Kind(f'{what} in quotes, such as "{example}"', lambda value: _one(value, form))


def word(*words: str, without: str) -> Kind:
    """One of a few words; `without` says what leaving it out means."""
    return Kind(f"one of {', '.join(words)}; leave it out for {without}", lambda value: value in words)


def among(*words: str, without: str) -> Kind:
    """One of a few words, or a list of them, not empty."""
    return Kind(
        f"one of {', '.join(words)}, or a list of them; leave it out for {without}",
        lambda value: value in words or (_listed(value) and all(one in words for one in value)),
    )


def some(words: Mapping[str, int], without: str) -> Kind:
    """A list, not empty, of words or of the vendor's numbers for them."""
    known = (*words, *words.values())
    return Kind(
        f'a list of {", ".join(words)}, such as ["{next(iter(words))}"]; leave it out for {without}',
        lambda value: _listed(value) and all(type(one) in (str, int) and one in known for one in value),
    )


def amount(unit: str, *, above: bool = False) -> Kind:
    """A finite number, not negative; `above`: nor 0."""
    return Kind(
        f"a number of {unit}, {'more than 0' if above else '0 or more'}",
        lambda value: _finite(value) and (value > 0 if above else value >= 0),
    )


def address() -> Kind:
    """An IP address."""
    return Kind('an IP address in quotes, such as "203.0.113.7"', _address)


ANY = Kind("", lambda _: True)  # checked elsewhere, or not at all
FLAG = Kind("true or false, without quotes", lambda value: isinstance(value, bool))


def check(options: Options, known: Mapping[str, Kind], ours: Collection[str], whose: str) -> list[Mistake]:
    """The mistakes: a field that is ours to set, one of another kind, one that the vendor's request does not have."""
    wrong: list[Mistake] = [(name, "ours to set; remove it") for name in ours if name in options]
    wrong += [(name, kind.says) for name, kind in known.items() if name in options and not kind.fits(options[name])]
    strange = [name for name in options if name not in known and name not in ours]
    return wrong + [(name, f"not a field of {whose} request; it has {', '.join(sorted(known))}") for name in strange]


def both(options: Options, one: str, other: str) -> list[Mistake]:
    """Two fields that cannot stand together."""
    return [(other, f"either {one} or {other}, not both")] if one in options and other in options else []


def between(options: Options, low: str, high: str, *, whole: bool = False) -> list[Mistake]:
    """Two bounds with nothing in between; `whole`: no whole number."""
    least, most = options.get(low), options.get(high)
    if least is None or most is None or not (_finite(least) and _finite(most)):
        return []
    if (math.floor(least) + 1 if whole else least) < most:
        return []
    return [(high, f"more than {low}, or there is nothing between them")]


def _finite(value: Any) -> bool:
    """A number that every JSON and every ledger holds."""
    return type(value) in (int, float) and -MOST < value < MOST


def _listed(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _all(value: Any, form: str) -> bool:
    return _listed(value) and all(_one(one, form) for one in value)


def _one(value: Any, form: str) -> bool:
    return isinstance(value, str) and re.fullmatch(form, value) is not None and bool(value.strip())


def _address(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(ip_address(value))
    except ValueError:
        return False
