"""What a vendor says goes to a log without numbers, keys and signed links."""

from time import process_time

import pytest

from lambdas.core.veil import LONGEST, veil


@pytest.mark.parametrize(
    "number",
    [
        "+12065550123", "12065550123", "(206) 555-0123", "+44 20 7946 0123", "206.555.0123", "206/555/0123",
        "206\u2011555\u20110123", "206\xa0555\xa00123", "\uff11\uff12\uff10\uff16" + "\uff15" * 7,
        "%2B12065550123", "tel:+12065550123;ext=1", "1206\u200b5550123", "1206\x1b[0m5550123", "12065\r\n550123",
    ],
)  # fmt: skip
def test_a_phone_number_is_taken_out(number: str) -> None:
    """In whatever way it is written."""
    told = veil(f"caller {number} is blocked")
    assert "[number]" in told and not any(part in told for part in ("555", "7946", "0123", "5550"))
    assert told.startswith("caller ") and told.endswith(" is blocked")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("token KEY0123456789ABCDEF_abcdefghij is wrong", "token [opaque] is wrong"),
        ("get https://host/a.csv?X-Amz-Signature=ab12&b=c failed", "get https://host/a.csv?[query] failed"),
        ("at https://host/a#token=ab12 now", "at https://host/a?[query] now"),
        ("at https://me:word@host/a now", "at https://[user]@host/a now"),
        ("Authorization: Basic YWNj/ZXM+c2Vj= is", "Authorization: Basic [opaque] is"),
        ("no bearer KEY01ab/9 here", "no bearer [opaque] here"),
        ("api_key=ab12cd34 is wrong", "api_key=[opaque] is wrong"),
        ('{"secret": "ab12cd34"}', '{"secret": "[opaque]"}'),
        ("x-api-token: short77 is wrong", "x-api-token: [opaque] is wrong"),
    ],
)
def test_a_key_and_a_signature_are_taken_out(said: str, told: str) -> None:
    """Long words without meaning, what is called a key, and everything after a URL's question mark."""
    assert veil(said) == told


@pytest.mark.parametrize(
    "text",
    [
        "start_time: must be before 2026, HTTP 422 (code 10015)",
        "the token is not accepted: create a new key, please",
        "The Api-Key is missing or invalid.",
        "password: cannot be blank; key, or user",
        "Basic accounts may not do this",
    ],
)
def test_plain_words_stay(text: str) -> None:
    """A status, a short number and a sentence are what a person needs."""
    assert veil(text) == text


def test_it_is_one_line_without_commands() -> None:
    """What a terminal or a reader of logs would obey is gone: escapes, line ends, what turns the writing round."""
    assert veil('a\r\n{"level":"ERROR"}\x1b[2J\x07 b\u202etxt\u2028c\x9bd') == 'a {"level":"ERROR"}  btxt c d'


@pytest.mark.parametrize("piece", ["https://a/", "1(", "key=", "Basic ", "-", "x", "\x1b[", "1 1 1 1 1 1 "])
def test_a_text_of_megabytes_costs_no_time(piece: str) -> None:
    """Its beginning is enough, without the word that the cut would halve."""
    began = process_time()
    told = veil(piece * (5_000_000 // len(piece)))
    assert len(told) <= LONGEST + 5
    assert process_time() - began < 0.5


def test_what_is_cut_ends_before_the_cut_word() -> None:
    """Half a key is a secret too."""
    assert veil(" " * (LONGEST - 8) + "AB12-CD34-EF56").strip() == "[cut]"
