"""The vendors by name: every module beside this one that has a `VENDOR` is one. A new vendor is one new file."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules

from lambdas.core.facts import Facts
from lambdas.vendors.interface import Discards, Vendor

__all__ = ["FACTS", "VENDORS", "Discards", "Vendor"]


def _found() -> Iterator[type[Vendor]]:
    for module in iter_modules(__path__):
        vendor: type[Vendor] | None = getattr(import_module(f"{__name__}.{module.name}"), "VENDOR", None)
        if vendor is not None:
            yield vendor


VENDORS: Mapping[str, type[Vendor]] = {vendor.facts.name: vendor for vendor in _found()}
FACTS: Mapping[str, Facts] = {name: vendor.facts for name, vendor in VENDORS.items()}
