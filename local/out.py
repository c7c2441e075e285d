"""What a run leaves in `--out`: every object of the bucket, the ledger, and a summary of each window."""

import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from lambdas.core.coverage import coverage
from lambdas.core.rows import Row
from lambdas.core.states import state
from local.stack import Stack
from local.truth import Line


def write(
    folder: Path,
    stack: Stack,
    rows: Iterable[Row],
    lines: list[Line],
    sources: Mapping[str, Collection[str]],
    **facts: Any,
) -> None:
    """Fill `folder`, readable by its owner alone: it holds phone numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if (folder / "summary.json").exists():  # an earlier run's, whose objects are not of this one
        shutil.rmtree(folder / "s3", ignore_errors=True)
    for key, _ in stack.objects():
        file = folder / "s3" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(stack.read(key))
    read = TypeDeserializer()
    plain = [{name: read.deserialize(value) for name, value in item.items()} for item in stack.items()]
    text = "".join(json.dumps(item, default=_number, sort_keys=True) + "\n" for item in plain)
    (folder / "ledger.jsonl").write_text(text)
    rows = list(rows)
    windows = [_window(row) for row in sorted(rows, key=lambda row: (row.export, row.window))]
    covered = [{**asdict(day), "told": day.told, "standing": day.standing} for day in coverage(rows, sources)]
    told = {**facts, "windows": windows, "coverage": covered, "days": [_day(line) for line in lines]}
    (folder / "summary.json").write_text(json.dumps(told, indent=2, default=str) + "\n")


def _window(row: Row) -> dict[str, Any]:
    published = row.published
    return {
        "export": row.export,
        "source": row.window.source,
        "start": row.window.start.isoformat(),
        "end": row.window.end.isoformat(),
        "state": str(row.state),
        "coverage": str(state(row)),
        "reason": row.reason,
        "revision": row.revision,
        "attempt": row.attempt,
        "run": row.run,
        "rows": published.rows if published else None,
        "totals": dict(published.totals) if published else None,
        "narrowed": list(published.narrowed) if published else None,
        "sha256": published.digest if published else None,
        "etag": published.etag if published else None,
        "keys": {"calls": published.key, "raw": list(published.raw), "receipt": published.receipt}
        if published
        else None,
    }


def _day(line: Line) -> dict[str, Any]:
    true = asdict(line.true) if line.true else None
    return {"export": line.export, "day": line.day, "found": asdict(line.found), "truth": true, "right": line.right}


def _number(value: Any) -> Any:
    return int(value) if value == int(value) else str(value)
