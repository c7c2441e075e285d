"""What is taken for asking, in dollars: Athena by the byte, S3 for the requests, at list prices.

us-east-1 (cli/charges.py). Athena: by the TB scanned, rounded up to a megabyte, 10 MB at least for a query
(aws.amazon.com/athena/pricing); it has no free tier. Its requests to S3 are the account's own to pay.
"""

import math

from benchmarks.asking.bench import Answer, Lake
from cli.charges import dollars

MB = 10**6
SCAN = dollars("scan") / MB  # a megabyte
LEAST = 10  # megabytes of a query
REQUESTS = 2  # to a file: its footer, its columns; not measured
LIST = dollars("put")  # of a partition's files: S3 takes the same for both
SMALL = 3 * MB  # a file up to here Trino reads whole: github.com/trinodb/trino, pull request 19127
MONTH, YEAR = 30, 365


def price(read: float) -> float:
    """One query's."""
    return max(LEAST, math.ceil(read / MB)) * SCAN


def days(answer: Answer, asked: int) -> int:
    """The days of calls that a question about so many days reads."""
    return answer.month - MONTH + asked


def read(answer: Answer, asked: int) -> float:
    """Bytes, as many a day as were measured."""
    return answer.read / answer.days * days(answer, asked)


def whole(answer: Answer, lake: Lake, asked: int) -> float:
    """Bytes, if every small file is read whole each time that it is opened."""
    size = lake.parquet / lake.files
    if size > SMALL:
        return read(answer, asked)
    return max(read(answer, asked), answer.files / answer.days * days(answer, asked) * size)


def requests(answer: Answer, asked: int) -> float:
    """S3's price for the files that are opened and the partitions that are listed."""
    opened = answer.files / answer.days * days(answer, asked)
    return dollars("get", opened * REQUESTS) + days(answer, asked) * LIST
