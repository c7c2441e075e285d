"""`python -m local.numbering` writes the table of the world's numbers from the numbering plans of `phonenumbers`.

`--check` writes nothing and fails unless the file is what the installed library gives. The plans are regexes: each is
turned into the exact set of the numbers that it accepts (local/digits.py), and the sets are put together as the
library's own functions do it for one number; their names stand beside the code that follows them.
"""

import re
import sys
from collections.abc import Iterator
from functools import reduce
from operator import or_
from pathlib import Path

import phonenumbers as library
import pyarrow as pa
import pyarrow.parquet as pq
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from lambdas.stream.numbering import FILE, MARK, VERSION
from local.digits import ANY, LONGEST, NONE, Digits, UnknownError, Way, language, starting, ways, word

SIZES = range(8, 16)  # digits of a number with its country calling code
WORLD = "001"  # the library's region of numbers that belong to no country
TYPES = (
    *("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail"),
    "fixed_line",
)
Piece = tuple[Digits, str | None, bool]  # numbers, their country, whether they are toll-free
Row = tuple[int, str | None, bool | None]  # as in the file


def table() -> pa.Table:
    """The file's rows: what each span of numbers is, by where it ends."""
    ends, countries, tolls = zip(*rows(), strict=True)
    columns = [pa.array(ends, pa.int64()), pa.array(countries, pa.string()), pa.array(tolls, pa.bool_())]
    made = pa.table(dict(zip(("end", "country", "toll_free"), columns, strict=True)))
    return made.replace_schema_metadata({VERSION: library.__version__})


def rows() -> Iterator[Row]:
    """Spans of keys without a gap, from 0 to above every key; those between numbers have nulls."""
    at = 0
    for low, end, country, toll in sorted(_spans(), key=lambda span: span[:2]):
        if low > at:
            yield low, None, None
        yield end, country, toll
        at = end
    yield 10 ** (SIZES.stop + 1), None, None


def _spans() -> Iterator[tuple[int, int, str | None, bool]]:
    for code in library.COUNTRY_CODE_TO_REGION_CODE:
        for found, country, toll in pieces(code):
            keys = word(f"{MARK}{code}") * found
            for size in SIZES:
                yield from ((low, end, country, toll) for low, end in keys.of(len(MARK) + size))


def pieces(code: int) -> Iterator[Piece]:
    """The national numbers of a country calling code (region_code_for_number, is_valid_number, number_type)."""
    regions = plans(code)
    left = ANY - shortened(next(iter(regions.values())))
    for region, plan in regions.items():
        valid, claimed = _valid(plan), left
        if len(regions) > 1:
            claimed = left & (starting(plan.leading_digits) if plan.leading_digits else valid)
        left, valid = left - claimed, valid & claimed
        free = _described(plan.toll_free) - _described(plan.premium_rate)
        country = None if region == WORLD else region
        yield from ((valid & free, country, True), (valid - free, country, False))


def plans(code: int) -> dict[str, PhoneMetadata]:
    """The plans of the regions that share a country calling code, the main one first."""
    regions = library.COUNTRY_CODE_TO_REGION_CODE[code]
    found = {region: PhoneMetadata.metadata_for_region_or_calling_code(code, region) for region in regions}
    return {region: plan for region, plan in found.items() if plan}


def _valid(plan: PhoneMetadata) -> Digits:
    """_number_type_helper: anything but UNKNOWN."""
    types = TYPES if plan.same_mobile_and_fixed_line_pattern else (*TYPES, "mobile")
    return _described(plan.general_desc) & reduce(or_, (_described(getattr(plan, name)) for name in types))


def _described(desc: PhoneNumberDesc | None) -> Digits:
    """_is_number_matching_desc."""
    found = _matching(desc)
    return found.sized(desc.possible_length) if desc and desc.possible_length else found


def _matching(desc: PhoneNumberDesc | None) -> Digits:
    """_match_national_number."""
    return language(desc.national_number_pattern) if desc and desc.national_number_pattern else NONE


def shortened(plan: PhoneMetadata) -> Digits:
    """What `parse` takes for another number with a national prefix before it (_maybe_strip_national_prefix...)."""
    found, rest = NONE, ANY
    for way in ways(plan.national_prefix_for_parsing or ""):
        taken = rest & (way.read if way.end else way.read * ANY)
        rest = rest - taken
        found = found | _changed(plan, way, taken)
    return found


def _changed(plan: PhoneMetadata, way: Way, taken: Digits) -> Digits:
    """Of the numbers whose prefix is read in one way, those that become another number by it."""
    rule, viable = plan.national_prefix_transform_rule, _matching(plan.general_desc)
    start, kept = (_start(rule), way.kept) if rule and way.kept else ("", 0)
    (read,) = way.read.spans
    added = len(start) + kept - read
    if not added and not start:
        return NONE
    sized = taken.sized(size - added for size in _sizes(plan.general_desc))
    if not kept:
        return (sized - viable) | (sized & way.read * viable)
    if not added or sized & viable != NONE:
        raise UnknownError("whether a number that is viable becomes a viable one by a rule")
    return sized


def _start(rule: str) -> str:
    """What a rule puts before the last group."""
    found = re.fullmatch(r"(\d*)\\\d", rule)
    if not found:
        raise UnknownError(rule)
    return found[1]


def _sizes(desc: PhoneNumberDesc | None) -> set[int]:
    """_test_number_length: of the lengths that a number has with its prefix off, those that make it go."""
    if not desc:
        return set()
    possible, local = desc.possible_length, desc.possible_length_local_only
    return {size for size in range(LONGEST + 1) if size in possible or size > possible[-1]} - {*local}


def current(made: pa.Table) -> bool:
    """Whether the file holds a table, made from the same version."""
    held = pq.ParquetFile(FILE).read()
    return bool(held.equals(made) and held.schema.metadata == made.schema.metadata)


def write(made: pa.Table, file: Path) -> None:
    """The same table makes the same bytes. Ends rise: their differences take half of what zstd alone would leave."""
    pq.write_table(
        made, file, compression="zstd", compression_level=19, use_dictionary=["country"], write_statistics=False,
        column_encoding={"end": "DELTA_BINARY_PACKED"},
    )  # fmt: skip


def main(arguments: list[str]) -> None:
    """Write the file, or say whether it is right."""
    if "--check" not in arguments:
        write(table(), FILE)
    elif not current(table()):
        sys.exit(f"{FILE.name} is not what phonenumbers {library.__version__} gives: run python -m local.numbering")


if __name__ == "__main__":
    main(sys.argv[1:])
