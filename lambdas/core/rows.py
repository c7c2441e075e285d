"""The ledger's rows and the one table of their allowed moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from lambdas.core.windows import Window


class Work(StrEnum):
    """What is being done about a window; shared/design.md says who moves each on."""

    PLANNED = "planned"
    ASKING = "asking"
    ASKED = "asked"
    COPYING = "copying"
    DONE = "done"
    QUARANTINED = "quarantined"
    STUCK = "stuck"
    LOST = "lost"
    UNREACHABLE = "unreachable"


IN_FLIGHT = (Work.ASKING, Work.ASKED, Work.COPYING)
ASIDE = (Work.QUARANTINED, Work.STUCK, Work.LOST)  # somebody has to look at them
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # due before all else

# From each state, by each move, to which state. What stands nowhere here cannot happen.
MOVES: Mapping[tuple[Work, str], Work] = {
    (Work.PLANNED, "intend"): Work.ASKING,  # requester: the intent, before the vendor is asked
    (Work.PLANNED, "forget"): Work.LOST,  # requester: the vendor can no longer give it
    (Work.PLANNED, "settle"): Work.DONE,  # requester: the same for a re-export; what was published stays
    (Work.PLANNED, "close"): Work.UNREACHABLE,  # requester: declined for as long as the vendor had it
    (Work.ASKING, "record"): Work.ASKED,  # requester: the vendor has it, the id is known
    (Work.ASKING, "search"): Work.ASKING,  # requester: one complete search did not find it
    (Work.ASKING, "withdraw"): Work.PLANNED,  # requester: refused, or not there after all
    (Work.ASKING, "decline"): Work.STUCK,  # requester: the vendor does not take this request
    (Work.ASKING, "settle"): Work.DONE,  # requester: the same for a re-export; what was published stays
    (Work.ASKED, "rerun"): Work.ASKED,  # requester: the run is overdue, the next one takes over
    (Work.ASKED, "wait"): Work.ASKED,  # poller: not ready
    (Work.ASKED, "renew"): Work.PLANNED,  # poller: failed, gone or too late: the next attempt
    (Work.ASKED, "despair"): Work.STUCK,  # poller: attempts used up
    (Work.ASKED, "lease"): Work.COPYING,  # copier: begins
    (Work.COPYING, "rerun"): Work.ASKED,  # requester: the lease is over, the next run takes over
    (Work.COPYING, "return"): Work.ASKED,  # copier: try again later with the same report
    (Work.COPYING, "renew"): Work.PLANNED,  # copier: the link is dead or the file broken: the next attempt
    (Work.COPYING, "despair"): Work.STUCK,  # copier: attempts used up
    (Work.COPYING, "publish"): Work.DONE,  # copier: published and verified
    (Work.COPYING, "keep"): Work.DONE,  # copier: same content as published, nothing written
    (Work.COPYING, "quarantine"): Work.QUARANTINED,  # copier: the checks disagree; requester: copies keep dying
    (Work.ASKED, "settle"): Work.DONE,  # poller: a re-export failed for good; what was published stays
    (Work.COPYING, "settle"): Work.DONE,  # copier: the same
    (Work.DONE, "clear"): Work.DONE,  # requester: what was left at the vendor is deleted, or will not be
    (Work.DONE, "reexport"): Work.PLANNED,  # requester: the next revision is due
    (Work.DONE, "settle"): Work.DONE,  # requester: of a retired export there is no next revision
    (Work.STUCK, "retry"): Work.PLANNED,  # requester: once a day
    # requester: the export is retired
    **{(state, "close"): Work.UNREACHABLE for state in (Work.ASKING, Work.ASKED, Work.STUCK, Work.QUARANTINED)},
    (Work.QUARANTINED, "reexport"): Work.PLANNED,  # requester: the next revision may pass
    # requester: the export is retired; operator, who accepts it: what was published stays
    (Work.QUARANTINED, "settle"): Work.DONE,
    # operator, by `cdr`: the vendor can give it after all; a copy of what was saved; a loss that is accepted
    **{(state, "reopen"): Work.PLANNED for state in (Work.LOST, Work.UNREACHABLE)},
    **{(state, "import"): Work.DONE for state in (*ASIDE, Work.UNREACHABLE)},
    **{(state, "accept"): Work.UNREACHABLE for state in ASIDE},
    (Work.QUARANTINED, "release"): Work.DONE,  # operator: published in spite of the checks, from what was kept
    # requester: the proof in S3 tells of it now
    **{(state, "enter"): state for state in (Work.DONE, Work.QUARANTINED, Work.STUCK, Work.LOST, Work.UNREACHABLE)},
}
REASON = 500  # characters
SAID = 20  # so many acts of operators are remembered
# What only an operator does; besides these he may "retry" and "reexport" as the requester does.
RELEASE = "release"
ACTS = frozenset({"reopen", "import", "accept", RELEASE})
# The moves that change what the coverage says: the row is due at once, to be entered into the proof in S3.
NEWS = frozenset(
    {"publish", "keep", "quarantine", "despair", "settle", "forget", "close", "decline", "clear", *ACTS - {"reopen"}}
)
# The moves after which nobody waits any more for a window's first copy.
ENDING = frozenset({"publish", "forget", "close", *ACTS - {"reopen"}})


class Forbidden(Exception):
    """A move that the table does not have: a mistake in our code."""


@dataclass(frozen=True)
class Published:
    """What S3 holds of a window; only a verified later publish changes it."""

    revision: int
    digest: str  # SHA-256 of the CSV's text as it came, decompressed
    key: str
    etag: str
    receipt: str
    raw: tuple[str, ...]
    rows: int
    when: datetime
    totals: Mapping[str, str] = field(default_factory=dict)
    narrowed: tuple[str, ...] = ()  # the request's fields that left calls out: it is complete for these only
    asked: Mapping[str, Any] | None = None  # the exact request, by which the window is asked again
    api: str | None = None  # of which api that is
    act: str | None = None  # by which act of an operator, "release" or "import": none of the exporter's own copies


@dataclass(frozen=True)
class Row:
    """A window in the ledger: the work part, and what is published."""

    export: str
    window: Window
    state: Work = Work.PLANNED
    version: int = 0
    revision: int = 0
    attempt: int = 1
    run: int = 0
    due_at: datetime | None = None  # when somebody must look at it; None: no future
    fingerprint: str | None = None  # of the export's options when it was asked
    fields: Mapping[str, Any] | None = None  # the exact request
    tag: str | None = None
    asked_at: datetime | None = None  # when the intent was written
    report_id: str | None = None
    give_up_at: datetime | None = None  # a report not ready by then is asked anew, and its capability opens nothing
    looks: int = 0
    searched: int = 0  # complete searches that did not find the report
    page: int = 0  # where an incomplete search goes on
    crashes: int = 0  # copies that began and never ended
    failures: int = 0  # attempts that the vendor accepted and that came to nothing
    declined: int = 0  # so often the vendor did not take the request, since it last took one
    reason: str | None = None  # why the last attempt failed
    leftover: str | None = None  # a report whose copy is verified, to be deleted at the vendor
    stale_since: datetime | None = None  # a re-export failed since
    aged: int = 0  # how many of the re-export ages are behind it
    opened: datetime | None = None  # since when it waits for its first copy
    news: bool = False  # the proof in S3 does not tell yet what the last move changed
    later: datetime | None = None  # when it is due after that
    steps: int = 0  # state transitions of the executions for this revision
    spares: tuple[Mapping[str, Any], ...] = ()  # requests that no list showed: tag, fields, asked_at
    published: Published | None = None
    anew: bool = False  # to be asked with the options of now, not with those that it was exported with
    said: tuple[Mapping[str, str], ...] = ()  # what operators did to it, newest last: at, by, did, why
    # Notes beside the moves: the callback's and the listener's, under their own conditions.
    heard_at: datetime | None = None
    looked_at: datetime | None = None
    token: str | None = field(default=None, repr=False)
    wakes: int = 0
    heeded: int = 0  # so many of the wakes were followed by a look, or by the copy

    @property
    def littered(self) -> bool:
        """Whether something of ours is left at the vendor, to be deleted there."""
        return self.state is Work.DONE and bool(self.leftover or self.spares)

    @property
    def aside(self) -> str | None:
        """The state's word while somebody has to look at it: the key of the index by which these are found."""
        return str(self.state) if self.state in ASIDE else None

    @property
    def turn(self) -> str:
        """Which revision, attempt and run: `r0.a1.k1`."""
        return f"r{self.revision}.a{self.attempt}.k{self.run}"


