"""SQL texts against Trino's grammar, and the functions and types that they name against what Athena has."""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
# Athena's "Data types" page, the DML column; `decimal(38,8)` and `array(double)` are judged by their first word.
TYPES = {
    "boolean", "tinyint", "smallint", "int", "integer", "bigint", "real", "double", "doubleprecision", "decimal",
    "char", "varchar", "varbinary", "time", "timestamp", "date", "intervalyeartomonth", "intervaldaytosecond", "array",
    "map", "row", "json", "uuid", "ipaddress",
}  # fmt: skip
# Words that DuckDB puts after a table and Trino takes for the table's alias.
WORDS = {"SEMI", "ANTI", "ASOF", "POSITIONAL", "QUALIFY", "SAMPLE", "PIVOT", "UNPIVOT"}


@dataclass(frozen=True)
class Found:
    """What the grammar found in a text; see parse.mjs."""

    faults: tuple[str, ...]
    statements: tuple[str, ...]
    functions: tuple[str, ...]
    types: tuple[str, ...]
    aliases: tuple[str, ...]
    literals: tuple[str, ...]


def read(texts: Sequence[str]) -> list[Found]:
    """All texts at once: starting Node takes longer than parsing any of them."""
    command = ["node", str(FOLDER / "parse.mjs")]
    told = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=False, timeout=120)
    if told.returncode:
        raise RuntimeError(f"the grammar does not run (`make setup` brings node_modules): {told.stderr[:2000]}")
    return [_found(one) for one in json.loads(told.stdout)]


def _found(one: dict[str, Any]) -> Found:
    return Found(**{name: tuple(values) for name, values in one.items()})


def faults(found: Found) -> Iterator[str]:
    """What Athena would refuse on reading the text, before it looks at any table."""
    yield from found.faults
    if not found.faults and found.statements != ("StatementDefaultContext",):
        yield f"it has to be one query, and is {', '.join(found.statements) or 'empty'}"
    yield from (f"Athena has no function {name}" for name in found.functions if name.lower() not in functions())
    yield from (f"Athena has no type {name}" for name in found.types if _word(name) not in TYPES)
    yield from (f"Athena has no literal {name} '...'" for name in found.literals if _word(name) not in TYPES)
    yield from (f"{name} is no word of Athena's: it reads it as an alias" for name in _words(found))


def _words(found: Found) -> list[str]:
    return [name for name in found.aliases if name.upper() in WORDS]


def _word(name: str) -> str:
    return re.split(r"\W|with(out)?timezone", name.lower())[0]


@cache
def functions() -> frozenset[str]:
    """The names on the list."""
    lines = (FOLDER / "functions.txt").read_text().splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
