"""What Athena charges for a query, in dollars in us-east-1: aws.amazon.com/athena/pricing, as of 2026-11."""

import re
from decimal import Decimal

TERABYTE = Decimal(5)  # for each that is scanned; elsewhere up to twice as much
# The page does not say which megabytes it means. These are the small ones, so that no price is told too low.
MB = 10**6
LEAST = 10  # of them, for every query; one that is begun counts whole


def price(scanned: int) -> Decimal:
    """The price of a query that scanned so many bytes, and ended well or was cancelled; one that failed is free."""
    return max(LEAST, -(-scanned // MB)) * TERABYTE / MB


def dollars(amount: Decimal) -> str:
    """`$0.00005`, `$0.50`: with as many decimals as it takes, and at least two."""
    return "$" + re.sub(r"(\.\d\d\d*?)0+$", r"\1", f"{amount:.6f}")
