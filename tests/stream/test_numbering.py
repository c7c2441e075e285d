"""Numbers are read as the library reads them one by one: the table is exact, not a sample."""

import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

import phonenumbers as library
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.stream.numbering import FILE, numbering
from local import numbering as making

Read = tuple[str | None, str | None, bool | None]
NONE: Read = (None, None, None)
ROOT = Path(__file__).resolve().parent.parent.parent
CODES = sorted(library.COUNTRY_CODE_TO_REGION_CODE)
TYPES = sorted(set(library.PhoneNumberType.values()) - {library.PhoneNumberType.UNKNOWN})


def read(texts: list[str | None], *, bare: bool = False) -> list[Read]:
    found = numbering().read(pa.array(texts, pa.string()), bare=bare)
    columns = (found.number.to_pylist(), found.country.to_pylist(), found.toll_free.to_pylist())
    return list(zip(*columns, strict=True))


def told(digits: str) -> Read:
    """What the library says of a number of 8 to 15 digits, its country calling code first."""
    text = f"+{digits}"
    try:
        number = library.parse(text)
    except library.NumberParseException:
        return NONE
    written = library.format_number(number, library.PhoneNumberFormat.E164)
    if not library.is_valid_number(number) or written != text:
        return NONE
    region = library.region_code_for_number(number)
    free = library.number_type(number) == library.PhoneNumberType.TOLL_FREE
    return text, None if region == "001" else region, free


def agree(numbers: list[str]) -> None:
    """Ours and the library's answers are the same, for all that are of a length that E.164 has."""
    fit = [one for one in numbers if 8 <= len(one) <= 15 and one[0] != "0"]
    ours = read([f"+{one}" for one in fit])
    assert [(one, found) for one, found in zip(fit, ours, strict=True)] == [(one, told(one)) for one in fit]


def drawn(rng: Random, size: int) -> str:
    return "".join(rng.choices("0123456789", k=size))


@cache
def examples() -> dict[tuple[str, int], str]:
    """A number of each region, or country calling code without one, and type."""
    geographic = {
        (region, kind): library.example_number_for_type(region, kind)
        for region in library.SUPPORTED_REGIONS
        for kind in TYPES
    }
    worldwide = {
        (str(code), 0): library.example_number_for_non_geo_entity(code)
        for code in library.COUNTRY_CODES_FOR_NON_GEO_REGIONS
    }
    found = (geographic | worldwide).items()
    return {key: library.format_number(one, library.PhoneNumberFormat.E164)[1:] for key, one in found if one}


@cache
def made() -> pa.Table:
    return making.table()


def test_the_file_is_what_the_installed_library_gives() -> None:
    """To the last span, and under its version."""
    assert making.current(made())
    assert not making.current(made().slice(1))
    assert numbering().version == library.__version__


def test_the_file_is_made_the_same_each_time(tmp_path: Path) -> None:
    """So that a change in the repository is one of the plans."""
    making.write(made(), tmp_path / "numbers.parquet")
    assert (tmp_path / "numbers.parquet").read_bytes() == FILE.read_bytes()


def test_the_table_is_small_and_as_short_as_can_be() -> None:
    """Its keys rise, and neighbours differ."""
    ends, *kinds = (column.to_pylist() for column in pq.ParquetFile(FILE).read().columns)
    spans = list(zip(*kinds, strict=True))
    assert all(one < two for one, two in pairwise(ends))
    assert all(one != two for one, two in pairwise(spans))
    assert FILE.stat().st_size < 64_000


def test_the_table_waits_until_it_is_asked_for() -> None:
    """Nothing is loaded on import."""
    script = "from lambdas.stream.numbering import numbering as n; assert not n.cache_info().currsize"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True)


def test_every_region_s_examples_are_read_as_the_library_reads_them() -> None:
    """Of each type: the shortest of some island are below 8 digits, and no numbers here."""
    found = examples()
    assert {one[0] for one in found} >= library.SUPPORTED_REGIONS
    agree(list(found.values()))
    assert sum(told(one) != NONE for one in found.values()) > 0.9 * len(found)


