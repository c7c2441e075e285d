"""One target under atheris in a process of its own: `python -m tests.fuzz.drive TARGET` and libFuzzer's arguments."""

import os
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".venv-fuzz"  # atheris alone, beside the project's own environment
INVENTED = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "fuzz",
    "POWERTOOLS_METRICS_NAMESPACE": "fuzz",
}


def main(name: str, arguments: list[str]) -> None:
    """Only our own modules are watched: they are imported here, and not before."""
    os.environ |= INVENTED
    sys.path.append(str(HOME))
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["lambdas", "cli.asking"]):
        from tests.fuzz.targets import target

        module = target(name)
    warnings.simplefilter("ignore")
    atheris.Setup([name, *arguments], module.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
