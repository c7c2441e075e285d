"""The genuine command line deploys onto the emulated cloud, and nowhere else."""

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from local import deploy as room
from local.cloud import Cloud
from local.deploy import Failed, deploy, destroy, synth
from tests.local.processes import gone

# An assembly as CDK writes it, with a template too small to need the app (whose synth takes 12 s).
MANIFEST = {
    "version": "36.0.0",
    "artifacts": {
        "tiny": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {"templateFile": "tiny.json"},
        }
    },
}
QUEUE = {"Queue": {"Type": "AWS::SQS::Queue"}}
NAME = {"Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}}


def assembly(folder: Path, resources: object) -> Path:
    out = folder / "tiny.out"
    out.mkdir(exist_ok=True)
    (out / "manifest.json").write_text(json.dumps(MANIFEST))
    (out / "tiny.json").write_text(json.dumps({"Resources": resources, "Outputs": NAME}))
    return out


@pytest.mark.cloud
def test_the_stack_comes_with_its_outputs_and_goes(aws: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice, since deploying again changes nothing; the user's own AWS is never asked."""
    monkeypatch.setenv("AWS_PROFILE", "the users own")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the users own")
    out, lines = assembly(tmp_path, QUEUE), list[str]()
    outputs = deploy(aws, out, say=lines.append)
    assert deploy(aws, out) == outputs
    assert aws.client("sqs").get_queue_url(QueueName=outputs["Name"])
    assert any("CREATE_COMPLETE" in line and "AWS::SQS::Queue" in line for line in lines)
    destroy(aws, out)
    with pytest.raises(aws.client("sqs").exceptions.QueueDoesNotExist):
        aws.client("sqs").get_queue_url(QueueName=outputs["Name"])


@pytest.mark.cloud
def test_a_deploy_that_fails_says_why(aws: Cloud, tmp_path: Path) -> None:
    """With the last lines of the command line."""
    out = assembly(tmp_path, {"Queue": {"Type": "AWS::SQS::NoSuchThing"}})
    with pytest.raises(Failed, match=r"(?s)cdk deploy --all failed:.*NoSuchThing"):
        deploy(aws, out)


def test_a_mistake_in_the_exports_is_told(tmp_path: Path) -> None:
    """Synthesis fails with the app's own words."""
    wrong = tmp_path / "exports.toml"
    wrong.write_text('[[export]]\nname = "one"\nvendor = "nobody"\n')
    with pytest.raises(Failed, match=r"(?s)app.py failed:.*exports.toml: .*vendor"):
        synth(tmp_path / "cdk.out", wrong, context={"target": "host"})


def test_nothing_that_a_command_started_outlives_it(tmp_path: Path) -> None:
    """Not even when the one who listens to it breaks off."""
    code = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    started: list[psutil.Process] = []

    def stop(line: str) -> None:
        started.append(psutil.Process(int(line)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        room._run([sys.executable, "-c", code], {"PATH": os.defpath}, tmp_path, stop)
    assert gone(started)
