"""The proof of coverage as it lies in the lake: a line of JSON for each window, for Athena."""

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from lambdas.core.proofs import WINDOWS
from lambdas.core.receipt import complete_for
from lambdas.core.rows import Row
from lambdas.core.states import COPIED, state


def entry(row: Row) -> dict[str, Any]:
    """A window's line: states, figures, digests and keys; no number, no request, no token."""
    window, copy, stands = row.window, row.published, state(row)
    told: dict[str, Any] = {
        "source": window.source,
        "window_start": _time(window.start),
        "window_end": _time(window.end),
        "seconds": window.seconds,
        "dt": window.date,
        "state": str(stands),
        "work": str(row.state),
        "revision": row.revision,
        "attempt": row.attempt,
        "reason": row.reason,
        "waiting_since": _time(row.opened),
    }
    if copy and stands in COPIED:
        totals = copy.totals
        told |= {
            "published_revision": copy.revision,
            "published_at": _time(copy.when),
            "stale_since": _time(row.stale_since),
            "rows": copy.rows,
            "duration_s": _count(totals.get("duration_s")),
            "cost": totals.get("cost"),
            "vendor_rows": _count(totals.get("vendor_rows")),
            "vendor_cost": totals.get("vendor_cost"),
            "complete_for": complete_for(copy.narrowed),
            "narrowed": ",".join(copy.narrowed),
            "fingerprint": row.fingerprint,
            "sha256": copy.digest,
            "calls_key": copy.key,
            "receipt_key": copy.receipt,
        }
    return {column.name: told.get(column.name) for column in WINDOWS}


def document(rows: Iterable[Row]) -> bytes:
    """The lines of these windows, compressed; the same bytes for the same rows."""
    lines = [json.dumps(entry(row), ensure_ascii=False) for row in sorted(rows, key=_order)]
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def _order(row: Row) -> tuple[str, datetime, int]:
    return row.window.source, row.window.start, row.window.seconds


def _time(when: datetime | None) -> str | None:
    """As every JSON reader of Athena takes a timestamp without being told a format: Hive's own, in UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.000") if when else None


def _count(text: str | None) -> int | None:
    return None if text is None else int(text)
