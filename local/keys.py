"""The file of `--secrets`: a secret's name to its value, checked against what the exports need."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambdas.core.exports import Export, Exports
from lambdas.vendors import FACTS


class Unfit(Exception):
    """The file does not fit; the lines say where, and never what a key is."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def keys(file: Path, exports: Exports) -> tuple[dict[str, str], list[str]]:
    """Each secret as Secrets Manager holds it, and notes on those that no export has. Raises Unfit."""
    values = {name: _text(value) for name, value in _read(file).items()}
    by_secret = {export.secret_id: export for export in exports.exports}
    wrong = [
        f'"{name}": needs {_shape(by_secret[name])}'
        for name, value in values.items()
        if name in by_secret and not _fits(value, by_secret[name])
    ]
    if wrong:
        raise Unfit(wrong)
    known = ", ".join(sorted(by_secret))
    notes = [f'{file.name}: note: no export has the secret "{name}"; they have {known}' for name in values]
    return values, [note for name, note in zip(values, notes, strict=True) if name not in by_secret]


def _read(file: Path) -> Mapping[str, Any]:
    try:
        text = file.read_text("utf-8")
        return dict(json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text))
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        # The error's own text may quote a key, so only its place is told.
        where = re.search(r"line \d+", str(error))
        example = '"cdr/dev/NAME" = { field = "..." }'
        raise Unfit([f"neither JSON nor TOML{f' ({where[0]})' if where else ''}; one line is {example}"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Unfit([f"cannot be read: {getattr(error, 'strerror', 'not UTF-8')}"]) from None


def _text(value: Any) -> str:
    """A table becomes JSON, a text stays as it is."""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _fits(value: str, export: Export) -> bool:
    try:
        found = json.loads(value)
    except json.JSONDecodeError:
        return False
    wanted = FACTS[export.vendor].secret[export.api]
    return isinstance(found, dict) and all(isinstance(found.get(one), str) and found[one] for one in wanted)


def _shape(export: Export) -> str:
    fields = ", ".join(f'{name} = "..."' for name in FACTS[export.vendor].secret[export.api])
    return f"a table {{ {fields} }} for {export.vendor} ({export.api})"
