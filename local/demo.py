"""The main job on this machine: deploy onto the local cloud, export every account, ask Athena, compare."""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from lambdas.core.exports import Exports, parse
from lambdas.core.rows import Row
from lambdas.vendors import FACTS
from local import out, truth
from local.cast import Cast, Role, simulated
from local.clock import Rehearsal
from local.cloud import Cloud, cloud
from local.deploy import deploy, synth
from local.stack import Stack
from local.watch import TROUBLE, Watch, title, told

STAGE = "dev"
WAITS = 0.02  # of the real time that the poller waits, while every vendor is on loopback
UP = Path("build/local/up")


@dataclass
class Asked:
    """What the command line said."""

    exports: Path
    secrets: Mapping[str, str]
    until: datetime | None
    out: Path | None
    patience: float
    per_day: int = 400


@dataclass
class Set:
    """A deployed stack and what stands around it."""

    stack: Stack
    exports: Exports
    roles: Mapping[str, Role]
    clock: Rehearsal
    requests: Callable[[], int]
    began: float = field(default_factory=time.monotonic)


class Teller:
    """Prints lines with the seconds since the beginning."""

    def __init__(self, console: Console) -> None:
        self.console, self._began = console, time.monotonic()

    def __call__(self, line: str) -> None:
        self.console.print(f"[dim]{time.monotonic() - self._began:6.1f} s[/]  {line}", highlight=False, markup=True)


@contextmanager
def deployed(asked: Asked, folder: Path, tell: Teller, *, real: bool = False) -> Iterator[tuple[Set, Cast | None]]:
    """The cloud, the vendors (unless they are the real ones) and the stack; all gone when the context ends."""
    clock = Rehearsal(folder / "clock.json")
    if asked.until:
        clock.set(asked.until)
    text = asked.exports.read_text("utf-8")
    with ExitStack() as stack:
        tell("the cloud starts on 127.0.0.1")
        up = stack.enter_context(cloud(folder))
        cast = None
        if not real:
            cast = stack.enter_context(simulated(text, STAGE, clock, asked.secrets, up.ca, asked.per_day))
            text = cast.text
        outputs = _deploy(up, text, folder, tell, callback=not real)
        made = Stack(up, outputs)
        made.tell("CDR_REHEARSAL", clock.setting())
        made.fill(cast.secrets if cast else asked.secrets)
        up.scale(1.0 if real else WAITS)
        roles, exports = (cast.roles, cast.exports) if cast else ({}, parse(text, STAGE, FACTS))
        yield Set(made, exports, roles, clock, cast.requests if cast else lambda: 0), cast


def _deploy(up: Cloud, text: str, folder: Path, tell: Teller, *, callback: bool) -> dict[str, str]:
    effective = folder / "exports.toml"
    effective.write_text(text, "utf-8")
    context = {"target": "host", "removal": "destroy", "stage": STAGE, "callback": "on" if callback else "off"}
    tell("the stack is synthesized and its functions are bundled")
    synth(folder / "cdk.out", effective, context=context)
    tell("cdk bootstrap and cdk deploy, with the genuine command line")
    with ThreadPoolExecutor(1) as pool:
        lines = _Last(tell)
        outputs = pool.submit(deploy, up, folder / "cdk.out", say=lines).result()
    tell(f"deployed: {lines.resources} resources")
    return outputs


class _Last:
    """Tells little of what the CDK prints: how many resources are complete."""

    def __init__(self, tell: Teller) -> None:
        self._tell, self.resources = tell, 0

    def __call__(self, line: str) -> None:
        if "_COMPLETE" in line and "| AWS::" in line:
            self.resources += 1
        if "❌" in line or "failed" in line.lower():
            self._tell(line)


def rehearse(at: Set, asked: Asked, tell: Teller) -> bool:
    """Fire the schedules, wait for quiet, ask Athena, show the truth beside it; whether all of it is right."""
    watch = Watch(at.stack, at.exports, at.clock, at.clock.until(), tell, asked.patience)
    before = at.requests()
    rows = watch.wait()
    tell(f"all quiet; {at.requests() - before} requests to the vendors")
    return report(at, asked, rows, tell.console, vendor_requests=at.requests() - before)


