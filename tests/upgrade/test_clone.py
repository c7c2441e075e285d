"""A clean clone deploys with Python, Node and what locks/deploy.txt names: no other package, no Docker."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

from local.emulator.surroundings import ROOT

# What a synth loads before CDK, which is the lock's own; the rest of infra/ imports CDK and this.
LOADED = """
import sys
before = set(sys.modules)
import app, infra.bundle, infra.settings, infra.carried, infra.trim, lambdas.vendors
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""


def test_a_synth_needs_no_package_but_the_deploy_lock_s() -> None:
    """With `make setup` there is more around, so a missing one would be seen on somebody else's laptop first."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "locks" / "deploy.txt").read_text(), re.MULTILINE))
    from_whom = packages_distributions()
    used = {plain(one) for name in done for one in from_whom.get(name, [])} - {"cdr-exporter"}
    assert "requests" in used
    assert used <= locked


def plain(name: str) -> str:
    """A package's name as locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()
