"""One measured run: fresh peers, a fresh process for the job on its own core, and what the kernel and S3 counted."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.copy.peers import ROOT, Peer
from benchmarks.copy.plan import OURS, Case, Way
from infra.memory import MEMORY

PATIENCE = 1800  # seconds
LAUNCH = Path(__file__).with_name("launch.py")
KEYS = {
    "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "RUNTIME__DLTHUB_TELEMETRY": "false",
    "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "PYTHONDONTWRITEBYTECODE": "",
}  # fmt: skip


@dataclass(frozen=True)
class Cores:
    """Which cores are the job's, and which the peers'."""

    job: frozenset[int]
    peers: frozenset[int]

    @classmethod
    def split(cls, job: int = 1) -> "Cores":
        """One for the job, as a function of up to 1769 MB has; the others, if there are any, for the peers."""
        mine = sorted(os.sched_getaffinity(0))
        return cls(frozenset(mine[:job]), frozenset(mine[job:] or mine))


@dataclass
class Run:
    """What one run came to."""

    way: str
    size: str
    form: str
    line: int
    round: int
    wall: float = 0
    cpu: float = 0
    mib: float = 0
    requests: int = 0
    asked: dict[str, int] = field(default_factory=dict)  # by operation
    folders: dict[str, int] = field(default_factory=dict)  # by the key's first folder
    objects: dict[str, int] = field(default_factory=dict)
    out: str = ""
    failed: str = ""

    @property
    def case(self) -> Case:
        """What it was a run of."""
        return Case(self.size, self.form, self.line)

    def figures(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


def run(way: Way, case: Case, number: int, data: Path, cores: Cores, keep: Path | None = None) -> Run:
    """Do the job once; `keep` is where S3's objects stay."""
    done, file = Run(way.name, case.size, case.form, case.line, number), case.file(way)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cdr-bench-")))
        scratch = folder / "scratch"
        scratch.mkdir()
        server = stack.enter_context(Peer("server", case.line, cores.peers, folder=data))
        sink = stack.enter_context(Peer("sink", case.line, cores.peers, folder=keep))
        command = way.command(f"{server.url}/{file}", data / file, case.form, scratch)
        environment = {**os.environ, **KEYS, "AWS_ENDPOINT_URL": sink.url, "TMPDIR": str(scratch), "HOME": str(scratch)}
        environment |= MEMORY["copier"] if way.python == OURS else {}  # as it is deployed
        _launch(command, environment, folder, cores, done)
    done.asked, done.folders = sink.told.get("asked", {}), sink.told.get("folders", {})
    done.objects = sink.told.get("objects", {})
    done.requests = sum(done.asked.values())
    return done


def _launch(command: list[str], environment: dict[str, str], folder: Path, cores: Cores, done: Run) -> None:
    report, errors, mine = folder / "report", folder / "errors", ",".join(map(str, sorted(cores.job)))
    bare = [sys.executable, "-I", "-S", str(LAUNCH), mine, str(PATIENCE), str(report), str(errors)]
    subprocess.run([*bare, *command], env=environment, cwd=ROOT, check=True)  # noqa: S603 - a way, in this package
    told = json.loads(report.read_text("utf-8"))
    done.wall, done.cpu, done.mib = told["wall"], told["cpu"], told["mib"]
    done.out = Path(f"{errors}.out").read_text("utf-8", "replace")[-4000:].strip()
    if told["status"]:
        said = errors.read_text("utf-8", "replace").strip().splitlines() or ["no word"]
        late = f"not done after {PATIENCE} s; " if done.wall >= PATIENCE else ""
        done.failed = f"{late}status {told['status']}: {said[-1][:300]}"


def missing(ways: list[Way]) -> list[str]:
    """What the ways need and this machine has not."""
    lost = [] if shutil.which("curl") else ["curl"]
    return lost + sorted({way.python for way in ways if way.python and not Path(way.python).exists()})
