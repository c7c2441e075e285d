"""What a burst of callbacks may change, and what it has: ledger, executions, lake, the vendor's requests, memory."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import Any

import psutil

from lambdas.core import tags
from lambdas.core.rows import Row, Work
from local.demo import Set
from local.vendors.callbacks import Delivery

OURS = 2  # a report that is ready is looked at by the poller, and by the copier for a fresh link
# So many times and so many megabytes more a process may hold after a burst: the first true callback that it hears has
# it load what opens tokens, 9 MB that forged ones do not cost it.
GROWN = 1.1, 8.0
OK, UNKNOWN = 200, 0
# Lines a minute: of each kind that a callback is refused for, by each process of the emulated function; one, and one
# when they are ten and when they are a hundred, for the throttle lets no thousand in.
SAID = 3 * 3 * 3
PREFIXES = ("calls/", "raw/", "receipts/")  # of each, one object for each window


@dataclass(frozen=True)
class Sight:
    """Everything that a callback could touch, at one moment."""

    items: Mapping[str, Any]  # the ledger, as it lies there
    executions: Mapping[str, str]  # name to status
    objects: Mapping[str, str]  # key to ETag
    requests: int  # at the vendor

    @classmethod
    def of(cls, at: Set) -> "Sight":
        """As it is now."""
        items = {f"{item['export']['S']} {item['sk']['S']}": item for item in at.stack.items()}
        return cls(items, executions(at), dict(at.stack.objects()), at.requests())


def executions(at: Set) -> dict[str, str]:
    """Every execution that there ever was, and its status."""
    pages = at.stack.cloud.client("stepfunctions").get_paginator("list_executions")
    found = pages.paginate(stateMachineArn=at.stack.outputs["Machine"])
    return {one["name"]: one["status"] for page in found for one in page["executions"]}


def touched(before: Sight, after: Sight) -> Iterator[str]:
    """What is different, where nothing may be."""
    for what in ("items", "executions", "objects"):
        old, new = getattr(before, what), getattr(after, what)
        if changed := [key for key in {**old, **new} if old.get(key) != new.get(key)]:
            yield f"{what} changed: {', '.join(changed[:5])}"
    if before.requests != after.requests:
        yield f"the vendor had {after.requests - before.requests} requests more"


def wrongs(before: Sight, after: Sight, rows: list[Row], at: Set, since: Mapping[str, int]) -> Iterator[str]:
    """What is not as it should be once the windows of `rows` are through: each asked for once, and nothing besides.

    `since` is how many reports and requests each vendor had before.
    """
    ours = {f"{row.export} {row.window.sk}" for row in rows}
    for row in rows:
        yield from _row(row)
    others = [key for key in before.items if key not in ours and not key.endswith(" head")]
    yield from (f"changed: {key}" for key in others if before.items[key] != after.items.get(key))
    new = after.executions.keys() - before.executions.keys()
    if new != {tags.execution(row) for row in rows}:
        yield f"{len(new)} executions were started for {len(rows)} reports"
    yield from (f"execution {name}: {after.executions[name]}" for name in new if after.executions[name] != "SUCCEEDED")
    yield from _objects(before.objects, after.objects, len(rows))
    yield from _asked(rows, at, since)


def _row(row: Row) -> Iterator[str]:
    name = f"{row.export} {row.window.sk}"
    if row.state is not Work.DONE or row.published is None:
        yield f"{name}: {row.state}, {row.reason}"
    elif row.give_up_at is None or row.published.when >= row.give_up_at:
        yield f"{name}: copied at {row.published.when}, after its deadline {row.give_up_at}"
    if (row.attempt, row.run) != (1, 1):
        yield f"{name}: {row.turn}"


def _objects(before: Mapping[str, str], after: Mapping[str, str], windows: int) -> Iterator[str]:
    told = [key for key in before if not key.startswith("ledger/")]
    yield from (f"object changed: {key}" for key in told if before[key] != after.get(key))
    new = Counter(key.partition("/")[0] + "/" for key in after.keys() - before.keys())
    new.pop("ledger/", None)  # the proof of coverage is one object a month
    if new != dict.fromkeys(PREFIXES, windows):
        yield f"new objects: {dict(new)}, where {windows} of each kind belong"


def _asked(rows: list[Row], at: Set, since: Mapping[str, int]) -> Iterator[str]:
    """A create for each report; beside the looks at a waiting one, each was looked at once and its link fetched."""
    for name, player in at.players.items():
        own = [row for row in rows if row.export == name]
        new = player.requests[since[name] :]
        if (creates := sum(one.method == "POST" for one in new)) != len(own):
            yield f"{name}: {creates} reports were asked for, of {len(own)} windows"
        asked = Counter(one.path.rpartition("/")[2] for one in new if one.method == "GET")
        for row in own:
            due = row.looks + OURS
            if (seen := asked[row.report_id or ""]) > due:
                yield f"{name} {row.window.sk}: {seen} requests about its report, where {due} have a reason"


def counted(at: Set) -> dict[str, int]:
    """How many requests each export's vendor has had."""
    return {name: len(player.requests) for name, player in at.players.items()}


def delivered(rows: Sequence[Row], at: Set) -> list[tuple[Row, list[Delivery]]]:
    """Every attempt of the vendors to call back for these."""
    found = {name: player.callbacks for name, player in at.players.items()}
    return [(row, [one for one in found[row.export] if one.export == row.report_id]) for row in rows]


def overheard(rows: list[Row], at: Set) -> Iterator[str]:
    """A report that was woken more often than callbacks of its own came through."""
    for row, attempts in delivered(rows, at):
        through = sum(one.status in (OK, UNKNOWN) for one in attempts)
        if row.wakes > through:
            yield f"{row.export} {row.window.sk}: woken {row.wakes} times by {through} callbacks"


def memory(at: Set, function: str) -> dict[int, int]:
    """The bytes that each process of a function holds, by its id."""
    found = dict[int, int]()
    for one in psutil.Process(at.stack.cloud.pid).children(recursive=True):
        with suppress(psutil.Error):
            if one.environ().get("AWS_LAMBDA_FUNCTION_NAME") == at.stack.outputs[function]:
                found[one.pid] = one.memory_info().rss
    return found


def grown(before: Mapping[int, int], after: Mapping[int, int]) -> list[int]:
    """The processes that hold much more than before, of those that were there."""
    factor, more = GROWN
    return [pid for pid, rss in after.items() if pid in before and rss > before[pid] * factor + more * 2**20]


def written(at: Set, function: str, since: float) -> tuple[int, int]:
    """Lines and bytes of a function's own in its log since then; the platform's have no service."""
    told = at.stack.cloud.client("lambda").get_function_configuration(FunctionName=at.stack.outputs[function])
    pages = at.stack.cloud.client("logs").get_paginator("filter_log_events")
    group, begin = told["LoggingConfig"]["LogGroup"], int(since * 1000)
    found = pages.paginate(logGroupName=group, startTime=begin, filterPattern='"service"')
    own = [len(one["message"]) for page in found for one in page["events"]]
    return len(own), sum(own)


def overflowing(lines: int, heard: int, seconds: float) -> Iterator[str]:
    """A log that a flood fills: beside a line for each callback that is heard, few are written in a minute."""
    most = heard + SAID * (ceil(seconds / 60) + 1)
    if lines > most:
        yield f"the callback wrote {lines} lines, {most} are the most"
