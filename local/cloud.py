"""An AWS of one's own on 127.0.0.1: MiniStack with our additions, ended with its context or its parent."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.session import Session

from local.emulator.surroundings import ACCOUNT, REGION, certificate, surroundings, unproxied
from local.emulator.surroundings import ROOT as ROOT  # whoever starts a cloud works from there

COMMAND = (str(ROOT / ".venv-emulator" / "bin" / "python"), "-m", "local.emulator")
PATIENCE = 60.0  # seconds until it must answer; it takes two on a laptop

# A client of ours minds neither the user's profile nor files; name, variables, default and conversion of each.
UNCONFIGURED: dict[str, Any] = {
    "profile": (None, [], None, None),
    "config_file": (None, [], os.devnull, None),
    "credentials_file": (None, [], os.devnull, None),
}


class Unwell(RuntimeError):  # it says what is wrong, "Error" would add nothing
    """The emulated cloud did not come up."""


@dataclass(frozen=True)
class Cloud:
    endpoint: str
    ca: Path
    account: str
    region: str
    pid: int
    log: Path
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def environment(self) -> dict[str, str]:
        """For child processes and boto3 sessions; put it over an environment without AWS_PROFILE."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.endpoint,  # it makes the CDK command line use path style
            "AWS_CA_BUNDLE": str(self.ca),
            "NODE_EXTRA_CA_CERTS": str(self.ca),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": unproxied(),
            "no_proxy": unproxied(),
        }

    def client(self, service: str) -> Any:
        """A boto3 client with the rights of the account's root; the same one each time."""
        if service not in self._clients:
            self._clients[service] = self._client(service)
        return self._clients[service]

    def _client(self, service: str) -> Any:
        session = boto3.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  # the emulator's root
            region_name=self.region,
            botocore_session=Session(session_vars=UNCONFIGURED),
        )
        # Step Functions would put a word before the host's name, and nobody resolves sync-localhost.
        config = Config(inject_host_prefix=False, proxies={}, s3={"addressing_style": "path"})
        make: Any = session.client  # the stubs know one overload for each service, here it is any of them
        return make(service, endpoint_url=self.endpoint, verify=str(self.ca), config=config)

    def scale(self, factor: float) -> None:
        """From now on every Wait, Retry and wait for a token of Step Functions takes `factor` of its time."""
        status, answer = _ask(self, "POST", "/_ministack/config", {"stepfunctions._SFN_WAIT_SCALE": factor})
        if status != http.client.OK or not json.loads(answer)["applied"]:
            raise ValueError(f"the emulated cloud refuses a scale of {factor}")


@contextmanager
def cloud(folder: Path, *, port: int | None = None, functions: Mapping[str, str] | None = None) -> Iterator[Cloud]:
    """Starts it, log and files in `folder`; `functions` are variables that every Lambda gets besides its own."""
    temporary = folder.resolve() / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    port = port or _free()
    log = folder.resolve() / "emulator.log"
    process = _spawn(surroundings(temporary, port, functions or {}), log)
    try:
        made = Cloud(f"https://localhost:{port}", certificate(temporary), ACCOUNT, REGION, process.pid, log)
        _await(made, process)
        yield made
    finally:
        _end(process)


def _spawn(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    # Standard input is the leash: the emulator ends its group when the other end of this pipe is gone.
    with log.open("ab") as out:
        return subprocess.Popen(
            COMMAND,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _await(made: Cloud, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError, http.client.HTTPException):
            if made.ca.exists() and _ask(made, "GET", "/_ministack/ready")[0] == http.client.OK:
                return
        time.sleep(0.05)
    how = "did not answer in time" if process.poll() is None else f"ended with {process.returncode}"
    tail = "\n".join(made.log.read_text(errors="replace").splitlines()[-30:])
    raise Unwell(f"the emulated cloud {how}; {made.log} ends:\n{tail}")


def _ask(made: Cloud, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    trust = ssl.create_default_context(cafile=str(made.ca))
    host = made.endpoint.removeprefix("https://")
    connection = http.client.HTTPSConnection(host, context=trust, timeout=10)
    try:
        connection.request(method, path, json.dumps(body))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills the group: its state is in memory, and its workers have been seen to outlive SIGTERM."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin:
        process.stdin.close()
    process.wait()
