"""The commands of `python -m local`: what they take, and what they say when something is wrong."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from botocore.exceptions import EndpointConnectionError
from click.core import ParameterSource
from rich.console import Console

from cli.options import Instant
from lambdas.core.exports import Exports, Mistakes, parse
from lambdas.core.origins import loopback
from lambdas.vendors import FACTS
from local import burst as bursts
from local import chaos as ordeals
from local import demo as demos
from local import players
from local import real as reals
from local import up as ups
from local.cast import SEED
from local.cloud import ROOT, Unwell
from local.deploy import Failed
from local.keys import Unfit, keys
from local.said import Wished
from local.stack import QueryFailed
from local.vendors import SIMULATORS
from local.watch import Halted

WRONG, USAGE = 1, 2
SIMULATED = "[bold]SIMULATED[/]: invented calls, simulated vendors, an emulated cloud on 127.0.0.1"
FILE = click.Path(path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


def options(patience: float) -> Callable[[Any], Any]:
    """What all commands take."""

    def add(command: Any) -> Any:
        for option in (
            click.option("--patience", default=patience, show_default=True,
                         help="seconds to wait until all is exported"),
            click.option("--out", type=FOLDER, metavar="DIR",
                         help="at the end: the bucket, the ledger and a summary, into this folder"),
            click.option("--until", type=Instant(), help="the time that the exporter sees; now, by default"),
            click.option("--secrets", type=FILE, metavar="FILE",
                         help="TOML or JSON: a secret's name to its value"),
            click.option("--exports", type=FILE, metavar="FILE", default=ROOT / "exports.toml",
                         show_default="exports.toml", help="the exports to run"),
        ):  # fmt: skip
            command = option(command)
        return command

    return add


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The exporter on this machine: no Docker, no AWS account; everything listens on 127.0.0.1 only."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A shell lets a command that it starts with `&` ignore SIGINT; nohup means what it says.
        if one is not signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, _interrupt)


def _interrupt(number: int, _: object) -> None:
    """End by way of all that is to be stopped, in which a second Ctrl-C shall not disturb."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


@main.command()
@click.option("--attach", is_flag=True, help="run against what `up` started, with its exports and secrets")
@options(patience=300.0)
@click.pass_context
def demo(context: click.Context, /, *, attach: bool, **said: Any) -> None:
    """Deploy, export simulated vendors, ask Athena; status 1 if a single figure differs from the truth."""
    given = [name for name in ("exports", "secrets") if _said(context, name)]
    if attach and given:
        raise click.UsageError(f"--{given[0]} is for `up`, which has deployed its own already; --attach takes those")
    asked, _ = _asked(**said)
    console = _console()
    console.print(SIMULATED)
    with _plain(console):
        sys.exit(0 if (ups.attach if attach else demos.demo)(asked, console) else WRONG)


@main.command()
@options(patience=300.0)
def up(**said: Any) -> None:
    """The demo, and stay up, telling how to look around; Ctrl-C ends it."""
    asked, _ = _asked(**said)
    console = _console()
    console.print(SIMULATED)
    with _plain(console):
        ups.up(asked, console)


@main.command()
@click.option("--real", is_flag=True, required=True, expose_value=False, help="ask real vendors with real keys")
@options(patience=4 * reals.HOURS)
def export(**said: Any) -> None:
    """Export real accounts to this machine with the vendors' own URLs, real waits and no callback.

    Only while every base_url of the file is on loopback may --until move the clock, and are the waits shortened.
    """
    asked, exports = _asked(**said)
    far = [one for one in exports.exports if not loopback(one.base_url)]
    if asked.until and far:
        raise click.UsageError(
            f"--until moves the clock, only while every base_url is on loopback; {far[0].name} has {far[0].base_url}"
        )
    missing = sorted({one.secret_id for one in exports.exports if one.secret_id not in asked.secrets})
    if missing:
        raise click.UsageError(f"--secrets FILE must hold the keys of: {', '.join(missing)}")
    if not far:
        click.echo("note: every base_url of the file is on loopback: the waits are shortened", err=True)
    console = _console()
    with _plain(console):
        sys.exit(0 if reals.export(asked, console) else WRONG)


