"""What an operator's commands make of a row, or why not: so a dry run says what the act does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from lambdas.core.agenda import BUILDING
from lambdas.core.exports import Export
from lambdas.core.facts import Facts
from lambdas.core.planning import again_at, aged, beyond, partial
from lambdas.core.polling import blank
from lambdas.core.rows import ASIDE, EPOCH, IN_FLIGHT, REASON, SAID, Published, Row, Work, move

HOLD = timedelta(hours=1)  # so long nobody else touches a window that an operator publishes
FILLED = (Work.LOST, Work.UNREACHABLE, Work.STUCK, Work.QUARANTINED)  # what a saved file may fill
SAVED = "`cdr import` fills it from a file that was saved"
SPARED = "`cdr accept` does without it"
STAYS = f"{SPARED}, and the earlier copy stays"
NEWER = "`cdr release` publishes the newer file, `cdr retry` asks again"
KEPT = "`cdr release` publishes what was kept of it"
RAWLESS = "`raw = true` in exports.toml, deployed, keeps the next one: `cdr retry` asks for it"
SMALLER = "take a smaller `window`; of this one"
JUST = "it was moved a moment ago: run this again after the next tick"


@dataclass(frozen=True)
class By:
    """Who does something, what he calls it, and why: veiled, for it is kept."""

    did: str
    who: str
    why: str
    at: datetime


@dataclass(frozen=True)
class Act:
    """What becomes of a row; without `new` nothing, and `why` says why. `wrong`: it was wanted and cannot be had."""

    row: Row
    new: Row | None = None
    why: str = ""
    wrong: bool = False


def said(row: Row, by: By) -> tuple[Mapping[str, str], ...]:
    """What operators did to a row, with this."""
    note = {"at": by.at.isoformat(), "by": by.who, "did": by.did, "why": by.why[:REASON]}
    return (*row.said, note)[-SAID:]


def backfill(row: Row, export: Export, facts: Facts, by: By) -> Act:
    """Asked for again with the options of now, if the vendor can still give all of it."""
    return _again(row, export, facts, by, anew=True)


def retry(row: Row, export: Export, facts: Facts, by: By) -> Act:
    """Asked for now, if it is not copied; what was published is asked for as it was."""
    if row.state is Work.DONE:
        return Act(row, why="it is copied: `cdr backfill` asks for it again")
    return _again(row, export, facts, by, anew=row.anew)


def accept(row: Row, by: By) -> Act:
    """A window that somebody does without: told by the coverage, and no trouble any more; an earlier copy stays."""
    if row.state not in ASIDE:
        return Act(row, why=f"it is {row.state}")
    told = {"reason": f"accepted by an operator: {by.why}", "said": said(row, by)}
    if row.published:  # as stale as it was, and asked again at its next age
        return Act(row, move(row, "settle", due_at=row.later if row.news else row.due_at, token=None, **told))
    return Act(row, move(row, "accept", due_at=None, **told))


def release(row: Row, note: Mapping[str, Any] | None) -> Act:
    """Whether a quarantined window can be published from what was kept; `note` is the quarantine's own."""
    if row.state is not Work.QUARANTINED:
        return Act(row, why=f"it is {row.state}, not quarantined")
    if row.news:  # the requester enters it into the proof, whoever holds it
        return Act(row, why=JUST, wrong=True)
    if "too-large" in (row.reason or ""):
        return Act(row, why=f"nothing of it was kept, it is too large: {SMALLER} {without(row)}", wrong=True)
    if note is None:
        why = f"its note in quarantine is not there any more: {gone(row)}"
        return Act(row, why=why, wrong=True)
    if not note.get("raw"):
        return Act(row, why=f"the vendor's file was not kept: {RAWLESS}, and {without(row)}", wrong=True)
    return Act(row, row)


def importing(row: Row, export: Export) -> Act:
    """Whether a saved file may fill a window; `new` is the row under a turn of its own, which is written at the end."""
    if row.published and row.state in FILLED:
        return Act(row, why=f"an earlier copy of it stays: {NEWER}")
    if row.state is Work.DONE:
        return Act(row, why="it is copied already")
    if row.state not in FILLED:
        return Act(row, why=f"the vendor is being asked for it ({row.state}): wait for that", wrong=True)
    if row.news:
        return Act(row, why=JUST, wrong=True)
    fresh: dict[str, Any] = {"attempt": row.attempt + 1, "fingerprint": export.fingerprint, **blank(row.reason)}
    return Act(row, replace(row, **fresh))


