"""Starts the two peers of a job, each a process of its own on cores that the job leaves; hears what they counted."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.copy.pace import MB

ROOT = Path(__file__).resolve().parents[2]
# As a function in Lambda sees them: the vendor's first byte, and S3's answer (shared/performance.md).
AWAY = {"server": 0.04, "sink": 0.045}


class Peer:
    """A running peer; `told` is what it counted, once it was left."""

    def __init__(self, name: str, line: int, cores: Iterable[int], *, folder: Path | None = None) -> None:
        places = [",".join(map(str, sorted(cores))), str(line * MB), str(AWAY[name] if line else 0)]
        folders = [str(folder)] if folder else []
        arguments = [*folders, *places] if name == "server" else [*places, *folders]
        self._command = [sys.executable, "-m", f"benchmarks.copy.{name}", *arguments]
        self.told: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - this very package
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout  # noqa: S101 - for the type checker: it was asked for
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Let it go and hear what it counted; once."""
        if self._process.poll() is None:
            out, _ = self._process.communicate()
            self.told = json.loads(out)
