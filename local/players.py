"""The simulated vendors alone, one account of each: what shall go wrong, and what points at them."""

import json
import os
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import tomlkit
from rich.console import Console

from lambdas.vendors import FACTS
from local.clock import Clock, real
from local.demo import Teller
from local.telling import Log
from local.vendors import SIMULATORS, Simulator
from local.vendors.control import PATH
from local.vendors.faults import FAULTS, Faults

ACCOUNT = "main"
HEAD = "# SIMULATED vendors on 127.0.0.1, written by `python -m local vendors`; they end with it."
LOOK_S = 0.1  # how often is looked for new requests
KINDS: Mapping[str, type[int] | type[float] | type[str]] = {"times": int, "on": str, "seconds": float}


@dataclass(frozen=True)
class Wish:
    """A fault that one vendor shall play."""

    vendor: str
    fault: str
    how: Mapping[str, Any]

    def ask(self, faults: Faults) -> None:
        """Raises ValueError, which says what is possible."""
        faults.add(self.fault, **self.how)


@dataclass(frozen=True)
class Asked:
    """What the command line said."""

    vendors: Sequence[str]
    wishes: Sequence[Wish]
    per_day: int
    seed: int
    until: datetime | None
    ca: Path | None
    out: Path | None

    def check(self) -> None:
        """What can be checked before anything starts. Raises ValueError, which says what is wrong."""
        for one in self.wishes:
            if one.vendor not in self.vendors:
                raise ValueError(f"--fault {one.vendor}:{one.fault}: only {', '.join(self.vendors)} will run")
        if self.out and self.out.exists() and not self.out.read_text("utf-8", "replace").startswith(HEAD):
            raise ValueError(f"--out {self.out}: is there already, and was not written by this command")
        if self.out and not os.access(self.out if self.out.exists() else self.out.parent, os.W_OK):
            raise ValueError(f"--out {self.out}: cannot be written; is there a folder {self.out.parent}?")
        try:
            if self.ca and self.ca.exists():
                ssl.create_default_context(cafile=self.ca)
        except ssl.SSLError:
            raise ValueError(f"--callback-ca {self.ca}: no certificate in PEM") from None


def wish(text: str) -> Wish:
    """VENDOR:FAULT[:times=N][:on=OP][:seconds=S]. Raises ValueError, which says what is possible."""
    vendor, _, rest = text.partition(":")
    if vendor not in SIMULATORS:
        raise ValueError(f"no such vendor: {vendor!r}; possible: {', '.join(SIMULATORS)}")
    fault, *pairs = rest.split(":")
    made = Wish(vendor, fault, dict(map(_pair, pairs)))
    made.ask(Faults(SIMULATORS[vendor].plays, SIMULATORS[vendor].operations))
    return made


def _pair(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, KINDS[name](value)
    except (KeyError, ValueError):
        raise ValueError(f"{text!r}: possible are times=N, on=OPERATION and seconds=S") from None


def table() -> str:
    """The faults for --help, by where they strike; click leaves the lines of a paragraph with \\b alone."""
    places: dict[str, list[str]] = {}
    for name, fault in FAULTS.items():
        seconds = "" if fault.seconds is None else f" [{fault.seconds:g}]"
        places.setdefault(fault.where, []).append(f"  {name:13}{fault.does}{seconds}")
    told = ("\n".join(("\b", f"{where}:", *lines)) for where, lines in places.items())
    return "\n\n".join(("Faults by where they strike, with their seconds in brackets:", *told))


def play(asked: Asked, console: Console) -> None:
    """Runs them until interrupted."""
    clock, tell = _clock(asked.until), Teller(console)
    with ExitStack() as stack:
        playing = [
            stack.enter_context(
                SIMULATORS[name].play(asked.seed, ACCOUNT, clock=clock, per_day=asked.per_day, ca=asked.ca)
            )
            for name in asked.vendors
        ]
        for one in playing:
            for wanted in asked.wishes:
                if wanted.vendor == one.name:
                    wanted.ask(one.faults)
            _introduce(one, console)
        _point(exports(playing), asked.out, console)
        console.print("They stay until Ctrl-C; every request is told:")
        log = Log(playing)
        while True:
            for line in log.news():
                tell(line)
            time.sleep(LOOK_S)


def _clock(until: datetime | None) -> Clock:
    """It shows `until` now, and goes on from there."""
    if until is None:
        return real
    began = real()
    return lambda: until + (real() - began)


def _introduce(one: Simulator, console: Console) -> None:
    lines = [one.name]
    for api, fields in FACTS[one.name].secret.items():
        keys = json.dumps({name: one.credentials[name] for name in fields})
        lines += [f"  {api} base_url: {one.address(api)}", f"  {api} keys: {keys}"]
    body = json.dumps({"fault": "throttled", "times": 2})
    lines += [f"  download_from: {one.download_from}", f"  a fault: curl -s {one.root}{PATH} -d '{body}'", ""]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def exports(playing: Sequence[Simulator]) -> str:
    """An exports.toml that points at them: one export for each API."""
    tables = []
    for one in playing:
        for api in FACTS[one.name].apis:
            name = one.name if len(FACTS[one.name].apis) == 1 else f"{one.name}-{api}"
            where = {"base_url": one.address(api), "download_from": [one.download_from]}
            tables.append({"name": name, "vendor": one.name, "api": api, "start": "-3d", **where})
    return f"{HEAD}\n\n{tomlkit.dumps({'export': tables})}"


def _point(text: str, out: Path | None, console: Console) -> None:
    if out:
        out.write_text(text, "utf-8")
        text = f"{out} points at them: python -m local demo --exports {out}\n"
    console.print(text, markup=False, highlight=False, soft_wrap=True)
