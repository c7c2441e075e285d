"""What AWS refuses is said by its cause: rights, keys, and the clock of the machine that asks."""

import pytest
from botocore.exceptions import ClientError

from cli.health.check import Level, untold
from cli.wrong import advice

EXPIRED = "Signature expired: 20261126T120000Z is now earlier than 20261126T121500Z (20261126T122000Z - 5 min.)"
EARLY = "Signature not yet current: 20261126T130000Z is still later than 20261126T122500Z (20261126T122000Z + 5 min.)"
OTHER = "The request signature we calculated does not match the signature you provided. Check your key"


def refused(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Look")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SignatureDoesNotMatch", EXPIRED), ("InvalidSignatureException", EXPIRED),
        ("InvalidSignatureException", EARLY), ("RequestExpired", "Request has expired."),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    ],
)  # fmt: skip
def test_a_wrong_clock_is_not_blamed_on_the_profile(code: str, message: str) -> None:
    """It is said that it is the clock, and what to do."""
    assert advice(refused(code, message)) == f"this machine's clock is wrong ({code}): set it"


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "InvalidSignatureException"])
def test_a_wrong_key_is_not_blamed_on_the_clock(code: str) -> None:
    """By the same code, in other words."""
    assert "does not know the credentials" in advice(refused(code, OTHER))


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "AuthorizationError"])
def test_a_right_that_lacks_is_a_warning(code: str) -> None:
    """SNS has a word of its own for it."""
    assert "may not Look" in advice(refused(code))
    assert untold("topic", refused(code)).level is Level.WARN
