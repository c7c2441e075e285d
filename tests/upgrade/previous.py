"""The release before this tree: its sources from the archive beside this, run by themselves."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.emulator.surroundings import ROOT

# `make previous` renews it after a release.
(ARCHIVE,) = Path(__file__).parent.glob("v*.tar.gz")
VERSION = ARCHIVE.name.removesuffix(".tar.gz")


def unpack(folder: Path) -> Path:
    """Its root; what it installs for its bundles lies with this tree's own, so that it is fetched once."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    (ROOT / "build").mkdir(exist_ok=True)
    (folder / VERSION / "build").symlink_to(ROOT / "build")
    return folder / VERSION


def ask(root: Path, script: str, given: object = None) -> Any:
    """What a script says that runs with that release's modules; JSON in and out."""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=root, input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def synth(root: Path, out: Path, context: Mapping[str, str]) -> None:
    """Its assembly, as `cdk synth` would make it, for this machine."""
    flags = json.loads((root / "cdk.json").read_text())["context"]
    context = {**flags, "target": "host", "copier_mb": "512", "nag": "off", **context}
    told = {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps(context)}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=root, env={**os.environ, **told}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
