"""The stack, synthesized once per session as the command line would, with bundles of one line each."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.bundle import HANDLERS
from tests.infra.template import KNOWN, Template, template, text

KEY = "arn:aws:kms:us-east-1:123456789012:key/12345678-90ab-cdef-1234-567890abcdef"
RUNBOOK = "https://git.example.com/cdr/blob/main/docs/runbook.md"
ROOT = Path(__file__).resolve().parents[2]
EXPORTS = """
[[export]]
name = "telnyx-main"
vendor = "telnyx"
start = "-7d"

[[export]]
name = "telnyx-other"
vendor = "telnyx"
secret = "cdr/dev/telnyx-main"
start = 2026-09-01
schedule = "rate(1 hour)"

[[export]]
name = "flowroute-main"
vendor = "flowroute"
start = 2026-10-01
state = "paused"

[[export]]
name = "flowroute-old"
vendor = "flowroute"
start = 2025-10-01
state = "retired"
secret_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:theirs-AbCdEf"
"""


def app(out: Path, context: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run app.py as the command line does, with cdk.json's context and ours."""
    chosen = json.loads((ROOT / "cdk.json").read_text())["context"]
    told = {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps({**chosen, **context})}
    command = [sys.executable, str(ROOT / "app.py")]
    environment = {**os.environ, **told}
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exports.toml with every state, a shared secret and one of the operator's own."""
    path = tmp_path_factory.mktemp("exports") / "exports.toml"
    path.write_text(EXPORTS)
    return path


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four bundles, each different, none of them of use."""
    return bundled(tmp_path_factory.mktemp("bundles"))


def bundled(folder: Path) -> Path:
    for handler in HANDLERS:
        (folder / handler).mkdir()
        (folder / handler / "it.py").write_text(f'"""{handler}"""\n')
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, exports: Path, bundles: Path) -> Template:
    """The stack with its defaults, as it goes to AWS, checked by cdk-nag."""
    return synth(tmp_path_factory.mktemp("made"), {"exports": str(exports), "bundle": str(bundles)})


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory, exports: Path, bundles: Path) -> Template:
    """The stack with every setting that changes it."""
    chosen = {"stage": "try-1", "target": "host", "removal": "destroy", "callback": "off", "nag": "off"}
    days = {
        "raw_expire_days": "400",
        "log_days": "7",
        "scan_limit_gb": "5",
        "timezone": "Asia/Kathmandu",
    }
    where = {"account": "123456789012", "region": "us-east-1", "timezone": "Asia/Kathmandu"}
    context = {"exports": str(exports), "bundle": str(bundles), **chosen, **days, **where}
    return synth(tmp_path_factory.mktemp("local"), context)


@pytest.fixture(scope="session")
def hidden(tmp_path_factory: pytest.TempPathFactory, bundles: Path) -> Template:
    """With pseudonyms, under a KMS key of the owner's, with an access log and a narrower door; checked by cdk-nag."""
    path = tmp_path_factory.mktemp("hidden") / "exports.toml"
    path.write_text('[[export]]\nname = "main"\nvendor = "telnyx"\nstart = "-7d"\nnumbers = "pseudonym"\n')
    context = {"exports": str(path), "bundle": str(bundles), "kms_key": KEY, "access_log": "on"}
    context |= {
        "rate": "3",
        "burst": "4",
        "alarm_email": "you@example.com",
        "budget_usd": "7.50",
        "runbook_url": RUNBOOK,
    }
    return synth(tmp_path_factory.mktemp("made"), context)


@pytest.fixture(scope="session")
def states(made: Template) -> dict[str, Any]:
    """The deployed state machine, filled in as CloudFormation would."""
    machine = made.one("StepFunctions::StateMachine")
    definition = text(machine["DefinitionString"])
    for word in machine["DefinitionSubstitutions"]:
        arn = f"arn:aws:lambda:{KNOWN['AWS::Region']}:{KNOWN['AWS::AccountId']}:function:{word}"
        definition = definition.replace(f"${{{word}}}", arn)
    return dict(json.loads(definition))


def synth(out: Path, context: dict[str, str]) -> Template:
    done = app(out, context)
    assert done.returncode == 0, done.stderr
    return template(out, done.stderr)
