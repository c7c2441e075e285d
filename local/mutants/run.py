"""Plays the mutants one after the other, and tells of each whether traffic noticed."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from local.mutants.parts import Mutant, mutants
from local.mutants.reasons import survives
from local.mutants.traffic import LATE, SLOWER, Traffic
from local.mutants.world import World

Say = Callable[[str], None]
COLD = 3  # so many days may pass until every function is warm and nothing is late
LONGEST = 60.0  # seconds, while it is not known how fast the machine is
REFUSED = ("AccessDenied", "not authorized", "cannot be", "(403)")


@dataclass(frozen=True)
class Result:
    """What became of a mutant: what was noticed first, or why it survives, if there is a reason."""

    mutant: Mutant
    noticed: str | None
    reason: str | None
    seconds: float

    @property
    def right(self) -> bool:
        """Whether it was killed and had to be, or survives and may."""
        return (self.noticed is None) is (self.reason is not None)

    @property
    def word(self) -> str:
        """In one word or two."""
        return ("killed" if self.noticed else "survives") + ("" if self.right else ", which nobody expects")


class Unsound(Exception):
    """Traffic is not right although nothing was taken away: no verdict would mean anything."""


def chosen(body: dict[str, object], pattern: str) -> list[Mutant]:
    """Those whose name has the pattern in it; `*` and `?` as in a shell."""
    return [one for one in mutants(body) if fnmatchcase(one.name.lower(), f"*{pattern.lower()}*")]


@dataclass
class Run:
    """One run over a world. Raises Unsound."""

    world: World
    say: Say
    late: float = LONGEST

    def play(self, wanted: Sequence[Mutant]) -> Iterator[Result]:
        """Those with a reason to survive first, all at once; then each of the others, between two days of control."""
        self.control()
        yield from self.survivors([one for one in wanted if survives(one)])
        rest = sorted((one for one in wanted if not survives(one)), key=lambda one: one.sticky)
        for number, one in enumerate(rest, 1):
            result = self.alone(one)
            noticed = f" ({result.noticed})" if result.noticed else ""
            self.say(f"{number}/{len(rest)} {one.name}: {result.word}{noticed}")
            yield result
        if rest:
            self.control()

    def control(self) -> None:
        """Days on which nothing is missing, until one is right; the first may be slow, as every function starts."""
        self.late = LONGEST
        for left in reversed(range(COLD)):
            noticed = self._day(())
            self.say(f"nothing taken away: {noticed or 'all as it should be'}")
            if noticed is None:
                return
            if not left:
                raise Unsound(f"nothing was taken away, and yet: {noticed}")

    def survivors(self, them: Sequence[Mutant]) -> Iterator[Result]:
        """What nobody misses together, nobody misses alone; else each alone."""
        if not them:
            return
        began = time.monotonic()
        noticed = self._day(tuple(them))
        each = (time.monotonic() - began) / len(them)
        self.say(f"{len(them)} grants with a reason to survive, taken away at once: {noticed or 'nobody noticed'}")
        for one in them:
            yield Result(one, None, survives(one), each) if noticed is None else self.alone(one)

    def alone(self, one: Mutant) -> Result:
        """One mutant's day; and a second one where no refusal says that it was the mutant, and not a slow machine."""
        began = time.monotonic()
        noticed = self._day((one,))
        if noticed and not any(word in noticed for word in REFUSED):
            noticed = self._day((one,))
        return Result(one, noticed, survives(one), time.monotonic() - began)

    def _day(self, gone: tuple[Mutant, ...]) -> str | None:
        """What was noticed; a day that was right tells how long to wait for what comes by itself."""
        self.world.next(gone)
        day = Traffic(self.world, self.late)
        noticed = day.play()
        if noticed is None:
            self.late = max(LATE, SLOWER * day.took)
        return noticed
