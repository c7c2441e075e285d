"""Poller: looks at one report for its execution, and says whether to wait, to copy or to end."""

from typing import Any

from lambdas.aws.ledger import Raced
from lambdas.core.errors import Gone, Refused, Unclear
from lambdas.core.place import Place
from lambdas.core.polling import Verdict, blind, verdict
from lambdas.core.progress import Progress, State
from lambdas.core.rows import Row, Work
from lambdas.logs import log, trouble
from lambdas.rooms import Rooms, rooms
from lambdas.vendors import FACTS


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`{"do": "look", "at": INPUT}` answers INPUT with `next` and `wait`; `{"do": "listen", ...}` stores a token."""
    if event["do"] == "listen":
        return listen(event["at"], event["token"], rooms())
    return look(event["at"], rooms())


def look(told: dict[str, Any], at: Rooms) -> dict[str, Any]:
    """Ask the vendor how far the report is. Raises TryAgain, which the machine repeats with distance."""
    place = Place.read(told)
    row = at.ledger.get(place.export, place.window)
    if row is None or not place.is_of(row) or row.state is not Work.ASKED or row.report_id is None:
        log().info("over", extra={"execution": told})
        return {**told, "next": "end"}
    export, now = at.exports.get(place.export), at.now()  # what is heard during the look counts as after it
    try:
        progress = at.account(export).look(row.report_id)
    except Gone:
        progress = Progress(State.GONE)
    except (Refused, Unclear) as problem:
        trouble(problem, execution=told)
        return _apply(told, row, blind(row, problem, now), at)
    return _apply(told, row, verdict(row, progress, FACTS[export.vendor], now, at.chance()), at)


def listen(told: dict[str, Any], token: str, at: Rooms) -> dict[str, Any]:
    """Store the waiting execution's token; when the callback came before it, wake the execution at once."""
    place = Place.read(told)
    row = at.ledger.get(place.export, place.window)
    stored = at.ledger.listen(row, token) if row and place.is_of(row) and row.state is Work.ASKED else None
    missed = stored is None or (
        stored.heard_at is not None and (stored.looked_at is None or stored.heard_at >= stored.looked_at)
    )
    return {"woken": missed and at.workflow.wake(token)}


def _apply(told: dict[str, Any], old: Row, decided: Verdict, at: Rooms) -> dict[str, Any]:
    if decided.row is not old:
        try:
            at.ledger.apply(old, decided.row)
        except Raced:
            return {**told, "next": "end"}
    return {**told, "next": decided.next, "wait": decided.wait or told["wait"], "looks": decided.row.looks}
