#!/usr/bin/env python3
"""Export yesterday's calls from Telnyx into a CSV file: telnyx.py [YYYY-MM-DD]"""

import logging
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

BASE = os.environ.get("TELNYX_URL", "https://sip.telnyx.com")
REPORTS = f"{BASE}/reporting/cdr_requests"
OUT = Path(os.environ.get("OUT", "."))
POLL = float(os.environ.get("POLL_SECONDS", "15"))
TIMEOUT = float(os.environ.get("TIMEOUT_SECONDS", "1800"))
BACKOFF = float(os.environ.get("BACKOFF_SECONDS", "2"))
COMPLETE, FAILED, EXPIRED = 2, 3, 4

log = logging.getLogger("telnyx")


def connect() -> requests.Session:
    """A session that tries again when the network or Telnyx has a bad moment."""
    session = requests.Session()
    session.headers["x-api-user"] = os.environ["TELNYX_USER"]
    session.headers["x-api-token"] = os.environ["TELNYX_TOKEN"]
    retry = Retry(
        total=5,
        backoff_factor=BACKOFF,
        status_forcelist=[429, 500, 502, 503, 504],
        allowed_methods=None,  # POST too
    )
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    return session


def create(session: requests.Session, day: date) -> str:
    """Ask for the day's report; its id."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    body = {
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(days=1)).isoformat(),
        "call_types": [1, 2],
        "record_types": [1, 2, 3],
        "report_name": f"calls-{day}",
        "source": "calls",
    }
    answer = session.post(REPORTS, json=body, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["id"])


def wait(session: requests.Session, report: str) -> str:
    """Poll until the report is ready; the link to its file."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        answer = session.get(f"{REPORTS}/{report}", timeout=60)
        answer.raise_for_status()
        told = answer.json()
        if told["status"] == COMPLETE:
            return str(told["report_url"])
        if told["status"] in (FAILED, EXPIRED):
            raise RuntimeError(f"report {report} has failed")
        time.sleep(POLL)
    raise TimeoutError(f"report {report} was not ready after {TIMEOUT:.0f} s")


def download(link: str, target: Path) -> None:
    """Save the file as it comes."""
    with requests.get(link, stream=True, timeout=60) as answer:
        answer.raise_for_status()
        with target.open("wb") as file:
            for chunk in answer.iter_content(8192):
                file.write(chunk)


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    day = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else datetime.now(UTC).date() - timedelta(days=1)
    OUT.mkdir(parents=True, exist_ok=True)
    target = OUT / f"telnyx-{day}.csv"
    if target.exists():
        log.info("%s is there already", target)
        return 0
    try:
        session = connect()
        report = create(session, day)
        log.info("asked for report %s", report)
        download(wait(session, report), target)
    except (requests.RequestException, RuntimeError, TimeoutError) as error:
        log.error("could not export %s: %s", day, error)
        return 1
    log.info("wrote %s, %d bytes", target, target.stat().st_size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
