"""The stories that are played while handlers die: each with what must be true at its end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from lambdas.core.rows import Work
from local.vendors import Simulator
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx
from tests.dying.simulation import TICK, Simulation
from tests.world import Clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AGED = DAY / 2 + timedelta(minutes=1)  # from NOW: the first window's re-export is due, the next window is not yet
TEXT = """
[[export]]
name = "main"
vendor = "{0.name}"
start = "-1d"
reexport = []
base_url = "{0.base_url}"
download_from = ["{0.download_from}"]
"""
CALLS = 'options = {{ source = "calls" }}\n'


def wrong(*faults: str, **how: Any) -> Callable[[Simulation], None]:
    """The vendor's next faults, each once."""

    def plan(sim: Simulation) -> None:
        for fault in faults:
            name, _, on = fault.partition(" on ")
            sim.stage.vendor.faults.add(name, on=on or None, **how)

    return plan


def deploy(old: str, new: str) -> Callable[[Simulation], None]:
    """Another exports.toml."""
    return lambda sim: sim.deploy(old, new)


def nothing(_: Simulation) -> None:
    """All goes well."""


@dataclass(frozen=True)
class Phase:
    """So long after the first tick it begins with `do`, and it ends when all is quiet, or after a while."""

    do: Callable[[Simulation], None] = nothing
    after: timedelta = timedelta(0)
    lasts: timedelta | None = None


@dataclass(frozen=True)
class Scenario:
    """A story; handlers die in its last phase."""

    name: str
    make: Callable[[Clock], Simulator]
    text: str
    creates: int  # reports that the vendor takes on
    phases: tuple[Phase, ...] = (Phase(),)
    calls_back: bool = False
    states: Mapping[Work, int] = field(default_factory=lambda: {Work.DONE: 1})  # of the rows at the end
    failures: int = 0  # attempts that the vendor took on and that came to nothing
    revision: int = 0  # what is published of the first window in the end
    versions: int = 1  # of its object, so often it was written
    receipts: int = 1
    discard: bool = False
    handlers: tuple[str, ...] = ()  # whose effects are died at, where another scenario has the others; () for all
    alone: bool = True  # whether all is well when nothing happens to it
    small: bool = False  # parts of an upload, so that there are several


def telnyx(clock: Clock) -> Simulator:
    """Few calls, selected by the time that no column shows."""
    return Telnyx(3, "main", clock=clock, per_day=4, axis="record", closed=True)


def many(clock: Clock) -> Simulator:
    """As many calls as make a file of several small parts."""
    return Telnyx(3, "main", clock=clock, per_day=40)


def flowroute(clock: Clock) -> Simulator:
    """Few calls; its callbacks are delivered by the simulation."""
    return Flowroute(3, "main", clock=clock, per_day=4)


def _aged(text: str) -> str:
    return text.replace("reexport = []", 'reexport = ["1d"]')