def held(row: Row, now: datetime) -> Row:
    """The same row, which the requester leaves alone for a while; a mover who read it before loses.

    Nothing else of it is other: whoever dies then leaves it as it was, with its note in quarantine.
    """
    return replace(row, version=row.version + 1, due_at=max(row.due_at, now + HOLD) if row.due_at else None)


def without(row: Row) -> str:
    """The ways out where the vendor has it no more."""
    if row.published:
        return STAYS
    return f"{SAVED}, {SPARED}" if row.aside else SAVED


def gone(row: Row) -> str:
    """The ways out where what was kept is no more."""
    return f"`cdr retry` asks again; if the vendor has it no more, {without(row)}"


def released(row: Row, export: Export, published: Published, by: By) -> Row:
    """The row once the file that the checks refused is published."""
    told = f"released by an operator in spite of: {row.reason}"
    why = replace(by, why=f"{by.why} (refused: {row.reason})")
    return _published(row, "release", published, told, row.aged, said(row, why), export)


def imported(row: Row, export: Export, published: Published, by: By) -> Row:
    """The row once a saved file is published; the vendor is asked at later ages only, should it have it after all."""
    told = "imported by an operator from a saved file"
    return _published(row, "import", published, told, aged(row, export, by.at), said(row, by), export)


def unstarted(export: Export, rows: Iterable[Row], since: datetime, first: datetime) -> str:
    """What to write into exports.toml, where days before the export's start have no row; "" where none lacks one."""
    if since >= first:
        return ""
    held_ = {row.window.source for row in rows if row.window.start <= since < row.window.end}
    return "" if held_ >= set(export.sources) else f"start = {since:%Y-%m-%d}"


def _published(
    row: Row, name: str, published: Published, reason: str, count: int, told: tuple[Mapping[str, str], ...],
    export: Export,
) -> Row:  # fmt: skip
    due = again_at(row, export, count)
    ends = {"stale_since": None, "token": None, "anew": False, "due_at": due}
    return move(row, name, published=published, aged=count, reason=reason, said=told, **ends)


def _again(row: Row, export: Export, facts: Facts, by: By, *, anew: bool) -> Act:
    if no := _refused(row, export, facts, by.at):
        return no
    # Due before all else: neither the clock of who says so nor the stack's matters.
    told = {
        "failures": 0,
        "declined": 0,
        "due_at": EPOCH,
        "said": said(row, by),
        "anew": anew and row.published is not None,
    }
    if row.state is Work.STUCK:
        return Act(row, move(row, "retry", attempt=row.attempt + 1, **told))
    told |= {"steps": 0, **blank()}
    if row.state in (Work.LOST, Work.UNREACHABLE):
        return Act(row, move(row, "reopen", attempt=row.attempt + 1, opened=by.at, **told))
    return Act(row, move(row, "reexport", revision=row.revision + 1, attempt=1, **told))


def _refused(row: Row, export: Export, facts: Facts, now: datetime) -> Act | None:
    """Why a window is not asked for."""
    if export.state != "active":
        return Act(row, why=f"the export is {export.state}: nothing is asked for it", wrong=True)
    if row.window.source not in export.sources:
        return Act(row, why=f"the export does not ask for {row.window.source} any more", wrong=True)
    if row.state is Work.PLANNED or row.state in IN_FLIGHT:
        return Act(row, why=f"on its way already: {row.state}")
    if why := beyond(facts, row.window, now):
        return Act(row, why=f"{why}{_left(row)}", wrong=True)
    if row.published and partial(facts, row.window, now + BUILDING):
        return Act(row, why=f"the vendor begins to forget it, and the full copy stays{_left(row)}", wrong=True)
    if row.leftover:
        why = "something of it is being deleted at the vendor: run this again after the next tick"
        return Act(row, why=why, wrong=True)
    return Act(row, why=JUST, wrong=True) if row.news else None


def _left(row: Row) -> str:
    """The ways out of a window that the vendor cannot give any more; a copy needs none."""
    if row.state is Work.QUARANTINED:
        return f": {KEPT}, {without(row)}"
    return "" if row.published else f": {without(row)}"
