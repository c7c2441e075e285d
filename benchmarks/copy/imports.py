"""What each function carries and what its import costs, in fresh processes of the Lambda runtime's environment."""

import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.copy.peers import ROOT
from benchmarks.copy.tables import CARRIED, markdown
from infra.bundle import HANDLERS, Bundler, UnbuiltError

PYTHON = ROOT / ".venv-runtime" / "bin" / "python"
TIMES = 9
# The clients that each function makes, and what else it cannot do without.
CLIENTS = {
    "requester": ("dynamodb", "s3", "secretsmanager", "stepfunctions"),
    "callback": ("dynamodb", "secretsmanager", "stepfunctions"),
    "poller": ("dynamodb", "secretsmanager", "stepfunctions"),
    "copier": ("dynamodb", "s3", "secretsmanager"),
}
NEEDED = {
    "callback": "from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response\n",
    "copier": "import requests, pyarrow, pyarrow.csv, pyarrow.compute, pyarrow.parquet\n",
}
LIMITS = {"copier": 80.0}  # MB unpacked; the others 12
GOAL = 1.15
# CPU: a warm disk takes nothing else, and it does not hear the neighbours.
CLOCK = "import time; begun = time.process_time()\n"
SAY = "print(time.process_time() - begun)\n"


@dataclass
class Carried:
    """One function."""

    handler: str
    aws_mb: float | None
    host_mb: float
    import_ms: float
    floor_ms: float

    @property
    def ratio(self) -> float:
        """Its import beside that of what it needs."""
        return self.import_ms / self.floor_ms

    def figures(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**asdict(self), "ratio": self.ratio}

    def line(self) -> list[str]:
        """As a table takes it."""
        judged = f"at most {GOAL}: {'met' if self.ratio <= GOAL else 'NOT met'}"
        return [
            self.handler, "" if self.aws_mb is None else f"{self.aws_mb:.1f}", f"{self.host_mb:.1f}",
            f"under {LIMITS.get(self.handler, 12):g}", f"{self.import_ms:.0f}", f"{self.floor_ms:.0f}",
            f"{self.ratio:.2f}", "" if self.handler == "copier" else judged,
        ]  # fmt: skip


def carried(say: Callable[[str], None]) -> list[Carried]:
    """All four, each import and its floor in turns."""
    say("bundles")
    host, aws = _bundles("host"), _bundles("aws")
    if host is None:
        raise SystemExit("no bundle could be made: the packages cannot be installed")
    found = []
    for handler in HANDLERS:
        say(f"imports of the {handler}")
        # Each makes its clients as well: a function without them has done nothing yet.
        made = "\n".join(f"client({one!r})" for one in CLIENTS[handler])
        ours = f"import lambdas.{handler}\nfrom lambdas.aws.clients import client\n{made}\n"
        took = [[_timed(host / handler, script) for script in (ours, _floor(handler))] for _ in range(TIMES)]
        own, floor = (median(column) * 1000 for column in zip(*took, strict=True))
        found.append(Carried(handler, _size(aws / handler) if aws else None, _size(host / handler), own, floor))
    return found


def _floor(handler: str) -> str:
    """boto3 and the clients, requests, Logger and Metrics; the callback asks nobody, and answers HTTP."""
    clients = "\n".join(f"boto3.client({one!r}, region_name='us-east-1')" for one in CLIENTS[handler])
    extra = NEEDED.get(handler, "import requests\n")
    return f"import boto3\n{extra}from aws_lambda_powertools import Logger, Metrics\n{clients}\n"


def _timed(bundle: Path, script: str) -> float:
    """Seconds of CPU in a fresh process; nothing is compiled beforehand but what the runtime brings, as in Lambda."""
    environment = {
        "PYTHONPATH": str(bundle), "PYTHONDONTWRITEBYTECODE": "1", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "POWERTOOLS_METRICS_NAMESPACE": "bench",
    }  # fmt: skip
    command = [str(PYTHON), "-c", CLOCK + script + SAY]
    done = subprocess.run(  # noqa: S603 - two scripts of this module
        command, env=environment, cwd=bundle, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _bundles(target: str) -> Path | None:
    try:
        return Bundler(root=ROOT, target=target, exports=ROOT / "exports.toml").fill()
    except UnbuiltError:  # no network, say
        return None


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def as_markdown(found: list[Carried]) -> str:
    """For the docs."""
    return "### Bundles and imports\n\n" + markdown(CARRIED, [one.line() for one in found])
