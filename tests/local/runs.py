"""The command line as a user starts it: a process of its own, what it says, how it ends, what it leaves."""

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil
import pytest
import tomlkit

from local.cloud import ROOT
from tests.local.sets import Played, written

COMMAND = (sys.executable, "-m", "local")
DAY = {"start": date(2026, 11, 9), "options": {"source": "calls"}}
EARLY, LATER = "2026-11-10T06:00:00Z", "2026-11-11T06:00:00Z"
SECRET = "cdr/dev/theirs"
THEIRS = {"user": "them@example.com", "token": "a-token-of-their-own"}


@dataclass
class Run:
    """One run of the command line; its temporary files go to a folder of its own, so that what is left shows."""

    process: subprocess.Popen[str]
    temporary: Path
    out: str = ""

    def until(self, text: str) -> list[psutil.Process]:
        """Reads until a line holds `text`; every process of the tree then."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.out += line
            if text in line:
                top = psutil.Process(self.process.pid)
                return [top, *top.children(recursive=True)]
        raise AssertionError(f"it ended without saying {text!r}:\n{self.out}")

    def end(self) -> int:
        """Its status, when it has ended by itself."""
        self.out += self.process.communicate(timeout=120)[0]
        return self.process.returncode

    def left(self) -> list[str]:
        """What it leaves in the folder of temporary files."""
        return [path.name for path in self.temporary.iterdir()]


@contextmanager
def running(folder: Path, *words: str | Path) -> Iterator[Run]:
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    with subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Run(process, temporary)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


@contextmanager
def alone(factory: pytest.TempPathFactory) -> Iterator[None]:
    """There can be one `up` at a time, also where two workers run these tests."""
    with (factory.getbasetemp().parent / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ran(folder: Path, *words: str | Path) -> Run:
    """A run that has ended."""
    with running(folder, *words) as one:
        one.end()
    return one


def exports(folder: Path, text: str | Mapping[str, Played]) -> Path:
    file = folder / "exports.toml"
    file.write_text(text if isinstance(text, str) else written(text))
    return file


def secrets(folder: Path, **fields: str) -> Path:
    file = folder / "secrets.toml"
    file.write_text(tomlkit.dumps({SECRET: fields}))
    return file
