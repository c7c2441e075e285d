#!/usr/bin/env python3
"""Export Flowroute's calls since the last run, up to the last midnight, into a CSV file: flowroute.py [NOW]"""

import gzip
import json
import logging
import os
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

BASE = os.environ.get("FLOWROUTE_URL", "https://api.flowroute.com/v2")
EXPORTS = f"{BASE}/cdrs/exports"
OUT = Path(os.environ.get("OUT", "."))
STATE = OUT / "flowroute.json"
POLL = float(os.environ.get("POLL_SECONDS", "15"))
TIMEOUT = float(os.environ.get("TIMEOUT_SECONDS", "1800"))
BACKOFF = float(os.environ.get("BACKOFF_SECONDS", "2"))
TRIES = 6
FORMAT = "%Y-%m-%d %H:%M:%S"

log = logging.getLogger("flowroute")


def call(session: requests.Session, method: str, url: str, **how: object) -> dict[str, object]:
    """A request that is tried again when the network or Flowroute has a bad moment."""
    for attempt in range(TRIES):
        try:
            answer = session.request(method, url, timeout=60, **how)  # type: ignore[arg-type]  # JSON
            if answer.status_code != 429 and answer.status_code < 500:
                answer.raise_for_status()
                told: dict[str, object] = answer.json()["data"]
                return told
            log.warning("%s answers %d", url, answer.status_code)
        except (requests.ConnectionError, requests.Timeout) as error:
            log.warning("%s: %s", url, error)
        time.sleep(BACKOFF * 2**attempt)
    raise RuntimeError(f"{url}: no luck after {TRIES} tries")


def create(session: requests.Session, start: datetime, end: datetime) -> str:
    """Ask for an export; its id."""
    window = {"start_call_start_time": start.strftime(FORMAT), "start_call_end_time": end.strftime(FORMAT)}
    body = {"data": {"type": "cdrexport", "attributes": {"filter_parameters": window}}}
    headers = {"Content-Type": "application/vnd.api+json"}
    return str(call(session, "POST", EXPORTS, data=json.dumps(body), headers=headers)["id"])


def wait(session: requests.Session, export: str) -> str:
    """Poll until the export is completed; the link to its file."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        told: dict[str, str] = call(session, "GET", f"{EXPORTS}/{export}")["attributes"]  # type: ignore[assignment]  # JSON
        if told["status"] == "completed":
            return told["download_url"]
        if told["status"] == "failed":
            raise RuntimeError(f"export {export} has failed")
        time.sleep(POLL)
    raise TimeoutError(f"export {export} was not completed after {TIMEOUT:.0f} s")


def download(link: str, target: Path) -> None:
    """Decompress the file as it comes."""
    with requests.get(link, stream=True, timeout=60) as answer:
        answer.raise_for_status()
        with gzip.GzipFile(fileobj=answer.raw) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 8192)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    now = datetime.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else datetime.now(UTC)
    end = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    OUT.mkdir(parents=True, exist_ok=True)
    start = end - timedelta(days=1)
    if STATE.exists():
        start = datetime.fromisoformat(json.loads(STATE.read_text())["exported_until"])
    if start >= end:
        return 0
    target = OUT / f"flowroute-{start:%Y%m%d}-{end:%Y%m%d}.csv"
    try:
        with requests.Session() as session:
            session.auth = (os.environ["FLOWROUTE_KEY"], os.environ["FLOWROUTE_SECRET"])
            download(wait(session, create(session, start, end)), target)
    except (requests.RequestException, RuntimeError, OSError, EOFError) as error:
        log.error("could not export %s to %s: %s", start, end, error)
        return 1
    STATE.write_text(json.dumps({"exported_until": end.isoformat()}))
    log.info("wrote %s, %d bytes", target, target.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
