"""boto3's clients: one per service and process, made at the first use, for each costs a cold start 0.1 s and more."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

FAILED = (BotoCoreError, ClientError)  # what a call of AWS raises when it comes to nothing


@cache
def client(service: str) -> Any:
    """The client of a service, with few, adaptive retries and short time-outs.

    To S3 the lake hands checksums of its own, which S3 holds against the bytes: botocore need not add others, nor read
    every body once more to sign it (0.9 s of CPU a GB each).
    """
    config = Config(
        connect_timeout=5, read_timeout=30, retries={"max_attempts": 4, "mode": "standard"},
        request_checksum_calculation="when_required", response_checksum_validation="when_required",
        s3={"payload_signing_enabled": False},
    )  # fmt: skip
    return boto3.client(service, config=config)  # type: ignore[call-overload] # the stubs want a literal name