def test_every_border_of_a_span_is_where_the_library_has_it() -> None:
    """The numbers on both sides, at some thousand borders."""
    ends = pq.ParquetFile(FILE).read()["end"].to_pylist()
    agree([str(end + by)[1:] for end in Random(5).sample(ends, 6_000) for by in (-1, 0, 1)])


@pytest.mark.parametrize("zero", ["", "0"], ids=["any", "a national prefix left in"])
def test_any_digits_are_read_as_the_library_reads_them(zero: str) -> None:
    """Behind each country calling code, in each length."""
    rng = Random(6)
    agree([f"{code}{zero}{drawn(rng, rng.randint(5, 12))}" for code in CODES for _ in range(40)])
    agree([drawn(rng, rng.randint(8, 15)) for _ in range(1_000)])


def test_an_example_with_its_national_prefix_is_read_as_the_library_reads_it() -> None:
    """Whatever the prefix is: 0, 1, 8, 06, 44."""
    prefixes = {region: library.ndd_prefix_for_region(region, True) for region in library.SUPPORTED_REGIONS}
    codes = {region: str(library.country_code_for_region(region)) for region in library.SUPPORTED_REGIONS}
    agree([
        f"{codes[region]}{prefixes[region]}{number.removeprefix(codes[region])}"
        for (region, _), number in examples().items()
        if prefixes.get(region)
    ])  # fmt: skip


def test_prefixes_are_taken_off_where_the_library_takes_them() -> None:
    """Not only of valid numbers: at the borders of what each country's rule makes another number, and anywhere."""
    rng = Random(7)
    for code in CODES:
        main = next(iter(making.plans(code).values()))
        taken = making.shortened(main).sized(range(5, 14))
        borders = [(size, one) for size, spans in taken.spans.items() for span in spans for one in span]
        picked = rng.sample(borders, min(len(borders), 60))
        texts = [str(one + by).zfill(size) for size, one in picked for by in (-1, 0) if 0 <= one + by < 10**size]
        texts += [drawn(rng, rng.randint(6, 12)) for _ in range(20)]
        agree([f"{code}{text}" for text in texts])
        numbers = {text: library.national_significant_number(library.parse(f"+{code}{text}")) for text in texts}
        assert {text for text in texts if text in taken} == {text for text in texts if numbers[text] != text}


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("+12125550100", "US"),
        ("+14165550100", "CA"),
        ("+18765550100", "JM"),
        ("+17875550100", "PR"),
        ("+12423221234", "BS"),
        ("+74951234567", "RU"),
        ("+77272345678", "KZ"),
        ("+442079460000", "GB"),
        ("+441481256789", "GG"),
        ("+441534456789", "JE"),
        ("+441624756789", "IM"),
        ("+390236618300", "IT"),
        ("+390669812345", "VA"),
        ("+61212345678", "AU"),
        ("+61891621234", "CC"),
        ("+61891641234", "CX"),
        ("+262262161234", "RE"),
        ("+262269601234", "YT"),
        ("+590590201234", "GP"),
        ("+59994351234", "CW"),
        ("+5997151234", "BQ"),
        ("+212520123456", "MA"),
        ("+212528812345", "MA"),  # of Western Sahara, which the library never finds: Morocco has its digits too
        ("+358131234567", "FI"),
        ("+358181234567", "AX"),
        ("+4721234567", "NO"),
        ("+4779123456", "SJ"),
        ("+870773111632", None),
        ("+882163000000", None),
    ],
)
def test_a_plan_that_countries_share_is_parted(text: str, country: str | None) -> None:
    """Each number is of its own country, or of none."""
    assert read([text]) == [(text, country, False)]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("+18005550100", "US"),
        ("+18885550100", "US"),
        ("+448001234567", "GB"),
        ("+80012345678", None),
        ("+498001234567", "DE"),
        ("+39800123456", "IT"),
    ],
)
def test_who_calls_toll_free_numbers_does_not_pay(text: str, country: str | None) -> None:
    """In a country, and worldwide."""
    assert read([text]) == [(text, country, True)]


