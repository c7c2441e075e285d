"""Reads back what a copy left in S3 and compares it with the truth: bytes by their digest, sums to the last decimal."""

import gzip
import hashlib
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

from benchmarks.copy.data import Truth


def differences(folder: Path, truth: Truth) -> list[str]:
    """What is not as it should be; empty where all is."""
    objects = {unquote(path.name): path for path in folder.iterdir()}
    raws = [path for key, path in objects.items() if key.startswith("raw/")]
    typed = [path for key, path in objects.items() if key.startswith("calls/")]
    found = {"raw objects": len(raws), "Parquet objects": len(typed), **_sums(typed)}
    wanted = {"raw objects": 1, "Parquet objects": 1, **_wanted(truth)}
    if raws:
        found["SHA-256 of the text"], wanted["SHA-256 of the text"] = _digest(raws[0]), truth.sha256
    return [
        f"{what}: {found.get(what)} instead of {right}" for what, right in wanted.items() if found.get(what) != right
    ]


def _wanted(truth: Truth) -> dict[str, object]:
    return {
        "rows": truth.rows, "identities": truth.rows, "duration_s": truth.duration_s, "billed_s": truth.billed_s,
        "cost": truth.cost,
    }  # fmt: skip


def _sums(typed: list[Path]) -> dict[str, object]:
    if not typed:
        return {}
    import pyarrow.compute as pc  # only where something is verified: it is a third of a second
    import pyarrow.parquet as pq

    table = pq.read_table(typed[0], columns=["row_id", "duration_s", "billed_s", "cost"])
    sums = {name: pc.sum(table[name]).as_py() or 0 for name in ("duration_s", "billed_s", "cost")}
    return {
        "rows": table.num_rows, "identities": pc.count_distinct(table["row_id"]).as_py(), **sums,
        "cost": Decimal(sums["cost"]).quantize(Decimal("1E-8")),
    }  # fmt: skip


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as text:
        return hashlib.file_digest(text, "sha256").hexdigest()
