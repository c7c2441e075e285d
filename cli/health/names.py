"""Whether the lake and the ledger know the exports of the file, and no others."""

from collections.abc import Iterator, Mapping

from cli.health.check import Check, fail, ok, warn
from cli.stack import Stack
from lambdas.core import keys
from lambdas.core.exports import Exports
from lambdas.core.rows import Head

PREFIXES = (keys.LEDGER, keys.CALLS, keys.RAW, keys.RECEIPTS, keys.QUARANTINE)


def names(stack: Stack, exports: Exports, heads: Mapping[str, Head]) -> Iterator[Check]:
    """What lies in S3 below a name that the file does not have, and names that never exported anything."""
    known, found = {one.name for one in exports.exports}, set[str]()
    for prefix in PREFIXES:
        there = set(_names(stack, prefix))
        found |= there
        if strange := sorted(there - known):
            back = 'put it back into the file, with state = "retired" if it is over: no query sees it else'
            yield fail(f"{prefix} in S3", f"not in exports.toml: {', '.join(strange)}", back)
    if never := sorted(name for name, head in heads.items() if head.born is None and name not in found):
        yield warn("exports", f"never ticked: {', '.join(never)}", "deploy the file, or wait for the first tick")
    elif found <= known:
        yield ok("names", f"S3 and the ledger know the {len(known)} exports of the file, and no others")


def _names(stack: Stack, prefix: str) -> Iterator[str]:
    pages = stack.place.client("s3").get_paginator("list_objects_v2").paginate(
        Bucket=stack.outputs["Bucket"], Prefix=f"{prefix}export=", Delimiter="/"
    )  # fmt: skip
    for page in pages:
        for one in page.get("CommonPrefixes", []):
            yield one["Prefix"].removeprefix(f"{prefix}export=").rstrip("/")
