"""What a vendor says goes to a log without numbers, keys and signed links."""

import pytest

from lambdas.core.veil import veil


@pytest.mark.parametrize(
    "number", ["+12065550123", "12065550123", "(206) 555-0123", "+44 20 7946 0123", "206.555.0123"]
)
def test_a_phone_number_is_taken_out(number: str) -> None:
    """In whatever way it is written."""
    told = veil(f"caller {number} is blocked")
    assert "[number]" in told and not any(part in told for part in ("555", "7946", "0123"))
    assert told.startswith("caller ") and told.endswith(" is blocked")


def test_a_key_and_a_signature_are_taken_out() -> None:
    """Long words without meaning, and everything after a URL's question mark."""
    assert veil("token KEY0123456789ABCDEF_abcdefghij is wrong") == "token [opaque] is wrong"
    assert veil("get https://host/a.csv?X-Amz-Signature=ab12&b=c failed") == "get https://host/a.csv?[query] failed"


def test_plain_words_stay() -> None:
    """A status, a short number and a sentence are what a person needs."""
    text = "start_time: must be before 2026, HTTP 422 (code 10015)"
    assert veil(text) == text
