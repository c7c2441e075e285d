"""The environment that the emulator is started with; the only room here that runs outside of it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, REGION = "123456789012", "us-east-1"

# The way out to a vendor, where a machine has one of its own; nothing else of the shell gets in.
PASSED = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")


def surroundings(temporary: Path, port: int, functions: Mapping[str, str]) -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED if name in os.environ}
    return passed | _settings(port) | _places(temporary) | _access(temporary, port, functions)


def _settings(port: int) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "USE_SSL": "1",
        "AUTH": "true",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        # Each of these would open a further port.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _places(temporary: Path) -> dict[str, str]:
    return {
        "TMPDIR": str(temporary),
        "STATE_DIR": str(temporary / "state"),
        "S3_DATA_DIR": str(temporary / "s3"),
        "DOCKER_HOST": f"unix://{temporary}/none",  # it would tidy up the containers of a Docker that it finds
    }


def _access(temporary: Path, port: int, functions: Mapping[str, str]) -> dict[str, str]:
    """How what runs inside reaches it."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": f"https://localhost:{port}",
        "AWS_CA_BUNDLE": str(certificate(temporary)),
        "NO_PROXY": unproxied(),
        "no_proxy": unproxied(),
        "LOCAL_FUNCTIONS": json.dumps(dict(functions)),
    }


def certificate(temporary: Path) -> Path:
    """Where MiniStack puts the certificate that it makes."""
    return temporary / "ministack-tls" / "server.crt"


def unproxied() -> str:
    return ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "localhost,127.0.0.1"]))
