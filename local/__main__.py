"""`python -m local`: the exporter on this machine, on a cloud and with vendors of its own."""

import json
import signal
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from lambdas.core.exports import Exports, Mistakes, parse
from lambdas.core.fields import loopback
from lambdas.vendors import FACTS
from local import demo as demos
from local.cast import secret_values
from local.cloud import ROOT, Unwell
from local.deploy import Failed
from local.stack import QueryFailed
from local.watch import Halted

WRONG, USAGE, INTERRUPTED = 1, 2, 130


class Instant(click.ParamType[datetime]):
    """An ISO 8601 time; without an offset it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-11-20T06:00:00Z", param, ctx)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _options(command: Any) -> Any:
    for option in (
        click.option("--patience", default=300.0, show_default=True, help="seconds to wait until all is exported"),
        click.option("--out", type=click.Path(file_okay=False, path_type=Path),
                     help="at the end: the bucket, the ledger and a summary, into this folder"),
        click.option("--until", type=Instant(), help="the time that the exporter sees; now, by default"),
        click.option("--secrets", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="TOML or JSON: a secret's name to its value"),
        click.option("--exports", type=click.Path(path_type=Path), default=ROOT / "exports.toml",
                     show_default="exports.toml", help="the exports to run"),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The exporter on this machine: no Docker, no AWS account; everything listens on 127.0.0.1 only."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@main.command()
@click.option("--attach", is_flag=True, help="run against what `up` started")
@_options
def demo(*, attach: bool, **said: Any) -> None:
    """Deploy, export simulated vendors, ask Athena; status 1 if a single figure differs from the truth."""
    asked, _ = _asked(**said)
    console = _console()
    console.print("[bold]SIMULATED[/]: invented calls, simulated vendors, an emulated cloud on 127.0.0.1")
    with _plain(console):
        right = demos.attach(asked, console) if attach else demos.demo(asked, console)
        sys.exit(0 if right else WRONG)


@main.command()
@_options
def up(**said: Any) -> None:
    """The demo, and stay up, telling how to look around; Ctrl-C ends it."""
    asked, _ = _asked(**said)
    console = _console()
    console.print("[bold]SIMULATED[/]: invented calls, simulated vendors, an emulated cloud on 127.0.0.1")
    with _plain(console):
        demos.up(asked, console)


@main.command()
@click.option("--real", is_flag=True, required=True, expose_value=False, help="ask real vendors with real keys")
@_options
def export(**said: Any) -> None:
    """Export real accounts to this machine with the vendors' own URLs, real waits and no callback."""
    from local import real as reals

    asked, exports = _asked(**said)
    if asked.until:
        raise click.UsageError("--until moves the clock, which is done only while every base_url is on loopback")
    missing = [one.secret_id for one in exports.exports if one.secret_id not in asked.secrets]
    if missing:
        raise click.UsageError(f"--secrets FILE must hold the keys of: {', '.join(sorted(set(missing)))}")
    if said["patience"] == 300.0:
        asked.patience = 4 * reals.HOURS
    if all(loopback(one.base_url) for one in exports.exports):
        click.echo("note: every base_url of the file is on loopback", err=True)
    console = _console()
    with _plain(console):
        sys.exit(0 if reals.export(asked, console) else WRONG)


def _asked(
    exports: Path, secrets: Path | None, until: datetime | None, out: Path | None, patience: float
) -> tuple[demos.Asked, Exports]:
    """Check what can be checked before anything starts; mistakes end with status 2, each on its line."""
    try:
        parsed = parse(exports.read_text("utf-8"), demos.STAGE, FACTS)
    except Mistakes as wrong:
        for line in wrong.mistakes:
            click.echo(f"{exports.name}: {line}", err=True)
        sys.exit(USAGE)
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{exports}: cannot be read: {getattr(error, 'strerror', 'not UTF-8')}") from None
    for line in parsed.warnings:
        click.echo(f"{exports.name}: note: {line}", err=True)
    return demos.Asked(exports, _secrets(secrets), until, out, patience), parsed


def _secrets(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    text = file.read_text("utf-8")
    try:
        loaded = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        where = getattr(error, "lineno", None)
        raise click.UsageError(f"{file}: neither JSON nor TOML{f' (line {where})' if where else ''}") from None
    return secret_values(loaded)


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 120)


@contextmanager
def _plain(console: Console) -> Iterator[None]:
    """What goes wrong is said in words that help, without a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        console.print("interrupted; everything is stopped")
        sys.exit(INTERRUPTED)
    except FileNotFoundError as error:
        if "up.json" not in str(error):
            raise
        raise click.ClickException("nothing is up: start `python -m local up` first, in another terminal") from None
    except EndpointConnectionError:
        raise click.ClickException("what was up is gone: start `python -m local up` again") from None
    except (Halted, Failed, Unwell, QueryFailed) as problem:
        raise click.ClickException(str(problem)) from None


if __name__ == "__main__":
    main(prog_name="python -m local")
