"""One module for each target: `run` takes bytes; `WORDS` are those that a random search would be long in finding."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

NAMES = tuple(sorted(one.stem for one in Path(__file__).parent.glob("[a-z]*.py")))


def target(name: str) -> ModuleType:
    """The module of a target."""
    return import_module(f"{__name__}.{name}")
