"""Lakes for accounts of some sizes, made and asked; what was measured, as values."""

import json
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.asking import asked, glue
from benchmarks.asking.lake import FIRST, Day, prove, size
from lambdas.core import keys
from lambdas.core.rows import Row
from local.cloud import ROOT

LAYOUTS = {86_400: "1 day", 3_600: "1 hour", 900: "15 minutes"}
MOST_DAYS, CORES = 4, 2
ENGINE = (str(ROOT / ".venv-emulator" / "bin" / "python"), "-m", "benchmarks.asking.engine")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Lake:
    """What lies in an account's lake of one layout."""

    account: int  # calls a day, as asked for
    seconds: int
    days: int
    calls: int
    plain: int  # bytes of the vendor's CSV
    raw: int  # the same as the lake keeps it, packed
    parquet: int
    files: int  # of Parquet


@dataclass(frozen=True)
class Answer:
    """What one question read of a lake; `days` and `month` as in asked.Question."""

    account: int
    seconds: int
    name: str
    read: int
    files: int
    took: float
    days: int
    month: int


@dataclass(frozen=True)
class Measured:
    """All of it."""

    lakes: list[Lake]
    answers: list[Answer]

    def figures(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {"lakes": [asdict(one) for one in self.lakes], "answers": [asdict(one) for one in self.answers]}


def measure(folder: Path, accounts: list[int], calls: int, say: Say) -> Measured:
    """Makes and asks the lakes of each account; `calls` are shared among the accounts, at most four days of each."""
    database, tables = glue.tables()
    lakes, answers = list[Lake](), list[Answer]()
    for account in accounts:
        days = max(1, min(MOST_DAYS, calls // len(accounts) // account))
        where = folder / str(account)
        shutil.rmtree(where, ignore_errors=True)
        lakes += _made(where, account, days, say)
        wanted = {**asked.one_day(database, days), **asked.all_days(database, days)}
        for seconds, told in LAYOUTS.items():
            say(f"{account:,} calls a day, windows of {told}: asking")
            given = {"database": database, "tables": tables, "folder": str(where / str(seconds))}
            for one in _answers({**given, "asked": {name: question.sql for name, question in wanted.items()}}):
                question = wanted[one["name"]]
                what = one["name"], one["read"], one["files"], one["seconds"]
                answers.append(Answer(account, seconds, *what, question.days, question.month))
    return Measured(lakes, answers)


def _made(folder: Path, account: int, days: int, say: Say) -> list[Lake]:
    wanted = [Day(folder, FIRST + timedelta(days=number), account, tuple(LAYOUTS)) for number in range(days)]
    rows: dict[int, list[Row]] = {seconds: [] for seconds in LAYOUTS}
    calls = plain = 0
    with ProcessPoolExecutor(CORES) as pool:
        for number, (found, count, text) in enumerate(pool.map(Day.make, wanted), start=1):
            say(f"{account:,} calls a day: day {number} of {days} is there")
            calls, plain = calls + count, plain + text
            for seconds, one in found.items():
                rows[seconds] += one
    return [_lake(folder / str(seconds), account, seconds, days, calls, plain, rows[seconds]) for seconds in LAYOUTS]


def _lake(folder: Path, account: int, seconds: int, days: int, calls: int, plain: int, rows: list[Row]) -> Lake:
    prove(folder, rows)
    files, parquet = size(folder, keys.CALLS)
    return Lake(account, seconds, days, calls, plain, size(folder, keys.RAW)[1], parquet, files)


def _answers(given: dict[str, Any]) -> list[dict[str, Any]]:
    told = json.dumps(given)
    done = subprocess.run(ENGINE, input=told, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - this package's own engine
    if done.returncode:
        raise RuntimeError(f"the engine failed: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]
