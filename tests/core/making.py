"""Exports, windows and rows for the tests, and the profile that makes hypothesis repeat itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings

from lambdas.core.exports import Export, Mistakes, parse
from lambdas.core.facts import Facts
from lambdas.core.rows import Row, Work
from lambdas.core.windows import Window
from lambdas.vendors import FACTS

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = 86_400
# The same examples at every run; no deadline, for a machine may be busy.
always = settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def table(**fields: str) -> str:
    """One `[[export]]` table, each field as TOML text; without a value a field is left out."""
    given = {"name": '"main"', "vendor": '"telnyx"', "start": '"-3d"', **fields}
    return "\n".join(["[[export]]", *(f"{name} = {value}" for name, value in given.items() if value)])


def export(options: str = "", **fields: str) -> Export:
    """One export that the file describes; `options` is the text below `[export.options]`."""
    text = table(**fields) + (f"\n[export.options]\n{options}" if options else "")
    return parse(text, "dev", FACTS).exports[0]


def mistakes(text: str) -> list[str]:
    """What is wrong with a file; empty when nothing is."""
    try:
        parse(text, "dev", FACTS)
    except Mistakes as error:
        return error.mistakes
    return []


def window(day: int = 19, seconds: int = DAY, source: str = "calls", hour: int = 0) -> Window:
    """A window of November 2026."""
    return Window(datetime(2026, 11, day, hour, tzinfo=UTC), seconds, source)


def row(state: Work = Work.PLANNED, **fields: Any) -> Row:
    """A row, due now unless said otherwise."""
    return Row(**{"export": "main", "window": window(), "state": state, "due_at": NOW, **fields})


def limited(**limits: timedelta) -> Facts:
    """Telnyx, were one of the readings of its limits known to be the right one."""
    telnyx = FACTS["telnyx"]
    return replace(telnyx, limits=replace(telnyx.limits, **limits))
