"""Whether the exports tick: their schedules, the last tick of each, and the clocks on this machine and at AWS."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from cli.health.check import Check, again, fail, ok, warn
from cli.stack import THREADS, Stack
from cli.standing import logged
from cli.tables import ago
from infra.rings import silence
from lambdas.core.exports import Export, Exports
from lambdas.core.rows import Head

APART = timedelta(minutes=2)  # beyond which a clock is wrong: signatures are refused from five minutes on
SLACK = timedelta(minutes=10)
DAILY = "rate(1 day)"  # how a retired export ticks, as infra/clock.py has it


def schedules(stack: Stack, exports: Exports) -> Iterator[Check]:
    """One for each export, on, in the stack's group, with the expression of the file."""
    client, group = stack.place.client("scheduler"), stack.outputs["Schedules"]
    pages = client.get_paginator("list_schedules").paginate(GroupName=group)
    there = {one["Name"]: one for page in pages for one in page["Schedules"]}
    lacking = [one for one in exports.exports if f"{group}-{one.name}" not in there]
    off = [one for one in exports.exports if there.get(f"{group}-{one.name}", {}).get("State") == "DISABLED"]
    for one in lacking:
        yield fail(f"schedule of {one.name}", "there is none", f"deploy again: {again(stack)}")
    for one in off:
        how = 'switch it on in EventBridge Scheduler\'s console; to rest an export, write state = "paused" instead'
        yield fail(f"schedule of {one.name}", "it is switched off", how)
    other = dict(_others(client, group, [one for one in exports.exports if one not in lacking]))
    for name, told in other.items():
        yield fail(f"schedule of {name}", told, f"deploy again: {again(stack)}")
    if not lacking and not off and not other:
        yield ok("schedules", f"{len(exports.exports)} in the group {group}, all on, as the file has them")


def _others(client: Any, group: str, exports: Iterable[Export]) -> Iterator[tuple[str, str]]:
    """Those that tick otherwise than the file says; the list of schedules does not tell how they tick."""

    def look(export: Export) -> str:
        return str(client.get_schedule(GroupName=group, Name=f"{group}-{export.name}")["ScheduleExpression"])

    exports = list(exports)
    with ThreadPoolExecutor(THREADS) as pool:
        for one, told in zip(exports, pool.map(look, exports), strict=True):
            wanted = DAILY if one.state == "retired" else one.schedule
            if told != wanted:
                yield one.name, f"it is {told}, the file says {wanted}"


def ticks(exports: Exports, heads: Mapping[str, Head], now: datetime) -> Iterator[Check]:
    """The age of each export's last tick."""
    found = [(one, _ticked(one, heads[one.name], now)) for one in exports.exports]
    late = [(one, told) for one, told in found if told]
    for one, told in late:
        yield fail(
            f"tick of {one.name}",
            told,
            f"{logged(one.name)} tells why; its schedule, and the failure queue, are looked at here",
        )
    if not late:
        oldest = min((head.ticked for head in heads.values() if head.ticked), default=now)
        yield ok("ticks", f"every export has ticked in time; the longest ago: {ago(max(now - oldest, timedelta(0)))}")


def _ticked(export: Export, head: Head, now: datetime) -> str | None:
    """What is wrong with it, if anything; a retired export ticks once a day."""
    tick = timedelta(days=1) if export.state == "retired" else export.tick
    period, periods = silence(tick)
    if head.ticked is None:
        return "there was none yet"
    return f"the last one was {ago(now - head.ticked)}" if now - head.ticked > period * periods + SLACK else None


def clock(stack: Stack, now: datetime | None = None) -> Iterator[Check]:
    """This machine's clock against the Date that AWS answers with."""
    told = stack.place.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"].get("date")
    yield apart("clock", "AWS", told, now or datetime.now(UTC))


def apart(what: str, who: str, told: Any, now: datetime) -> Check:
    """A Date header against our clock."""
    if not told:
        return warn(what, f"{who} gives no Date", "")
    theirs = parsedate_to_datetime(str(told)).astimezone(UTC)
    seconds = (now - theirs).total_seconds()
    if abs(seconds) > APART.total_seconds():
        how = "set this machine's clock" if who == "AWS" else "if AWS agrees with this machine, it is the vendor's"
        return warn(what, f"{abs(seconds):.0f} s {'before' if seconds > 0 else 'behind'} {who}'s", how)
    return ok(what, f"within {max(1, round(abs(seconds)))} s of {who}'s")
