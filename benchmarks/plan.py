"""The same nights for everybody: which day's export meets what, at which vendors, and what there was to export."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from local.calls import Call
from local.events import MANY
from local.vendors import Simulator
from local.vendors.flowroute import Flowroute
from local.vendors.telnyx import Telnyx

DAY = timedelta(days=1)
START = datetime(2026, 11, 2, tzinfo=UTC)
CRON = timedelta(minutes=5)  # after midnight
SEED, PER_DAY, BUILD = 7, 400, (0.1, 0.3)
CALM = "nothing"
# What happens in the night after each day, to both vendors alike; a calm night between two lets each be seen alone.
NIGHTS = (
    CALM, "answer dropped", CALM, "killed while copying", CALM, "vendor down for 3 hours", CALM,
    "link dead before its time", CALM, "file cut, its length agrees", CALM, "schedule missed for 6 hours", CALM,
)  # fmt: skip
FAULTS: Mapping[str, tuple[str, int]] = {
    "answer dropped": ("dropped", 1),
    "vendor down for 3 hours": ("broken", MANY),
    "link dead before its time": ("dead", 1),
    "file cut, its length agrees": ("cut", 1),
}
KILLED, DOWN, MISSED = "killed while copying", "vendor down for 3 hours", "schedule missed for 6 hours"
EDGE, LATE = "a window's end is inclusive", "recorded after the export"
END = START + len(NIGHTS) * DAY


@dataclass
class Clock:
    """Turned by hand."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def vendors(clock: object) -> Iterator[dict[str, Simulator]]:
    """One account of each, holding back what is not recorded yet; nobody calls back."""
    how = {"clock": clock, "per_day": PER_DAY, "build_s": BUILD, "live": True}
    with ExitStack() as stack:
        telnyx = Telnyx(SEED, "main", axis="record", closed=True, **how)  # type: ignore[arg-type]  # one for both
        flowroute = Flowroute(SEED, "main", callbacks="never", **how)  # type: ignore[arg-type]  # one for both
        yield {"telnyx": stack.enter_context(telnyx), "flowroute": stack.enter_context(flowroute)}


def night(event: str, players: Mapping[str, Simulator]) -> None:
    """Let it befall the vendors, from midnight on."""
    if event in FAULTS:
        fault, times = FAULTS[event]
        for player in players.values():
            player.faults.add(fault, times)


def calls(player: Simulator) -> dict[str, Call]:
    """All that there was to export, by its identity."""
    found = player.calls.between(START, END, axis=player.axis, closed=player.closed)
    return {call.row_id: call for call in found if player.name != "telnyx" or call.source == "calls"}


def cause(player: Simulator, call: Call, times: int) -> str:
    """Why a call was found so many times that should be there once."""
    at = call.recorded_at if player.axis == "record" else call.started_at
    midnight = datetime.combine(at, time(), UTC)
    if times and player.closed and at == midnight:
        return EDGE
    if not times and call.recorded_at > midnight + DAY + CRON and player.axis == "start":
        return LATE
    return NIGHTS[min((at - START) // DAY, len(NIGHTS) - 1)]
