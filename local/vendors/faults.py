"""What a simulated vendor does wrong on demand: the table of faults, and those planned, counted down as they strike."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal

Where = Literal["any operation", "create", "report", "file", "list", "callback"]
OPERATIONS = ("create", "list", "retrieve", "delete")
LONGEST_S = 10**9  # thirty years: times stay within what a datetime holds


@dataclass(frozen=True, slots=True)
class Fault:
    """Where it strikes, what happens then, and how many seconds it takes unless told otherwise."""

    where: Where
    does: str
    seconds: float | None = None


FAULTS: Mapping[str, Fault] = {
    "unauthorized": Fault("any operation", "401, whatever the key."),
    "forbidden": Fault("any operation", "403."),
    "throttled": Fault("any operation", "429 with the vendor's headers, which say to wait so many seconds.", 2),
    "broken": Fault("any operation", "500."),
    "page": Fault("any operation", "200 with an HTML page, as of a proxy; nothing is carried out."),
    "nothing": Fault("any operation", "It is carried out, and answered by 200 with an empty body."),
    "redirect": Fault("any operation", "302 to another place; nothing is carried out."),
    "truncated": Fault("any operation", "It is carried out; the JSON ends in the middle, short of its Content-Length."),
    "dropped": Fault("create", "It is accepted, and the connection closed without an answer."),
    "hidden": Fault("create", "It is accepted and can be retrieved; the list shows it so many seconds later.", 600),
    "slow": Fault("report", "It takes so many seconds more to build.", 600),
    "stuck": Fault("report", "It never becomes ready."),
    "failed": Fault("report", "It ends as failed; a vendor without that word completes it without a file."),
    "expired": Fault("report", "It has expired once it would be ready: its file cannot be had."),
    "empty": Fault("report", "It has no calls: a header line alone, totals of 0."),
    "cut": Fault("report", "Its file ends in the middle, with a Content-Length that agrees: only its content tells."),
    "columns": Fault("report", "Its columns are reversed, a known heading is renamed, an unknown one added."),
    "count": Fault("report", "The total of its rows is wrong by one."),
    "cents": Fault("report", "Its totals of money are rounded to cents."),
    "both": Fault("report", "It also has every fifth call of another source."),
    "dead": Fault("file", "Its link is refused before its time: with 403, or 404 where the file is behind the key."),
    "stale": Fault("file", "Retrieve hands out a link that is past its life already."),
    "moving": Fault("list", "An entry vanishes after the first page: the one at the head of the next is skipped."),
    "silent": Fault("callback", "It never comes."),
    "twice": Fault("callback", "It comes twice."),
    "early": Fault("callback", "It comes at once, before the report is ready."),
    "late": Fault("callback", "It comes so many seconds after the report is ready.", 600),
    "forged": Fault("callback", "Instead of it comes one with another last segment in its path."),
}


def at(*places: Where) -> frozenset[str]:
    """The faults that strike there."""
    return frozenset(name for name, fault in FAULTS.items() if fault.where in places)


# What the frame plays for every vendor by itself; the rest needs a word of the vendor's own.
EVERYWHERE = at("any operation", "create", "file") | {"slow", "stuck", "failed", "empty", "cut", "columns"}
BEGUN = at("report") | {"hidden"}  # strike when a report is begun; `dropped` when its create is answered
CALLED = at("callback")


@dataclass(slots=True)
class Plan:
    """A fault that is still to strike: how often, at which operation alone, with how many seconds."""

    fault: str
    times: int
    on: str | None
    seconds: float | None


class Faults:
    """`faults.add("dropped")` lets the next accepted request go unanswered; what a vendor cannot play is refused."""

    def __init__(self, plays: Collection[str] = FAULTS.keys(), operations: Collection[str] = OPERATIONS) -> None:
        self._plays, self._operations = plays, operations
        self._plans: list[Plan] = []
        self._lock = Lock()

    @property
    def played(self) -> dict[str, Fault]:
        """What can be asked for, in the order of the table."""
        return {name: fault for name, fault in FAULTS.items() if name in self._plays}

    @property
    def pending(self) -> list[dict[str, Any]]:
        """What is still to strike, in the order in which it was asked for."""
        with self._lock:
            return [{name: getattr(plan, name) for name in Plan.__slots__} for plan in self._plans]

    def add(self, name: str, times: int = 1, *, on: str | None = None, seconds: float | None = None) -> None:
        """Plans the fault for the next `times` occasions. Raises ValueError, which says what is possible."""
        fault = self._known(name)
        if type(times) is not int or times < 1:
            raise ValueError(f"times: a whole number, at least 1, not {times!r}")
        self._operation(name, fault, on)
        plan = Plan(name, times, on, _seconds(name, fault, seconds))
        with self._lock:
            self._plans.append(plan)

    def clear(self) -> None:
        """Forgets all that is still to strike."""
        with self._lock:
            self._plans.clear()

    def take(self, name: str, operation: str | None = None) -> bool:
        """Whether it strikes now; if so it is counted down."""
        return self.first((name,), operation) is not None

    def first(self, names: Collection[str], operation: str | None = None) -> Plan | None:
        """Of these the one asked for first that strikes at this operation; it is counted down."""
        with self._lock:
            for plan in self._plans:
                if plan.fault in names and plan.on in (None, operation):
                    plan.times -= 1
                    if not plan.times:
                        self._plans.remove(plan)
                    return plan
        return None

    def sweep(self, names: Iterable[str]) -> dict[str, float]:
        """All of these that strike now, each with its seconds."""
        struck = {name: self.first((name,)) for name in sorted(names)}
        return {name: plan.seconds or 0 for name, plan in struck.items() if plan}

    def _known(self, name: str) -> Fault:
        possible = ", ".join(self.played)
        if name not in FAULTS:
            raise ValueError(f"no such fault: {name!r}; possible: {possible}")
        if name not in self._plays:
            raise ValueError(f"this vendor cannot play {name!r}; possible: {possible}")
        return FAULTS[name]

    def _operation(self, name: str, fault: Fault, on: str | None) -> None:
        if on is None:
            return
        if fault.where != "any operation":
            possible = ", ".join(one for one, other in self.played.items() if other.where == "any operation")
            raise ValueError(f"on: {name!r} strikes where it always does; possible with on: {possible}")
        if on not in self._operations:
            raise ValueError(f"on: no such operation: {on!r}; possible: {', '.join(self._operations)}")


def _seconds(name: str, fault: Fault, seconds: float | None) -> float | None:
    if seconds is None:
        return fault.seconds
    if fault.seconds is None:
        possible = ", ".join(one for one, other in FAULTS.items() if other.seconds is not None)
        raise ValueError(f"seconds: {name!r} takes none; possible with seconds: {possible}")
    if type(seconds) not in (int, float) or not 0 <= seconds <= LONGEST_S:
        raise ValueError(f"seconds: a number from 0 to {LONGEST_S}, not {seconds!r}")
    return seconds
