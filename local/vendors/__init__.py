"""The vendors, simulated on loopback as their documents describe them: every module that has a `SIMULATOR` is one."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from local.vendors.frame import Vendor

Simulator = Vendor[Any, Any]


def _found() -> Iterator[type[Simulator]]:
    for module in iter_modules(__path__):
        simulator: type[Simulator] | None = getattr(import_module(f"{__name__}.{module.name}"), "SIMULATOR", None)
        if simulator is not None:
            yield simulator


SIMULATORS: Mapping[str, type[Simulator]] = {one.name: one for one in _found()}
