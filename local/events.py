"""What goes wrong in `python -m local chaos`: what the vendors do, what befalls us, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from local.vendors import Simulator

MANY = 10_000  # so often a vendor that is down refuses


@dataclass(frozen=True)
class Blow:
    """Something that a vendor does wrong: the fault that plays it, and what is told when it strikes."""

    kind: str
    fault: str
    told: str
    times: int = 1
    on: str | None = None  # at this operation alone


# Each vendor plays the first; each of the others one vendor that can, chosen by the seed.
EACH = (Blow("answer dropped", "dropped", "takes a request on and drops the answer: we never get the report's id"),)
SOME = (
    Blow("vendor down", "broken", "is down: it answers 500", times=MANY),
    Blow("throttled", "throttled", "answers 429 to a request", on="create"),
    Blow("error", "broken", "answers 500 to a look", on="retrieve"),
    Blow("report failed", "failed", "builds a report that will fail"),
    Blow("link dead", "dead", "refuses a link before its time"),
    Blow("file cut", "cut", "builds a file that ends in its middle, with a length that agrees"),
    Blow("callback lost", "silent", "will not call back for a report"),
    Blow("callback doubled", "twice", "will call back twice for a report"),
    Blow("callback late", "late", "will call back ten minutes after a report is ready"),
    Blow("callback early", "early", "calls back before a report is ready"),
    Blow("callback forged", "forged", "will call back with a wrong capability instead of the right one"),
)
# What befalls us, and what the director does himself; each once at least.
ACTS = {
    "copier killed": "a copier is killed in the middle of a copy",
    "execution stopped": "an execution is stopped while its report is waited for",
    "schedule doubled": "the schedule fires twice at once",
    "schedule missed": "the schedule does not fire for hours",
    "callback invented": "somebody calls back with a wrong capability, and with a tag that was never asked",
    "callback repeated": "a callback comes again, twice at once, for a report that was copied long ago",
}
KINDS = (*(blow.kind for blow in (*EACH, *SOME)), *ACTS)
# So many reports may be asked for anew because of one: its report came to nothing, or nobody knew whether it was asked.
RENEWING = {"report failed": 1, "link dead": 1, "file cut": 1, "vendor down": 3}


@dataclass
class Score:
    """The order of events for one seed, of which each vendor plays its own."""

    blows: dict[str, list[Blow]]  # by export
    acts: list[str]
    hours: int  # for which the schedule is missed

    @classmethod
    def draw(cls, seed: int, players: Mapping[str, Simulator]) -> "Score":
        """The same for the same seed."""
        chance = Random(seed)
        blows = {name: list(EACH) for name in players}
        for blow in SOME:
            able = [name for name, one in players.items() if blow.fault in one.plays]
            # The vendor with the least to do, so that none of them takes longer than the others.
            fewest = min(len(blows[name]) for name in able)
            blows[chance.choice([name for name in able if len(blows[name]) == fewest])].append(blow)
        for queue in blows.values():
            chance.shuffle(queue)
        acts = list(ACTS)
        chance.shuffle(acts)
        return cls(blows, acts, chance.randint(2, 6))


class Storm:
    """What one vendor does wrong, one thing after the other."""

    def __init__(self, export: str, player: Simulator, blows: list[Blow]) -> None:
        self.export, self._player, self._blows = export, player, list(blows)
        self._blow: Blow | None = None
        self._left = 0

    @property
    def over(self) -> bool:
        """Whether everything has struck."""
        return self._blow is None and not self._blows

    @property
    def refused(self) -> int:
        """How many requests a vendor that is down has refused; 0 while it is not."""
        return MANY - self._left if self._blow and self._blow.times == MANY else 0

    def struck(self) -> Blow | None:
        """What struck since the last look, told once; what comes after it is prepared."""
        if self._blow is None:
            self._prepare()
            return None
        pending = self._player.faults.pending
        left, before, blow = (pending[0]["times"] if pending else 0), self._left, self._blow
        self._left = left
        if not left:
            self._prepare()
        return blow if left < before == blow.times else None

    def clear(self) -> None:
        """The vendor is up again."""
        self._player.faults.clear()
        self._prepare()

    def _prepare(self) -> None:
        self._blow = self._blows.pop(0) if self._blows else None
        if self._blow:
            self._player.faults.add(self._blow.fault, self._blow.times, on=self._blow.on)
            self._left = self._blow.times