def report(at: Set, asked: Asked, rows: list[Row], console: Console, **facts: Any) -> bool:
    """The table, the trouble if any, and the files of `--out`."""
    found = truth.answered(at.stack)
    lines = truth.compare(found, truth.true(at.exports, at.roles, rows), at.roles)
    truth.show(lines, console)
    trouble = [row for row in rows if row.state in TROUBLE]
    for row in trouble:
        console.print(f"[bold]{row.export} {title(row.window)}: {told(row)}[/]")
    right = all(line.right for line in lines) and not trouble
    if asked.out:
        until = at.clock.until()
        out.write(asked.out, at.stack, rows, lines, until=until, right=right, **facts)
        console.print(f"written to {asked.out} (it holds phone numbers): s3/, ledger.jsonl, summary.json")
    return right


def demo(asked: Asked, console: Console) -> bool:
    """All of it once, and nothing left."""
    tell = Teller(console)
    with tempfile.TemporaryDirectory(prefix="cdr-") as folder, deployed(asked, Path(folder), tell) as (at, _):
        right = rehearse(at, asked, tell)
    _verdict(right, console)
    return right


def attach(asked: Asked, console: Console) -> bool:
    """The same against what `up` started; `--until` moves its clock."""
    at = attached()
    tell = Teller(console)
    if asked.until:
        at.clock.set(asked.until)
        at.stack.tell("CDR_REHEARSAL", at.clock.setting())
    right = rehearse(at, asked, tell)
    _verdict(right, console)
    return right


def attached() -> Set:
    """What `up` wrote about itself. Raises FileNotFoundError when nothing is up."""
    told = json.loads((UP / "up.json").read_text())
    place = Cloud(told["endpoint"], Path(told["ca"]), told["account"], told["region"], told["pid"], Path(told["log"]))
    exports = parse((UP / "exports.toml").read_text("utf-8"), STAGE, FACTS)
    roles = {name: Role(**role) for name, role in told["roles"].items()}
    return Set(
        Stack(place, told["outputs"]), exports, roles, Rehearsal(UP / "clock.json"),
        lambda: int((UP / "requests").read_text()),
    )  # fmt: skip


def up(asked: Asked, console: Console) -> None:
    """Run the demo and stay until interrupted."""
    tell = Teller(console)
    UP.mkdir(parents=True, exist_ok=True)
    for left in UP.glob("*.json"):
        left.unlink()
    try:
        with deployed(asked, UP, tell) as (at, cast):
            rehearse(at, asked, tell)
            _announce(at, cast, console)
            while True:
                (UP / "requests").write_text(str(at.requests()))
                time.sleep(0.5)
    finally:
        (UP / "up.json").unlink(missing_ok=True)


def _announce(at: Set, cast: Cast | None, console: Console) -> None:
    place = at.stack.cloud
    told = {
        "endpoint": place.endpoint, "ca": str(place.ca), "account": place.account, "region": place.region,
        "pid": place.pid, "log": str(place.log), "outputs": dict(at.stack.outputs),
        "roles": {name: asdict(role) for name, role in at.roles.items()},
    }  # fmt: skip
    (UP / "requests").write_text(str(at.requests()))
    (UP / "up.json").write_text(json.dumps(told))
    outputs = at.stack.outputs
    console.print("\nIt stays up until Ctrl-C. To look around, in another terminal:\n")
    for name, value in place.environment().items():
        if name.startswith("AWS_") and "FILE" not in name:
            console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    for line in (
        f"aws s3 ls --recursive s3://{outputs['Bucket']}/calls/",
        f"aws dynamodb scan --table-name {outputs['Table']} --max-items 3",
        f"aws athena start-query-execution --work-group {outputs['Workgroup']}"
        f" --query-execution-context Database={outputs['Database']} --query-string 'TABLE calls LIMIT 5'",
        ".venv/bin/python -m local demo --attach",
    ):
        console.print(f"  {line}", highlight=False, soft_wrap=True)
    _ = cast


def _verdict(right: bool, console: Console) -> None:
    console.print(
        "[bold]SIMULATED vendors, a local cloud: every figure equals the truth.[/]"
        if right
        else "[bold red]SIMULATED: a figure differs, or a window is in trouble.[/]"
    )