NO_NUMBERS = [
    *(None, "", " ", "+", "++", "anonymous", "sip:bob@example.org", "0", "-14155550100", "+-4155550100"),
    *("+14155550100 ", " +14155550100", "+1 415 555 0100", "++14155550100", "+14155550100\n", "1+4155550100"),
    *("+014155550100", "+004155550100", "+0x14155550", "0x14155550100", "+1e10", "+14155550100.0", "+1415555010x"),
    *("+١٤١٥٥٥٥٠١٠٠", "+１４１５５５５０１００", "é14155550100", "\x0014155550100", "😀14155550100"),  # noqa: RUF001  # digits of other scripts are no digits here
    *("+1234567", "+1415555010", "+141555501000", "+1234567890123456", "+" + "1" * 40, "1" * 40, "9" * 20),
    *("+4402079460000", "+3758101234567", "+99912345678", "+2908999", "4155550100", "3222345678"),
]  # fmt: skip


@pytest.mark.parametrize("bare", [False, True], ids=["with a plus", "bare"])
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_anything_else_is_no_number_and_no_error(text: str | None, bare: bool) -> None:
    """Neither alone nor beside numbers."""
    assert read([text], bare=bare) == [NONE]
    assert read(["+14155550100", text, "+442079460000"], bare=bare) == [
        ("+14155550100", "US", False),
        NONE,
        ("+442079460000", "GB", False),
    ]


def test_a_number_without_its_plus_is_one_where_the_vendor_writes_it_so() -> None:
    """And gets its plus; from 11 digits on, since ten may be a national number."""
    texts: list[str | None] = ["14155550100", "442079460000", "80012345678", "3222345678", None, "+3222345678"]
    assert read(texts) == [NONE] * 5 + [("+3222345678", "BE", False)]
    assert read(texts, bare=True) == [
        ("+14155550100", "US", False),
        ("+442079460000", "GB", False),
        ("+80012345678", None, True),
        NONE,
        NONE,
        ("+3222345678", "BE", False),
    ]


@pytest.mark.parametrize("bare", [False, True], ids=["with a plus", "bare"])
def test_blocks_may_be_empty_or_parts_or_without_a_text(bare: bool) -> None:
    """The types stay."""
    for block in (pa.array([], pa.string()), pa.nulls(3, pa.string()), pa.array(["+1", "+14155550100", None])[1:]):
        found = numbering().read(block, bare=bare)
        assert [found.number.type, found.country.type, found.toll_free.type] == [pa.string(), pa.string(), pa.bool_()]
        assert found.number.equals(block)
        assert len(found.country) == len(found.toll_free) == len(block)


STRICT = st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True)
TEXTS = st.one_of(st.none(), st.text(), st.text("+0123456789xX -.e\n٣", max_size=20), STRICT)


@settings(max_examples=300, deadline=None)
@given(st.lists(TEXTS, max_size=8), st.booleans())
def test_no_text_is_an_error(texts: list[str | None], bare: bool) -> None:
    """What is found is what the library finds in the text's digits; what is in another form is not found."""
    assert read(texts, bare=bare) == [expected(text, bare) for text in texts]


def expected(text: str | None, bare: bool) -> Read:
    plus, digits = (text or "").startswith("+"), (text or "").removeprefix("+")
    fit = digits.isascii() and digits.isdecimal() and digits[0] != "0"
    return told(digits) if fit and (8 if plus else 11 if bare else 16) <= len(digits) <= 15 else NONE


@settings(max_examples=300, deadline=None)
@given(STRICT)
def test_a_strict_text_is_read_as_the_library_reads_it(text: str) -> None:
    """Alone in its block, as on the fast way."""
    assert read([text]) == [told(text[1:])]
