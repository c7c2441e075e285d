"""What is known of a vendor before anything is asked of it: facts that planning and checking need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

Options = Mapping[str, Any]
# A mistake in `options`: the field it is about, and what to write instead.
Mistake = tuple[str, str]


@dataclass(frozen=True)
class Limits:
    """Which windows a vendor takes; None where no limit is known."""

    longest: timedelta | None = None  # the longest window of one report
    latest_end: timedelta = timedelta(0)  # so far after now a window may end at most
    oldest_end: timedelta | None = None  # so long ago a window may have ended at most


@dataclass(frozen=True)
class Facts:
    """A vendor's constants, each with its source in the vendor's own file."""

    name: str
    calls_back: bool
    retention: timedelta | None  # how long it keeps calls; None: for ever
    list_grace: timedelta  # a created report may be missing from the list for so long
    selects_by: str  # which time of a call decides its window: "start", or "unknown"
    record_lag: timedelta  # where it is unknown: so long after its end a call may be recorded and selected
    limits: Limits
    first_wait: int  # seconds until a report is first looked at
    patience: timedelta  # a report not ready by then is given up and asked anew
    apis: Mapping[str, str]  # base URL by api
    secret: Mapping[str, tuple[str, ...]]  # the fields of the secret's JSON by api
    download_from: tuple[str, ...]  # where its files come from: scheme, host, path prefix
    check: Callable[[Options, str], list[Mistake]]  # the mistakes in `options` for an api
    sources: Callable[[Options, str], tuple[str, ...]]  # one report covers one source: those to ask for
    narrows: Callable[[Mapping[str, Any]], tuple[str, ...]]  # the fields of a request that leave calls out
    by_outcome: tuple[
        str, ...
    ] = ()  # those that choose calls by how they ended, so that no share of them says anything
    source_option: str = "source"  # the option that names sources
    discards: bool = False  # whether a report can be deleted at the vendor
    prefixes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by api: the spellings of its path met