@main.command()
@click.option("--seed", default=SEED, show_default=True, help="the same seed makes the same things go wrong")
@click.option("--days", type=click.IntRange(1), default=2, show_default=True, help="days of calls, besides the next")
@click.option("--per-day", type=click.IntRange(1), default=400, show_default=True, help="calls of a weekday, about")
@click.option("--patience", default=300.0, show_default=True, help="seconds to wait until all is exported")
@click.option("--out", type=FOLDER, metavar="DIR", help="at the end: the bucket, the ledger and a summary, into it")
def chaos(**said: Any) -> None:
    """The demo while everything goes wrong: what dies, is lost, doubled, late or forged; status 1 if a figure differs.

    Copiers are killed, executions stopped, answers and callbacks lost, schedules missed, and the vendors are down. The
    clock is moved over what would be waited for.
    """
    console = _console()
    console.print(SIMULATED)
    with _plain(console):
        sys.exit(0 if ordeals.chaos(ordeals.Wanted(**said), console) else WRONG)


@main.command()
@click.option("--forged", type=click.IntRange(20), default=10_000, show_default=True, help="callbacks of strangers")
@click.option("--true", type=click.IntRange(4), default=100, show_default=True, help="reports that are called back for")
@click.option("--retry", default=30.0, show_default=True, help="seconds until the vendor calls back again")
@click.option("--patience", default=300.0, show_default=True, help="seconds to wait until all is copied")
def burst(**said: Any) -> None:
    """A burst of forged callbacks, mixed with true ones; status 1 unless all is copied and nothing else touched."""
    console = _console()
    console.print(SIMULATED)
    with _plain(console):
        sys.exit(0 if bursts.burst(bursts.Wanted(**said), console) else WRONG)


@main.command(epilog=players.table())
@click.option(
    "--vendor",
    "vendors",
    multiple=True,
    type=click.Choice(list(SIMULATORS)),
    help="run this one; may be repeated; all, by default",
)
@click.option(
    "--fault",
    "wishes",
    multiple=True,
    type=Wished(),
    metavar="VENDOR:FAULT[:times=N][:on=OP][:seconds=S]",
    help="what shall go wrong, from the table below; may be repeated",
)
@click.option("--per-day", type=click.IntRange(1), default=400, show_default=True, help="calls of a weekday, about")
@click.option("--seed", default=SEED, show_default=True, help="the same seed makes the same calls")
@click.option("--until", type=Instant(), help="the time that the vendors see; now, by default")
@click.option(
    "--callback-ca",
    "ca",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="PEM: the certificate that callbacks over https trust; it may come later",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="write the exports.toml that points at them, instead of printing it",
)
def vendors(**said: Any) -> None:  # fmt: skip
    """Run the simulated vendors alone, on free ports of 127.0.0.1, telling every request; Ctrl-C ends it.

    More can be asked to go wrong while they run: GET, POST and DELETE /_faults, as docs/simulators.md tells.
    """
    asked = _players(**said)
    console = _console()
    console.print("[bold]SIMULATED[/]: invented calls, simulated vendors on 127.0.0.1")
    with _plain(console):
        players.play(asked, console)


def _players(vendors: tuple[str, ...], **said: Any) -> players.Asked:
    asked = players.Asked(vendors=tuple(dict.fromkeys(vendors)) or tuple(SIMULATORS), **said)
    try:
        asked.check()
    except (ValueError, OSError) as wrong:
        raise click.UsageError(str(wrong)) from None
    return asked


def _said(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT


def _asked(
    exports: Path, secrets: Path | None, until: datetime | None, out: Path | None, patience: float
) -> tuple[demos.Asked, Exports]:
    """Check what can be checked before anything starts; mistakes end with status 2, each on its line."""
    try:
        parsed = parse(exports.read_text("utf-8"), demos.STAGE, FACTS)
        given, notes = keys(secrets, parsed) if secrets else ({}, [])
    except Mistakes as wrong:
        _stop(exports, wrong.mistakes)
    except Unfit as wrong:
        _stop(secrets or exports, wrong.lines)
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{exports}: cannot be read: {getattr(error, 'strerror', 'not UTF-8')}") from None
    for line in [*(f"{exports.name}: note: {line}" for line in parsed.warnings), *notes]:
        click.echo(line, err=True)
    return demos.Asked(exports, given, until, out, patience), parsed


def _stop(file: Path, lines: list[str]) -> NoReturn:
    for line in lines:
        click.echo(f"{file.name}: {line}", err=True)
    sys.exit(USAGE)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 120)


@contextmanager
def _plain(console: Console) -> Iterator[None]:
    """What goes wrong is said in words that help, without a traceback."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        console.print("interrupted; everything is stopped")
        sys.exit(128 + (interrupt.args[0] if interrupt.args else signal.SIGINT))
    except EndpointConnectionError:
        raise click.ClickException("the emulated cloud is gone: start again") from None
    except (Halted, Failed, Unwell, QueryFailed, ups.Down, ups.Taken) as problem:
        raise click.ClickException(str(problem)) from None
