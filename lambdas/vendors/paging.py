"""The search of a vendor's list: page by page within a budget, to an end that is surely one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambdas.core.errors import Unclear
from lambdas.core.progress import Found

PAGES = 10  # so many are read at a time; the next tick goes on


@dataclass(frozen=True)
class Page:
    """What came, where the next page begins, and whether the vendor says that there is none."""

    rows: list[Any]
    after: int
    last: bool = False


def search(fetch: Callable[[int], Page], wanted: Callable[[Any], str | None], page: int) -> Found:
    """Read on from `page`; `wanted` answers the id of the row that is looked for.

    A page may be shorter than asked for, so only an empty one is surely the last; a list whose pages repeat is not
    paged at all. Raises what `fetch` raises.
    """
    before: list[Any] = []
    for _ in range(PAGES):
        got = fetch(page)
        for row in got.rows:
            if report := wanted(row):
                return Found(report, complete=True)
        if not got.rows or got.rows == before or got.last:
            return Found(None, complete=True)
        before, page = got.rows, got.after
    return Found(None, complete=False, page=page)


def rows(body: Any, where: str) -> list[Any]:
    """The rows of a list's answer. Raises Unclear for what is none."""
    if not isinstance(body, list):
        raise Unclear(f"{where}: list: not a list of reports")
    return body
