"""The cloud comes up, is shut to the outside, and goes down with everything it started."""

import signal
import subprocess
import sys
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.exceptions import ClientError

from local import cloud as room
from local.cloud import Cloud, Unwell, cloud
from local.emulator.surroundings import ROOT
from tests.local.processes import gone, group
from tests.local.stack import make

# A parent that starts a cloud with a warm function, says whose process it is, and waits.
PARENT = """
import pathlib, sys, time
from local.cloud import cloud
from tests.local.stack import make
with cloud(pathlib.Path(sys.argv[1])) as aws:
    make(aws).call({})
    print(aws.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.cloud
def test_it_listens_on_this_machine_only(aws: Cloud) -> None:
    """On one port of 127.0.0.1; not on the 443 that MiniStack would take as well."""
    connections = [one for process in group(aws.pid) for one in process.net_connections()]
    listening = {one.laddr for one in connections if one.status == psutil.CONN_LISTEN}
    assert (aws.endpoint, {ip for ip, _ in listening}) == (f"https://localhost:{_port(aws)}", {"127.0.0.1"})
    assert _port(aws) in {port for _, port in listening}
    assert 443 not in {port for _, port in listening}


@pytest.mark.cloud
def test_only_root_and_its_own_roles_get_in(aws: Cloud) -> None:
    """Another key is refused, so that what is denied is denied by IAM."""
    session = boto3.Session(aws_access_key_id="AKIASTRANGER", aws_secret_access_key="x", region_name=aws.region)
    stranger = session.client("dynamodb", endpoint_url=aws.endpoint, verify=str(aws.ca))
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        stranger.list_tables()
    assert aws.client("sts").get_caller_identity()["Account"] == aws.account


@pytest.mark.cloud
def test_a_child_process_finds_it(aws: Cloud) -> None:
    """With nothing but `environment()`, boto3 of a child talks to it."""
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    command, environment = [sys.executable, "-c", code], aws.environment()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == aws.account


@pytest.mark.cloud
def test_nothing_survives_its_end(folder: Path) -> None:
    """Neither after a normal end nor after an exception; a warm function's process ends as well."""
    with pytest.raises(KeyboardInterrupt), cloud(folder) as made:
        make(made).call({})
        processes = group(made.pid)
        raise KeyboardInterrupt
    assert len(processes) == 2
    assert gone(processes)


@pytest.mark.cloud
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_survives_its_parent(folder: Path, how: signal.Signals) -> None:
    """Ctrl-C, and a kill that leaves the parent no moment to tidy up."""
    command = [sys.executable, "-c", PARENT, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout
        processes = group(int(parent.stdout.readline()))
        parent.send_signal(how)
        parent.wait(20)
    assert len(processes) == 2
    assert gone(processes)


@pytest.mark.cloud
def test_a_port_that_is_taken_is_named(aws: Cloud, folder: Path) -> None:
    """The error carries the end of the log."""
    match = f"(?s)ended with 1.*{_port(aws)} is already in use"
    with pytest.raises(Unwell, match=match), cloud(folder, port=_port(aws)):
        pytest.fail("it started on a port that was taken")


def test_a_cloud_that_does_not_answer_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And ended."""
    monkeypatch.setattr(room, "COMMAND", (sys.executable, "-c", "print('hm', flush=True); import time; time.sleep(99)"))
    monkeypatch.setattr(room, "PATIENCE", 1.0)
    with pytest.raises(Unwell, match=r"(?s)did not answer in time.*hm"), cloud(folder):
        pytest.fail("it never answered")


def test_another_version_of_ministack_is_refused() -> None:
    """Our additions reach into the functions of one version."""
    code = "import local.emulator.__main__ as room; room.PINNED = '0.0.1'; room.main()"
    done = subprocess.run([room.COMMAND[0], "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "written for MiniStack 0.0.1, here is 1." in done.stderr


def _port(aws: Cloud) -> int:
    return int(aws.endpoint.rpartition(":")[2])
