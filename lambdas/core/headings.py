"""Headings of a file as a receipt may tell them: they are whatever the file says, of any length and number."""

from collections.abc import Collection

from lambdas.core.veil import CONTROL, ESCAPE, NUMBER

SHOWN = 60  # characters of one
MOST = 100  # of them


def told(heading: str) -> str:
    """One line, without a terminal's commands, and without what may be a number."""
    return NUMBER.sub("[number]", CONTROL.sub(" ", ESCAPE.sub("", heading)))[:SHOWN]


def few(headings: Collection[str]) -> list[str]:
    """The first of them, and how many more there are."""
    found = sorted(headings)
    return found[:MOST] + ([f"and {len(found) - MOST} more"] if len(found) > MOST else [])


def counts(tally: dict[str, int]) -> dict[str, int]:
    """The most frequent, and the rest as one."""
    if len(tally) <= MOST:
        return tally
    found = sorted(tally.items(), key=lambda one: (-one[1], one[0]))
    return dict(found[:MOST]) | {f"and {len(found) - MOST} more": sum(count for _, count in found[MOST:])}
