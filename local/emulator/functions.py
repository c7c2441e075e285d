"""Python functions run under the genuine awslambdaric, as on AWS, with real error types, deadlines and limits.

MiniStack runs them in a worker of its own that reports every exception as `Runtime.HandlerError` (so no Retry or
Catch by class matches) and inherits the shell's environment. Its `provided.*` path serves the real Lambda Runtime
API; here every python runtime takes that path, with a bootstrap that starts AWS's own runtime client.
"""

import json
import os
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

PYTHON = Path(__file__).resolve().parents[2] / ".venv-runtime" / "bin" / "python"

# MemorySize becomes a real limit of the data segment; without the other two, thread stacks and arenas count in it.
BOOTSTRAP = f"""#!/bin/sh
ulimit -s 1024
export MALLOC_ARENA_MAX=2
ulimit -d $((AWS_LAMBDA_FUNCTION_MEMORY_SIZE * 1024))
exec "{PYTHON}" -m awslambdaric "$_HANDLER"
"""

# What of this process's own environment a function sees: how to reach the emulated AWS, and the way out, if any.
PASSED = (
    *("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_REGION", "AWS_DEFAULT_REGION", "TMPDIR"),
    *("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "no_proxy"),
)
FIXED = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    "PYTHONDONTWRITEBYTECODE": "1",
}

# Environments of one function at a time. AWS has a thousand; here each is a process, and two cores start them slowly.
ENVIRONMENTS = 3
_places: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(ENVIRONMENTS))

_unpack = lambda_svc._provided_runtime_code_dir
_warm = lambda_svc._execute_function_warm
_worker = lambda_runtime._worker_class_for


def apply() -> None:
    lambda_svc._provided_runtime_code_dir = unpack
    lambda_svc._provided_worker_env = environment
    lambda_runtime._worker_class_for = worker
    lambda_svc._execute_function_warm = execute


def is_python(config: dict[str, Any]) -> bool:
    return str(config.get("Runtime", "")).startswith("python")


def execute(func: dict[str, Any], event: Any, request: str) -> Any:
    config = func.get("config") or func
    run = lambda_svc._execute_function_provided_warm if is_python(config) else _warm
    with _places[str(config.get("FunctionName"))]:
        return run(func, event, request)


def worker(config: dict[str, Any]) -> Any:
    return Runtime if is_python(config) else _worker(config)


def unpack(code: bytes) -> str:
    """Where the function's zip lies, with the bootstrap put beside its code."""
    folder = _unpack(code)
    bootstrap = Path(folder, "bootstrap")
    if not bootstrap.exists():
        # Several environments may start at once: each writes its own, the last one stays, all are the same.
        fresh = bootstrap.with_suffix(f".{threading.get_ident()}")
        fresh.write_text(BOOTSTRAP)
        fresh.chmod(0o755)
        fresh.replace(bootstrap)
    return str(folder)


def environment(config: dict[str, Any], folder: str, port: int) -> dict[str, str]:
    """What AWS would give the function, its own variables, and nothing else of this machine."""
    given = {name: os.environ[name] for name in PASSED if name in os.environ}
    everywhere: dict[str, str] = json.loads(os.environ.get("LOCAL_FUNCTIONS", "{}"))
    own = lambda_svc._runtime_env_vars(config)
    credentials = lambda_svc.execution_credentials(config)
    return {**FIXED, **given, **everywhere, **own, **_identity(config, folder), **credentials} | {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}"
    }


def _identity(config: dict[str, Any], folder: str) -> dict[str, str]:
    name, logging = str(config.get("FunctionName")), config.get("LoggingConfig") or {}
    return {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime')}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": str(config.get("Version", "$LATEST")),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": logging.get("LogFormat", "Text"),
        "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup", f"/aws/lambda/{name}"),
        "AWS_LAMBDA_LOG_STREAM_NAME": lambda_svc.new_uuid(),
        "LAMBDA_TASK_ROOT": folder,
        "PYTHONPATH": folder,
        "_HANDLER": str(config.get("Handler")),
    }


class Runtime(lambda_runtime.ProvidedWorker):  # type: ignore[misc]  # MiniStack has no types
    """Upstream reports a failed import as `Runtime.Unknown`, without its log; AWS passes on what the client says."""

    def invoke(self, event: Any, request_id: str, **more: Any) -> Any:
        try:
            return super().invoke(event, request_id, **more)
        except RuntimeError as failure:
            told = self._init_error
            if not isinstance(told, dict):
                raise
            log = self._drain_stderr_bounded()
            return {"status": "error", "error": str(failure), "error_payload": told, "log": log}

    def _build_handler_class(self, generation: int, pending: Any) -> Any:
        """Head and body of an invocation are two packets: the second would wait 40 ms for the first's receipt."""
        made = super()._build_handler_class(generation, pending)
        made.disable_nagle_algorithm = True
        return made
