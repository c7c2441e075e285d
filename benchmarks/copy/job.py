"""What a way is told of its job, and the two steps that most ways share: fetch the file, hand a file to S3."""

import hashlib
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import requests

BUCKET = "lake"
CHUNK = 1 << 20
# The types that a careful engineer would give; whatever is not named is text.
TIMES = ("Start Timestamp(UTC)", "Answer Timestamp", "End Timestamp")
WHOLES = ("Call duration", "Billable time", "PDD", "Hangup code")
MONEY = ("Cost", "Rate")
REAL = ("Mos",)


@dataclass(frozen=True)
class Job:
    """Where the report is, in which form, and a folder that stands for a function's /tmp."""

    url: str
    form: str
    scratch: Path

    @property
    def gzip(self) -> bool:
        """Whether the file has to be unpacked."""
        return self.form == "gzip"

    @property
    def raw(self) -> str:
        """The key of the file as it came."""
        return "raw/report.csv.gz" if self.gzip else "raw/report.csv"

    @property
    def typed(self) -> Path:
        """Where the Parquet file is made."""
        return self.scratch / "calls.parquet"


def job() -> Job:
    """From the command line: URL, form, folder."""
    url, form, scratch = sys.argv[1:4]
    return Job(url, form, Path(scratch))


@cache
def s3() -> Any:
    """boto3's client, as it comes, but for a pool that does not warn; imported only by those who use it."""
    import boto3
    from botocore.config import Config

    return boto3.client("s3", config=Config(max_pool_connections=20))


def fetch(told: Job) -> Path:
    """The report in a file, hashed on the way."""
    path, digest = told.scratch / Path(told.raw).name, hashlib.sha256()
    with requests.get(told.url, stream=True, timeout=60) as response, path.open("wb") as out:
        for chunk in response.iter_content(CHUNK):
            digest.update(chunk)
            out.write(chunk)
    return path


def upload(path: Path, key: str) -> None:
    """A file to S3 as boto3 does it."""
    s3().upload_file(str(path), BUCKET, key)