FIRST, HEARD = ("requester", "poller"), ("callback", "poller")
POLLED = (
    Scenario("first", telnyx, TEXT + CALLS, 1),
    Scenario(
        "catchup",
        telnyx,
        TEXT.replace("-1d", "-2d").replace("reexport", "max_in_flight = 1\nreexport") + CALLS,
        2,
        states={Work.DONE: 2},
        receipts=2,
        handlers=("requester",),
    ),
    Scenario("discard", telnyx, TEXT.replace("reexport", "discard = true\nreexport") + CALLS, 1, discard=True),
    Scenario("failed", telnyx, TEXT + CALLS, 2, (Phase(wrong("failed")),), failures=1, handlers=FIRST),
    Scenario("expired", flowroute, TEXT, 2, (Phase(wrong("expired")),), failures=1, handlers=("copier",)),
)
BOTH = TEXT + 'secret = "theirs"\n'
CHANGES = (
    Scenario(
        "backfill",
        telnyx,
        TEXT + CALLS,
        2,
        (Phase(), Phase(deploy('"-1d"', '"-2d"'), HOUR)),
        states={Work.DONE: 2},
        receipts=2,
        handlers=("requester",),
    ),
    Scenario(
        "retired",
        telnyx,
        TEXT + CALLS,
        0,
        (
            Phase(wrong("unauthorized on create"), lasts=TICK),
            Phase(deploy("reexport", 'state = "retired"\nreexport'), HOUR),
        ),
        states={Work.UNREACHABLE: 1},
        receipts=0,
    ),
    Scenario(
        "shared",
        telnyx,
        BOTH + CALLS + BOTH.replace('"main"', '"other"') + CALLS.replace("calls", "call-control"),
        2,
        (Phase(wrong("throttled on create")),),
        states={Work.DONE: 2},
        receipts=2,
        handlers=("requester",),
    ),
)
PARTS = Scenario("parts", many, TEXT + CALLS, 1, small=True, handlers=("copier",))
SLOW = Scenario("slow", telnyx, TEXT + CALLS, 1, (Phase(wrong("slow", seconds=70)),))
OUTAGES = (
    Scenario("dropped", telnyx, TEXT + CALLS, 1, (Phase(wrong("dropped")),)),
    Scenario(
        "broken", telnyx, TEXT + CALLS, 1, (Phase(wrong("broken on create", "broken on retrieve")),), handlers=FIRST
    ),
    Scenario(
        "throttled",
        telnyx,
        TEXT + CALLS,
        1,
        (Phase(wrong("throttled on create", "throttled on retrieve")),),
        handlers=FIRST,
    ),
    Scenario(
        "refused",
        telnyx,
        TEXT + CALLS,
        1,
        (Phase(wrong("unauthorized on create", "forbidden on retrieve")),),
        handlers=FIRST,
    ),
)
CHANGED = Scenario(
    "changed",
    telnyx,
    _aged(TEXT) + CALLS,
    2,
    (Phase(wrong("empty")), Phase(after=AGED)),
    revision=1,
    versions=2,
    receipts=2,
    handlers=("copier",),
)
AGAIN = (
    Scenario("unchanged", telnyx, _aged(TEXT) + CALLS, 2, (Phase(), Phase(after=AGED)), receipts=2),
    CHANGED,
    Scenario(
        "failing",
        telnyx,
        _aged(TEXT).replace("reexport", 'settle = "12h"\nreexport') + CALLS,
        6,
        (
            Phase(),
            Phase(wrong("failed", times=5), AGED, 2 * TICK),
            *(Phase(after=AGED + late, lasts=TICK) for late in (2 * TICK, 4 * TICK, 3 * HOUR)),
            Phase(after=AGED + 8 * HOUR),
        ),
        failures=5,
        handlers=("poller",),
    ),
    Scenario(
        "disagreeing",
        flowroute,
        _aged(TEXT),
        2,
        (Phase(), Phase(wrong("count"), AGED)),
        states={Work.QUARANTINED: 1},
        handlers=("copier",),
    ),
)
CALLED = (
    Scenario("called", flowroute, TEXT, 1, calls_back=True),
    Scenario("early", flowroute, TEXT, 1, (Phase(wrong("early")),), calls_back=True, handlers=HEARD),
    Scenario("twice", flowroute, TEXT, 1, handlers=HEARD, phases=(Phase(wrong("twice")),), calls_back=True),
    Scenario("late", flowroute, TEXT, 1, handlers=HEARD, phases=(Phase(wrong("late", seconds=120)),), calls_back=True),
    Scenario("lost", flowroute, TEXT, 1, handlers=HEARD, phases=(Phase(wrong("silent")),), calls_back=True),
)
# Its only copier comes back when the next revision is there: without that, nothing of what is due happens.
OLD = replace(CHANGED, name="old", phases=CHANGED.phases[:1], alone=False)
ALL = {one.name: one for one in (*POLLED, *CHANGES, OLD, PARTS, SLOW, *OUTAGES, *AGAIN, *CALLED)}
