"""A cloud that stays up: what `up` starts and tells about itself, and what `demo --attach` finds."""

import fcntl
import json
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from lambdas.core.exports import parse
from lambdas.vendors import FACTS
from local.cast import Role
from local.clock import Rehearsal
from local.cloud import ROOT, Cloud
from local.demo import STAGE, Asked, Set, Teller, deployed, picture, rehearse
from local.stack import Stack
from local.watch import Halted

UP = ROOT / "build" / "local" / "up"
COUNT = 0.2  # seconds between two countings of the vendors' requests
PATIENCE = 5.0


class Down(Exception):
    """Nothing is up that one could attach to."""


class Taken(Exception):
    """Another `up` runs already."""


def up(asked: Asked, console: Console) -> None:
    """Run the demo and stay until interrupted, even when it halts: one can look around then too."""
    tell = Teller(console)
    with _alone(), deployed(asked, UP, tell) as at:
        try:
            rehearse(at, asked, tell)
        except Halted as halted:
            console.print(str(halted), style="bold", markup=False, soft_wrap=True)
        _announce(at, console)
        while True:
            _write("requests", str(at.requests()))
            time.sleep(COUNT)


@contextmanager
def _alone() -> Iterator[None]:
    """One `up` at a time, in an empty folder, of which nothing is left. Raises Taken."""
    UP.parent.mkdir(parents=True, exist_ok=True)
    with UP.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken(f"`up` runs already (its files are in {UP}): end it first, or use `demo --attach`") from None
        shutil.rmtree(UP, ignore_errors=True)
        UP.mkdir(mode=0o700)
        try:
            yield
        finally:
            shutil.rmtree(UP, ignore_errors=True)


def attach(asked: Asked, console: Console) -> bool:
    """The demo against what is up; `until` moves its clock. Raises Down."""
    at, tell = attached(), Teller(console)
    if asked.until:
        at.clock.set(asked.until)
        at.stack.tell("CDR_REHEARSAL", at.clock.setting())
    right = rehearse(at, asked, tell)
    picture(at, asked, console)
    return right


def attached() -> Set:
    """What `up` wrote about itself. Raises Down."""
    try:
        told = json.loads((UP / "up.json").read_text())
        exports = parse((UP / "exports.toml").read_text("utf-8"), STAGE, FACTS)
    except FileNotFoundError:
        raise Down(
            "nothing is up: start `python -m local up` in another terminal and wait until it says that it stays up"
        ) from None
    place = Cloud(told["endpoint"], Path(told["ca"]), told["account"], told["region"], told["pid"], Path(told["log"]))
    roles = {name: Role(**role) for name, role in told["roles"].items()}
    return Set(Stack(place, told["outputs"]), exports, roles, Rehearsal(UP / "clock.json"), _counted)


def _counted() -> int:
    """The simulated vendors' requests, counted by `up` after this was called. Raises Down."""
    called = time.time()
    while time.time() - called < PATIENCE:
        with suppress(FileNotFoundError):
            if (UP / "requests").stat().st_mtime > called:
                return int((UP / "requests").read_text())
        time.sleep(COUNT / 4)
    raise Down("what was up is gone: start `python -m local up` again")


def _write(name: str, text: str) -> None:
    """At once, so that nobody reads half of it."""
    (UP / f"{name}.new").write_text(text)
    (UP / f"{name}.new").replace(UP / name)


def _announce(at: Set, console: Console) -> None:
    place, outputs = at.stack.cloud, at.stack.outputs
    told = {name: getattr(place, name) for name in ("endpoint", "ca", "account", "region", "pid", "log")}
    roles = {name: asdict(role) for name, role in at.roles.items()}
    _write("up.json", json.dumps({**told, "outputs": dict(outputs), "roles": roles}, default=str))
    given = {name: value for name, value in place.environment().items() if name.startswith("AWS_")}
    given = {name: value for name, value in given.items() if "FILE" not in name} | {
        "CDR_EXPORTS": str(UP / "exports.toml")
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in given.items()]
    _write("env", "".join(f"{line}\n" for line in lines))
    console.print("\nIt stays up until Ctrl-C. To look around, in another terminal:\n")
    console.print(*(f"  {line}" for line in lines), f"  (the same: . {UP / 'env'})\n",
                  sep="\n", highlight=False, soft_wrap=True)  # fmt: skip
    last = f" --to {at.clock.until():%Y-%m-%d}" if at.clock.until() else ""
    until = f" --until {at.clock.until():%Y-%m-%dT%H:%M:%SZ}" if at.clock.until() else ""
    for line in (
        f"aws s3 ls --recursive s3://{outputs['Bucket']}/calls/",
        f"aws dynamodb scan --table-name {outputs['Table']} --max-items 3",
        f"aws athena start-query-execution --work-group {outputs['Workgroup']}"
        f" --query-execution-context Database={outputs['Database']} --query-string 'TABLE calls LIMIT 5'",
        f".venv/bin/cdr coverage --exports {UP / 'exports.toml'}" + until,
        f".venv/bin/cdr query calls_daily --exports {UP / 'exports.toml'}" + last,
        f".venv/bin/cdr report --exports {UP / 'exports.toml'}" + last,
        ".venv/bin/python -m local demo --attach",
    ):
        console.print(f"  {line}", highlight=False, soft_wrap=True)
