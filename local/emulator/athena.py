"""Athena's engine: MiniStack hands the text to DuckDB as it is; here it is read as Trino's SQL, and rows come as text.

What Athena does besides: views of the Glue catalogue (MiniStack knows none), tables with the columns that Glue names
and no others, `_col0` for a column without a name, names in lower case, timestamps in milliseconds; the bytes that
were read, the workgroup's limit on them, and an end for a query that is stopped. A statement that is no query
(SHOW, EXPLAIN, CREATE VIEW) fails here, where MiniStack would let a CREATE VIEW succeed and vanish.
"""

import asyncio
import datetime
import logging
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import duckdb  # type: ignore[import-not-found]  # it is in the emulator's environment
from ministack.services import athena, glue, s3

from local.emulator import cells, trino
from local.emulator.catalog import Catalog
from local.emulator.scanning import scan
from local.emulator.tables import Files, Objects

STEP = 0.05  # seconds between two looks at a query that runs
# Athena's own words; the state is CANCELLED, and as many bytes as the limit says were scanned.
# https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html
EXCEEDED = "Bytes scanned limit was exceeded"
logger = logging.getLogger("athena")


class Cancelled(Exception):  # a state of Athena, no error of ours
    """The query ends without a result."""


class Bucket(Objects):
    """The objects of the emulated S3."""

    def keys(self, bucket: str) -> list[str]:
        return list((s3._buckets.get(bucket) or {"objects": {}})["objects"])

    def lay(self, bucket: str, key: str, place: Path) -> None:
        place.write_bytes(s3._get_object_data(bucket, key))


def apply() -> None:
    athena._execute_query = execute
    athena._type_precision_scale = cells.precision


async def execute(query: str, text: str, database: str, ddl: Any, _catalogue: str | None = None) -> None:
    """Takes the place of MiniStack's, which knows no limit and counts the letters of the answer as bytes scanned."""
    execution = athena._executions[query]
    if execution["Status"]["State"] == "CANCELLED":  # before it began
        return
    execution["Status"]["State"] = "RUNNING"
    try:
        answer = await _run(execution, text, database) if ddl is None else athena._run_ddl(ddl, database)
        await _succeed(execution, answer)
    except Cancelled as why:
        _end(execution, "CANCELLED", str(why))
    except Exception as why:  # noqa: BLE001  # whatever it was, the query failed and says so
        logger.error("Athena query %s failed: %s", query, why)
        _end(execution, "FAILED", str(why)[:2000])


async def _run(execution: dict[str, Any], text: str, database: str) -> dict[str, Any]:
    """The answer, worked out in a thread; the context, which says whose catalogue it is, goes along."""
    begun = time.monotonic()
    with duckdb.connect(":memory:") as connection:
        work = asyncio.ensure_future(asyncio.to_thread(_answer, connection, text, database))
        while not (await asyncio.wait([work], timeout=STEP))[0]:
            _clock(execution["Statistics"], begun)
            if execution["Status"]["State"] == "CANCELLED":
                connection.interrupt()
    _clock(execution["Statistics"], begun)
    if execution["Status"]["State"] == "CANCELLED":
        work.exception()  # taken note of: it is the interruption
        raise Cancelled(execution["Status"]["StateChangeReason"])
    return work.result()


def _clock(statistics: dict[str, Any], begun: float) -> None:
    took = round((time.monotonic() - begun) * 1000)
    statistics |= {"EngineExecutionTimeInMillis": took, "TotalExecutionTimeInMillis": took}


def _answer(connection: Any, query: str, database: str) -> dict[str, Any]:
    tree = trino.understand(query)
    with tempfile.TemporaryDirectory(prefix="athena-") as folder:
        connection.execute(trino.SETTINGS)
        now = datetime.datetime.now(datetime.UTC)
        Catalog(Files(Path(folder), connection, Bucket()), glue._tables, now).resolve(tree, database)
        done = scan(connection, trino.duck(tree, now))
    return {
        "columns": [column[0].lower() for column in done.description],
        "column_types": [cells.kind(str(column[1])) for column in done.description],
        "rows": [[cells.text(value) for value in row] for row in done.rows],
        "read": done.read,
    }


async def _succeed(execution: dict[str, Any], answer: dict[str, Any]) -> None:
    group = athena._workgroups.get(execution["WorkGroup"]) or {}
    limit = int((group.get("Configuration") or {}).get("BytesScannedCutoffPerQuery") or 0)
    read = answer.get("read", 0)
    execution["Statistics"]["DataScannedInBytes"] = min(read, limit or read)
    if limit and read > limit:
        raise Cancelled(EXCEEDED)
    execution["_results"] = {"columns": answer["columns"], "rows": answer["rows"]}
    execution["_column_types"] = answer.get("column_types")
    await save(execution)
    _end(execution, "SUCCEEDED", "")


def _end(execution: dict[str, Any], state: str, reason: str) -> None:
    execution["_error"] = reason if state == "FAILED" else None
    execution["Status"] |= {"State": state, "StateChangeReason": reason, "CompletionDateTime": int(time.time())}


async def save(execution: dict[str, Any]) -> None:
    """The result at OutputLocation, where MiniStack says it is and does not put it: all in quotes, nulls empty."""
    table = [execution["_results"]["columns"], *execution["_results"]["rows"]]
    lines = [",".join("" if cell is None else _quoted(cell) for cell in row) for row in table]
    place = urlparse(execution["ResultConfiguration"]["OutputLocation"])
    body = "".join(f"{line}\n" for line in lines).encode()
    status, *_, told = s3._put_object(place.netloc, place.path[1:], body, {"content-type": "text/csv"})
    if status >= HTTPStatus.BAD_REQUEST:
        raise ValueError(f"the result cannot be written: {told!r}")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
