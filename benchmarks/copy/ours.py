"""The copier at its work: its own code with boto3's client and HTTP; only the ledger is in memory, and the vendor.

`python -m benchmarks.copy.ours URL FORM FOLDER copy|warm`. This is the one file that knows the copier's insides.
"""

import contextlib
import io
import json
import os
import resource
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from benchmarks.copy.job import BUCKET, job
from benchmarks.copy.sizes import DAY, TIMES
from lambdas import copier
from lambdas.core.exports import Export, parse
from lambdas.core.progress import File, Progress, State
from lambdas.core.rows import Row, Work
from lambdas.core.windows import Window
from lambdas.rooms import Rooms
from lambdas.settings import Settings
from lambdas.vendors import FACTS, VENDORS, Vendor
from local.memory.ledger import Memory

START = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
EXPORTS = f"""
[[export]]
name = "bench"
vendor = "telnyx"
start = {DAY}
base_url = "http://127.0.0.1/"
download_from = ["http://127.0.0.1/"]
options = {{ source = ["calls"] }}
"""


class Ready:
    """Telnyx's facts and columns, with one report that is ready."""

    facts, columns = VENDORS["telnyx"].facts, VENDORS["telnyx"].columns

    def __init__(self, url: str) -> None:
        self._url = url

    def look(self, _report_id: str) -> Progress:
        """Where the file is."""
        return Progress(State.READY, (File(self._url),))


class Place(Rooms):
    """The outside of a copier, in which nothing but the ledger and the vendor is played."""

    def __init__(self, url: str) -> None:
        super().__init__(Settings({"CDR_STACK": "0a1b2c3d", "CDR_BUCKET": BUCKET}))
        self._url = url
        self.memory = Memory()
        self.__dict__ |= {"ledger": self.memory, "exports": parse(EXPORTS, "dev", FACTS)}

    def now(self) -> datetime:
        """A day after the calls."""
        return START + timedelta(days=1, hours=3)

    def vendor(self, export: Export) -> Vendor | None:  # noqa: ARG002 - the rooms' own signature
        """Without an account."""
        return cast(Vendor, Ready(self._url))

    def asked(self, run: int) -> Row:
        """The window's row as the poller leaves it."""
        window = Window(START, 86_400, "calls")
        row = replace(
            Row("bench", window), state=Work.ASKED, report_id="1", asked_at=self.now() - timedelta(minutes=5),
            due_at=self.now(), tag=f"cdr-0a1b2c3d-{run}", run=run, fingerprint="0" * 8, fields={"source": "calls"},
        )  # fmt: skip
        self.memory.fill([row])
        return row


def copy(at: Place, run: int = 0) -> str:
    """One report through the copier's handler; anything but a publication is a failure. The log is nobody's."""
    row = at.asked(run)
    told = {
        "export": row.export, "start": START.isoformat(), "seconds": 86_400, "source": "calls", "revision": 0,
        "attempt": 1, "run": run, "steps": 1,
    }  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        state = str(copier.copy(told, at)["state"])
    if state != "done":
        raise SystemExit(f"not published: {state}")
    return state


def warm(at: Place) -> list[float]:
    """Milliseconds of CPU that each of many reports takes in one process, the first left out."""
    took = []
    for run in range(TIMES + 1):
        before = _cpu()
        copy(at, run)
        took.append((_cpu() - before) * 1000)
    return took[1:]


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Do it; what is printed is what the run came to."""
    os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "cdr-exporter")
    at = Place(job().url)
    print(json.dumps(warm(at) if sys.argv[4] == "warm" else copy(at)))


if __name__ == "__main__":
    main()
