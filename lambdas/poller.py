"""Poller: looks at one report for its execution, and says whether to wait, to copy or to end."""

from dataclasses import replace
from typing import Any

from lambdas.aws.ledger import Raced
from lambdas.core.errors import Gone, Refused, TryAgain, Unclear
from lambdas.core.place import Place
from lambdas.core.polling import END, ROUND, Verdict, blind, held, keyless, lesson, verdict
from lambdas.core.progress import Progress, State
from lambdas.core.rows import Row, Work
from lambdas.logs import count, log, trouble
from lambdas.rooms import Rooms, rooms
from lambdas.vendors import FACTS


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`{"do": "look", "at": INPUT}` answers INPUT with `next` and `wait`; `{"do": "listen", ...}` stores a token."""
    if event["do"] == "listen":
        return listen(event["at"], event["token"], rooms())
    return look(event["at"], rooms())


def look(told: dict[str, Any], at: Rooms) -> dict[str, Any]:
    """Ask the vendor how far the report is, unless it asked for a rest."""
    place = Place.read(told)
    row = at.ledger.get(place.export, place.window)
    if row is None or not place.is_of(row) or row.state is not Work.ASKED or row.report_id is None:
        log().info("over", extra={"execution": told})
        return {**told, "next": "end"}
    export, now, jitter = at.exports.get(place.export), at.now(), at.chance()  # heard during the look is heard after it
    facts, head = FACTS[export.vendor], at.ledger.head(place.export)
    if head.slow_until and now < head.slow_until:
        return _apply(told, row, held(row, head.slow_until, now, jitter), at)
    try:
        progress = at.account(export).look(row.report_id)
    except Gone:
        progress = Progress(State.GONE)
    except (Refused, Unclear, TryAgain) as problem:
        trouble(problem, execution=told)
        at.slow(export, problem, now)
        if keyless(problem) and row.reason == problem.what and export.state == "active":  # and not for the first time
            count("Refused")
        return _apply(told, row, blind(row, problem, facts, now, jitter), at)
    if progress.state is State.READY and (took := lesson(row, facts, now)) is not None:
        at.ledger.learn(head, took)
    return _apply(told, row, verdict(row, progress, facts, now, jitter, head.took), at)


def listen(told: dict[str, Any], token: str, at: Rooms) -> dict[str, Any]:
    """Store the waiting execution's token, sealed; when a callback came before it, wake the execution at once.

    Callbacks are told apart by their number, not by the clock: each wakes once.
    """
    place = Place.read(told)
    row = at.ledger.get(place.export, place.window)
    if not (row and place.is_of(row) and row.state is Work.ASKED):
        return {"woken": at.workflow.wake(token)}
    sealed = at.signet.seal(row, token)
    if sealed is None:  # nor was the vendor told where to call back
        return {"woken": False}
    stored = at.ledger.listen(row, sealed)
    missed = stored is None or stored.wakes > row.heeded
    return {"woken": missed and at.workflow.wake(token)}


def _apply(told: dict[str, Any], old: Row, decided: Verdict, at: Rooms) -> dict[str, Any]:
    """The verdict, in the ledger and for the machine; the state transitions are counted with it."""
    steps = told.get("steps", 0) + ROUND
    if decided.row is not old:
        new = replace(decided.row, steps=steps + (END if decided.next == "end" else 0))
        try:
            at.ledger.apply(old, new)
        except Raced:
            return {**told, "next": "end"}
    wait = decided.wait or told["wait"]
    return {**told, "next": decided.next, "wait": wait, "looks": decided.row.looks, "steps": steps}
