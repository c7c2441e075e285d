"""How an export stands: up to when all is in, what waits, what needs somebody; decided from a few reads."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cli.tables import clean, iso, long, when
from infra.rings import NEAR, late, silence
from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.figures import figures
from lambdas.core.rows import ASIDE, Head, Work
from lambdas.core.wanted import unplanned, wanted
from lambdas.core.windows import DAY, Window

KEYLESS = "waiting for the key: "  # how `blocked` begins while the secret is empty
SLACK = timedelta(minutes=10)  # beyond its time, for a tick that works
Opened = tuple[Window, datetime]
Aside = tuple[Window, str]


@dataclass(frozen=True)
class Standing:
    """One export, as a few reads tell it."""

    export: Export
    start: datetime
    complete: datetime  # from the start to here everything is in
    open: int  # windows that have a row and no copy
    aside: Mapping[str, int]  # windows that somebody has to look at, by state
    lag: timedelta  # so long the oldest window waits
    to_loss: float | None  # hours until the vendor forgets something that is not in
    keyed: bool  # whether its secret was filled in when it last ticked
    blocked: str | None
    refused: bool  # whether that needs somebody
    next_try: datetime | None
    ticked: datetime | None
    needs: tuple[str, ...]  # why somebody has to act, and what to do

    @property
    def tone(self) -> str:
        """The colour of its line."""
        return "bold red" if self.needs else "yellow" if self.open or self.blocked else "green"

    def plain(self) -> dict[str, Any]:
        """For a program."""
        return {
            "export": self.export.name,
            "vendor": self.export.vendor,
            "state": self.export.state,
            "start": iso(self.start),
            "complete_to": iso(self.complete),
            "open": self.open,
            "aside": {str(state): self.aside.get(state, 0) for state in ASIDE},
            "lag_s": int(self.lag.total_seconds()),
            "hours_to_loss": None if self.to_loss is None else round(self.to_loss, 1),
            "key": self.keyed,
            "blocked": self.blocked and clean(self.blocked),
            "refused": self.refused,
            "next_try": iso(self.next_try) if self.next_try else None,
            "ticked_at": iso(self.ticked) if self.ticked else None,
            "needs": list(self.needs),
        }


def standing(
    export: Export, facts: Facts, head: Head, waiting: Sequence[Opened], aside: Sequence[Aside], now: datetime
) -> Standing:
    """From an export's head, the windows that wait for a copy and those put aside, of whatever source."""
    waiting = [one for one in waiting if one[0].source in export.sources]
    aside = [one for one in aside if one[0].source in export.sources]
    keyed = not (head.blocked or "").startswith(KEYLESS)
    expected = export.state == "active"
    without = unplanned(export, facts, head, now) if expected else None
    found = figures(waiting, (), without, facts, now, aside=aside)
    made = Standing(
        export,
        start=export.first(head.born or now),
        complete=_complete(export, facts, head, {window for window, _ in waiting}, aside, now),
        open=len(waiting),
        aside=Counter(word for _, word in aside),
        lag=timedelta(seconds=found.lag),
        to_loss=found.to_loss if expected else None,
        keyed=keyed,
        blocked=head.blocked,
        refused=bool(head.refused),
        next_try=head.next_try if head.blocked else None,
        ticked=head.ticked,
        needs=(),
    )
    return Standing(**{**vars(made), "needs": tuple(_needs(made, facts, now))})


def _complete(
    export: Export, facts: Facts, head: Head, waiting: Iterable[Window], aside: Sequence[Aside], now: datetime
) -> datetime:
    """Up to where everything is in, of every source: its first window that is not, or the end of what has rows.

    A quarantined window that waits for nothing is published, and its next revision was put aside.
    """
    of, lacks = wanted(export, facts, head, now), [*waiting, *(one for one, word in aside if word == Work.LOST)]
    found = []
    for source in export.sources:
        span = of.spans.get(source)
        if span is None or span.since > of.start:
            return of.start
        found += [span.until, *(window.start for window in lacks if window.source == source)]
    return max(of.start, min(found, default=of.start))


def _needs(one: Standing, facts: Facts, now: datetime) -> Iterable[str]:
    """What somebody has to do, the worst first; nothing of what heals by itself."""
    name = one.export.name
    advice = {
        "lost": f"cdr import {name} FILE --from TIME --to TIME --yes, or cdr accept {name} WINDOW --why TEXT --yes",
        "quarantined": f"cdr show {name} WINDOW tells why; cdr release {name} WINDOW --why TEXT --yes publishes it, "
        f"cdr retry {name} WINDOW --yes asks anew",
        "stuck": f"cdr show {name} WINDOW tells why; asked daily, and now by cdr retry {name} WINDOW --yes",
    }
    for state, what in advice.items():
        if count := one.aside.get(state, 0):
            yield f"{count} {state}: {what}"
    if one.export.state != "active":
        return
    if not one.keyed:
        yield f"the key is missing: put it into the secret {one.export.secret_id} (cdr doctor tells its form)"
        return
    if one.refused:
        yield f"the vendor is not asked: {clean(one.blocked or '')}"
    if one.to_loss is not None and one.to_loss < NEAR and one.lag > late(one.export, facts):
        yield f"the vendor forgets calls in {one.to_loss:.0f} h that are not in yet: cdr coverage {name}"
    if one.lag > late(one.export, facts):
        yield f"a window waits for {long(_whole(one.lag))} already: {logged(name)}"
    period, periods = silence(one.export.tick)
    if one.ticked is None or now - one.ticked > period * periods + SLACK:
        told = f"no tick since {when(one.ticked)}" if one.ticked else "no tick yet"
        yield f"{told}: cdr doctor looks at its schedule"


def logged(export: str) -> str:
    """The command that tells what went wrong with an export, over several of the longest ticks."""
    return f"cdr tail --export {export} --since 1d --level WARNING --once"


def _whole(span: timedelta) -> timedelta:
    """Without what nobody reads: hours alone beyond a day, minutes below."""
    step = timedelta(hours=1) if span >= DAY else timedelta(minutes=1)
    return span // step * step
