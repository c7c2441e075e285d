"""The main job on this machine: deploy onto the local cloud, export every account, ask Athena, compare."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from cli import report as pictures
from lambdas.core.coverage import coverage
from lambdas.core.exports import Exports, parse
from lambdas.core.origins import loopback
from lambdas.vendors import FACTS
from local import out, truth
from local.cast import Role, named, simulated
from local.clock import Rehearsal
from local.cloud import ROOT, Cloud, cloud
from local.deploy import deploy, synth
from local.stack import Stack
from local.vendors import Simulator
from local.watch import TROUBLE, Halted, Outcome, Watch, title, told

STAGE = "dev"
BUILD = ROOT / "build"
WAITS = 0.02  # of the real time that the poller waits, while every vendor is on loopback


@dataclass
class Asked:
    """What the command line said."""

    exports: Path
    secrets: Mapping[str, str]
    until: datetime | None
    out: Path | None
    patience: float
    per_day: int = 400
    own_key: bool = False  # everything at rest under a KMS key of one's own


@dataclass
class Set:
    """A deployed stack and what stands around it."""

    stack: Stack
    exports: Exports
    roles: Mapping[str, Role]  # by export; one that is missing is played by somebody else
    clock: Rehearsal
    requests: Callable[[], int]  # how many the simulated vendors have had
    players: Mapping[str, Simulator] = field(default_factory=dict)  # by export, where they run in this process


class Teller:
    """Prints lines with the seconds since the beginning."""

    def __init__(self, console: Console) -> None:
        self.console, self._began = console, time.monotonic()

    def __call__(self, line: str) -> None:
        passed = time.monotonic() - self._began
        self.console.print(f"[dim]{passed:6.1f} s[/]  {escape(line)}", highlight=False, soft_wrap=True)


@contextmanager
def deployed(asked: Asked, folder: Path, tell: Teller, *, real: bool = False) -> Iterator[Set]:
    """The cloud, the vendors (unless they are the real ones) and the stack; all gone when the context ends."""
    clock = Rehearsal(folder / "clock.json")
    if asked.until:
        clock.set(asked.until)
    text, secrets = named(asked.exports.read_text("utf-8"), STAGE, asked.secrets)
    with ExitStack() as stack:
        tell("the cloud starts on 127.0.0.1")
        up = stack.enter_context(cloud(folder))
        cast = None
        if not real:
            cast = stack.enter_context(simulated(text, STAGE, clock, secrets, up.ca, asked.per_day))
            text = cast.text
        made = Stack(up, _deploy(up, text, folder, tell, _context(up, asked, callback=not real)))
        made.tell("CDR_REHEARSAL", clock.setting())
        exports = parse(text, STAGE, FACTS)
        made.fill(cast.secrets if cast else {one.secret_id: secrets[one.secret_id] for one in exports.exports})
        near = all(loopback(export.base_url) for export in exports.exports)
        up.scale(WAITS if near else 1.0)
        if cast:
            yield Set(made, exports, cast.roles, clock, cast.requests, cast.players)
        else:
            yield Set(made, exports, {}, clock, lambda: 0)


def _context(up: Cloud, asked: Asked, *, callback: bool) -> dict[str, str]:
    # The least memory that a copier may have: what passes here needs no more (the emulator holds it to that).
    size, calls = {"copier_mb": "512"}, {"callback": "on" if callback else "off"}
    key = {"kms_key": up.client("kms").create_key()["KeyMetadata"]["Arn"]} if asked.own_key else {}
    return {"target": "host", "removal": "destroy", "stage": STAGE, **size, **calls, **key}


def _deploy(up: Cloud, text: str, folder: Path, tell: Teller, context: dict[str, str]) -> dict[str, str]:
    effective = folder / "exports.toml"
    effective.write_text(text, "utf-8")
    tell("the stack is synthesized and its functions are bundled")
    synth(folder / "cdk.out", effective, context=context)
    tell("cdk bootstrap and cdk deploy, with the genuine command line")
    lines = _Few(tell)
    outputs = deploy(up, folder / "cdk.out", say=lines)
    tell(f"deployed: {lines.resources} resources")
    return outputs


class _Few:
    """Of what the CDK prints, tells only what failed; counts the resources that are complete."""

    def __init__(self, tell: Teller) -> None:
        self._tell, self.resources = tell, 0

    def __call__(self, line: str) -> None:
        if "_COMPLETE" in line and "| AWS::" in line:
            self.resources += 1
        if "❌" in line or "failed" in line.lower():
            self._tell(line)


def demo(asked: Asked, console: Console) -> bool:
    """All of it once, and nothing left."""
    tell = Teller(console)
    with tempfile.TemporaryDirectory(prefix="cdr-") as folder, deployed(asked, Path(folder), tell) as at:
        right = rehearse(at, asked, tell)
        picture(at, asked, tell.console)
        return right


def picture(at: Set, asked: Asked, console: Console) -> None:
    """What `cdr report` shows of it, as a file that stays."""
    path = (asked.out or BUILD) / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    outputs, now = at.stack.outputs, at.clock.until() or datetime.now(UTC)
    pictures.recent(path, outputs["Workgroup"], at.exports, outputs["Database"], at.stack.query, now)
    console.print(f"a picture of it, to be opened in a browser: {path}", soft_wrap=True)


def rehearse(at: Set, asked: Asked, tell: Teller) -> bool:
    """Fire the schedules, wait for quiet, ask Athena, show the truth beside it; whether all of it is right.

    Raises Halted after that, when somebody must act before the rest can go on.
    """
    before = at.requests()
    until = at.clock.until()
    watch = Watch(at.stack, at.exports, at.clock, until, tell, asked.patience, played=at.roles.keys())
    ended = watch.wait()
    asking = at.requests() - before
    played = f"{asking} requests to the simulated vendors" if at.roles else "the vendors are somebody else's"
    tell(f"{'stopped' if ended.left else 'all quiet'}; {played}")
    right = report(at, asked, ended, tell.console, until=until, vendor_requests=asking)
    if ended.left:
        raise Halted(ended.advice)
    verdict(right, tell.console, known=bool(at.roles))
    return right


def report(at: Set, asked: Asked, ended: Outcome, console: Console, **facts: Any) -> bool:
    """The table, the trouble if any, and the files of `--out`; what is still open is left out of the comparison."""
    late = {one.export for one in ended.left}
    roles = {name: role for name, role in at.roles.items() if name not in late}
    lines = truth.compare(truth.answered(at.stack), truth.true(at.exports, roles, ended.rows), roles)
    truth.show(lines, console)
    covered(ended, at.exports, console)
    trouble(ended, console)
    right = all(line.right for line in lines) and not troubled(ended)
    if asked.out:
        facts["right"] = right and not ended.left
        out.write(asked.out, at.stack, ended.rows, lines, at.exports.sources, **facts)
        console.print(f"written to {asked.out} (it holds phone numbers): s3/, ledger.jsonl, summary.json")
    return right


def covered(ended: Outcome, exports: Exports, console: Console) -> None:
    """A line for each export and state of its days: what is complete says for what, and whether for good."""
    days: dict[tuple[str, str], list[str]] = {}
    for day in coverage(ended.rows, exports.sources):
        days.setdefault((day.export, f"{day.told}{f', {day.standing}' if day.standing else ''}"), []).append(day.date)
    for (export, state), dates in days.items():
        span = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}, {len(dates)} days"
        console.print(f"coverage of {export}: {state} ({span})", markup=False, soft_wrap=True)


def troubled(ended: Outcome) -> bool:
    """Whether a window is in a state that rings an alarm."""
    return any(row.state in TROUBLE for row in ended.rows)


def trouble(ended: Outcome, console: Console) -> None:
    """Each window that rings an alarm; and that there was nothing to do, which may surprise."""
    for row in ended.rows:
        if row.state in TROUBLE:
            console.print(f"[bold]{escape(f'{row.export} {title(row.window)}: {told(row)}')}[/]", soft_wrap=True)
    if not ended.rows and not ended.left:
        console.print("no window was due: does every `start` lie after the time that the exporter sees?")


def verdict(right: bool, console: Console, *, known: bool) -> None:
    """The last line; of vendors that somebody brought along nobody here knows the truth."""
    if not right:
        console.print("[bold red]SIMULATED: a figure differs, or a window is in trouble.[/]")
    elif known:
        console.print("[bold]SIMULATED vendors, a local cloud: every figure equals the truth.[/]")
    else:
        console.print("[bold]SIMULATED: every window is exported; what is true these vendors alone can tell.[/]")
