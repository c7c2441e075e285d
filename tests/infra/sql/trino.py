"""One verdict on SQL texts: would Athena take them, and would they mean there what they mean to the emulator."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot.errors import SqlglotError

from tests.infra.sql import grammar, kinds, names, rules
from tests.infra.sql.names import Tables


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a text, and of how many comparisons and mixtures the types were known."""

    faults: tuple[str, ...]
    known: int = 0
    unknown: tuple[str, ...] = ()


def check(texts: Sequence[str], database: str, tables: Tables) -> list[Verdict]:
    """A verdict on each."""
    read = grammar.read(texts)
    return [_check(text, found, database, tables) for text, found in zip(texts, read, strict=True)]


def _check(text: str, found: grammar.Found, database: str, tables: Tables) -> Verdict:
    faults = tuple(grammar.faults(found))
    if found.faults:
        return Verdict(faults)
    try:
        tree = names.resolve(text, database, tables)
    except SqlglotError as error:
        return Verdict((*faults, str(error)))
    grouped = (*names.ordered(text), *names.faults(tree))
    judged = rules.judge(kinds.annotate(tree, names.schema(database, tables)))
    return Verdict((*faults, *grouped, *dict.fromkeys(judged.faults)), judged.known, tuple(judged.unknown))
