"""The keys of everything in S3, in one place: the copier writes them, Glue's projection is built from them."""

from lambdas.core.windows import Window

RAW = "raw/"
CALLS = "calls/"
RECEIPTS = "receipts/"
QUARANTINE = "quarantine/"
LEDGER = "ledger/"
PREFIXES = (RAW, CALLS, RECEIPTS, QUARANTINE, LEDGER)
EXPIRING = (QUARANTINE,)


def partition(prefix: str, export: str, date: str) -> str:
    """A Hive partition below one of the prefixes: `calls/export=E/dt=D/`."""
    return f"{prefix}export={export}/dt={date}/"


def calls(export: str, window: Window) -> str:
    """The one Parquet object of a window; the same key for every revision."""
    return f"{partition(CALLS, export, window.date)}{window.name}.{window.source}.parquet"


def raw(export: str, window: Window, revision: int, attempt: int, run: int, file: int) -> str:
    """The vendor's bytes of one file of one run, so that a retry never collides."""
    turn = f"r{revision}.a{attempt}.k{run}.f{file}"
    return f"{partition(RAW, export, window.date)}{window.name}.{window.source}.{turn}.csv.gz"


def receipt(export: str, window: Window, revision: int) -> str:
    """The receipt of one revision of a window."""
    return f"{partition(RECEIPTS, export, window.date)}{window.name}.{window.source}.r{revision}.json"


def quarantine(export: str, window: Window, revision: int, attempt: int, run: int, ending: str) -> str:
    """What was downloaded and did not pass the checks."""
    turn = f"r{revision}.a{attempt}.k{run}"
    return f"{partition(QUARANTINE, export, window.date)}{window.name}.{window.source}.{turn}.{ending}"


def book(export: str, month: str) -> str:
    """The partition of the proof below `ledger/`: `ledger/export=E/month=2026-11/`."""
    return f"{LEDGER}export={export}/month={month}/"


def coverage(export: str, month: str) -> str:
    """The proof of one month of an export, `2026-11`."""
    return f"{book(export, month)}coverage.json.gz"