def move(row: Row, name: str, **changes: Any) -> Row:
    """The row after a move: the new state, the next version, and the changes. Raises Forbidden."""
    try:
        state = MOVES[row.state, name]
    except KeyError:
        raise Forbidden(f"{name} from {row.state}") from None
    if name in ENDING:
        changes["opened"] = None
    if changes.get("reason"):  # an item of DynamoDB has 400 KB, and what a vendor says has no bound
        changes["reason"] = changes["reason"][:REASON]
    new = replace(row, state=state, version=row.version + 1, **changes)
    if name not in NEWS:
        return new
    # What is left at the vendor comes before what was meant; its clearing says itself when it goes on.
    later = EPOCH if new.littered and name != "clear" else changes.get("due_at")
    return replace(new, news=True, later=later, due_at=EPOCH)


def entered(row: Row) -> Row:
    """The row once the proof in S3 tells of it: due when it was meant to be."""
    return move(row, "enter", due_at=row.later, later=None, news=False)


@dataclass(frozen=True)
class Head:
    """The one row per export beside its windows."""

    export: str
    born: datetime | None = None  # the first tick, from which "-7d" is counted for ever
    ticked: datetime | None = None  # when the last tick began
    spans: Mapping[str, "Span"] = field(default_factory=dict)  # what is planned, per source
    lease_until: datetime | None = None  # a tick is working until then at the latest
    lease: str | None = None  # which
    rung: str | None = None  # the lease that another tick wanted meanwhile
    blocked: str | None = None  # why the vendor is not asked now
    refused: bool | None = None  # whether that lasts until somebody acts: no outage, but a no
    keyed: bool = False  # whether a key was ever there: before that, nothing is expected
    next_try: datetime | None = None
    slow_until: datetime | None = None  # the vendor asked for a rest: nobody asks or looks before
    took: tuple[int, ...] = ()  # seconds until the last reports were ready
    # How many reports are on their way, and how many windows wait: kept where exports share a secret.
    flying: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class Span:
    """The stretch [since, until) that has rows, and the window length at its end."""

    since: datetime
    until: datetime
    seconds: int
