"""A secret of the template."""

import pytest

from tests.local.stack import Stack

pytestmark = pytest.mark.cloud


def test_a_ref_to_a_secret_is_its_arn(stack: Stack) -> None:
    """So that a grant on the Ref allows what it says: the function's role has no other right to it."""
    assert stack.outputs["Secret"].startswith("arn:aws:secretsmanager:us-east-1:123456789012:secret:")
    assert stack.call({"do": "read secret"}) == "hush"
