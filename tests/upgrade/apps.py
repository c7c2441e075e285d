"""Several assemblies of this tree from one process, since most of a synth is loading CDK; what to make is on stdin."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.emulator.surroundings import ROOT

Wanted = Mapping[str, Mapping[str, str]]  # the settings by the folder


def make(wanted: Mapping[Path, Mapping[str, str]]) -> None:
    """Synthesize each for this machine."""
    told = {str(out): {"target": "host", "copier_mb": "512", **context} for out, context in wanted.items()}
    command = [sys.executable, "-m", "tests.upgrade.apps"]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(told), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def main(wanted: Wanted) -> None:
    """As app.py does it, without the command line in between."""
    from aws_cdk import App

    from app import newer_node
    from infra import settings
    from infra.bundle import Bundler
    from infra.stack import Cdr

    newer_node()
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    for out, context in wanted.items():
        chosen = settings.settings(context.get)
        exports, made = settings.exports(chosen), App(outdir=out, context=flags)
        bundles = Bundler(root=ROOT, target=chosen.target, exports=chosen.exports).fill()
        Cdr(made, settings=chosen, exports=exports, bundles=bundles)
        made.synth()


if __name__ == "__main__":
    main(json.load(sys.stdin))
