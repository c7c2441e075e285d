"""Which of a window's original files the lake has: of what is published, or of what did not pass the checks."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
from botocore.exceptions import ClientError

from cli.stack import Stack
from cli.tables import clean
from cli.wrong import Wrong
from lambdas.core import keys
from lambdas.core.rows import Published, Row, Work
from lambdas.core.windows import Window

GONE = ("NoSuchKey", "404", "NotFound")
NOTE = re.compile(r"r(\d+)\.a(\d+)\.k(\d+)\.json")
COLD = "InvalidObjectState"  # it lies in a class out of which nothing is read before it is restored
# Why there is nothing of a window that never was copied; what is not here is still on its way.
NEVER = {
    Work.QUARANTINED: "its file did not pass the checks: --quarantined fetches it",
    Work.STUCK: "never copied, the attempts are used up; it is asked for again daily",
    Work.LOST: "never copied, and the vendor can no longer give it",
    Work.UNREACHABLE: "never copied, and it will not be",
}


@dataclass(frozen=True)
class Original:
    """A file as the vendor gave it, and its digest as it was taken then."""

    key: str
    sha256: str
    inside: bool = False  # the digest is that of what the object holds, packed by us


def label(window: Window) -> str:
    """How a window is called, with its source, in every key."""
    return f"{window.name}.{window.source}"


class Originals:
    """The files of one stack's windows."""

    def __init__(self, stack: Stack) -> None:
        self._s3, self._bucket = stack.place.client("s3"), stack.outputs["Bucket"]

    def published(self, row: Row) -> list[Original]:
        """The files that the published calls were made of. Raises Wrong, with the reason why there are none."""
        if row.published is None:
            why = f" ({clean(row.reason)})" if row.reason else ""
            raise Wrong(f"{label(row.window)}: {NEVER.get(row.state, f'not copied yet, it is {row.state}')}{why}")
        if row.state is Work.QUARANTINED:
            click.echo(f"{label(row.window)}: a later one did not pass the checks: --quarantined fetches it", err=True)
        receipt = self._receipt(row.window, row.published)
        if not row.published.raw:
            raise Wrong(f"{label(row.window)}: {_unkept(receipt)}")
        objects = receipt.get("objects") or {}
        if missing := [key for key in row.published.raw if "sha256" not in objects.get(key, {})]:
            raise Wrong(f"{missing[0]}: its receipt {row.published.receipt} has no digest of it: not fetched")
        return [Original(key, objects[key]["sha256"]) for key in row.published.raw]

    def quarantined(self, row: Row) -> list[Original]:
        """The files of the last copy that did not pass. Raises Wrong, with the reason why there are none."""
        found = max(self._notes(row), default=None)
        if found is None:
            raise Wrong(f"{label(row.window)}: {self._noteless(row)}")
        note = self._json(found[1])
        click.echo(f"{label(row.window)}: did not pass the checks: {clean(note['reason'])}", err=True)
        if not note["raw"]:
            raise Wrong(f"{label(row.window)}: {_unkept(note)}")
        # A zip is packed once more on its way to the lake; only what comes as gzip lies there as it came.
        return [
            Original(key, digest, inside=form != "gzip")
            for key, digest, form in zip(note["raw"], note["arrived"], note["forms"], strict=True)
        ]

    def _receipt(self, window: Window, published: Published) -> dict[str, Any]:
        try:
            return self._json(published.receipt)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
            raise Wrong(f"{label(window)}: its receipt {published.receipt} is not there: nothing was fetched") from None

    def _json(self, key: str) -> dict[str, Any]:
        told: dict[str, Any] = json.load(self._s3.get_object(Bucket=self._bucket, Key=key)["Body"])
        return told

    def _notes(self, row: Row) -> Iterator[tuple[tuple[int, ...], str]]:
        """What was written of each copy that did not pass, by its turn; the rejects of one are another object."""
        prefix = f"{keys.partition(keys.QUARANTINE, row.export, row.window.date)}{label(row.window)}."
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for one in page.get("Contents", []):
                if found := NOTE.fullmatch(one["Key"].removeprefix(prefix)):
                    yield tuple(map(int, found.groups())), one["Key"]

    def _noteless(self, row: Row) -> str:
        if row.state is not Work.QUARANTINED:
            return "nothing of it is in quarantine"
        where = f"{keys.partition(keys.RAW, row.export, row.window.date)}{label(row.window)}.{row.turn}."
        return (
            "in quarantine, and without a note there: it expired (quarantine_days), or the copy never came to its end. "
            f"What was kept of it lies at s3://{self._bucket}/{where}*, without a digest to check it against"
        )


def _unkept(told: dict[str, Any]) -> str:
    """Why a copy has no file, by its receipt or its note."""
    if not told.get("sha256_files", told.get("arrived")):
        return "the vendor gave no file"
    if "reason" in told and "too-large" in told["reason"]:
        return "the file was not kept, it is too large"
    return (
        'the vendor\'s file was not kept: raw = false in exports.toml, which numbers = "mask" and "pseudonym" imply '
        "(docs/privacy.md). raw = true keeps those that come from then on"
    )
