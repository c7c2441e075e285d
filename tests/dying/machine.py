"""The deployed state machine, interpreted: what it does not know raises, so that the machine cannot grow unseen."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from tests.dying.fields import State, Unknown, checked, known

LARGEST = 262_144  # bytes of a state's input or output
TOOK_S = 1  # so long a function takes that is waited for


class Failed(Exception):
    """A function did not answer; `error` is the name that Step Functions gives it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class Outside(Protocol):
    """What an execution needs of the world."""

    @property
    def now(self) -> datetime:
        """The clock."""

    def later(self, seconds: float, do: Callable[[], None], *, awaited: bool = True) -> None:
        """Do it then; what is not awaited does not keep the world from being quiet."""

    def invoke(self, function: str, payload: Any) -> Any:
        """Call a function and wait for its answer. Raises Failed."""

    def send(self, function: str, payload: Any) -> None:
        """Call a function and wait for nothing."""

    def token(self, execution: "Execution") -> str:
        """A new task token."""

    def entered(self, execution: "Execution") -> None:
        """An execution has come to another state."""


class Machine:
    """A definition whose every field is known."""

    def __init__(self, definition: State) -> None:
        known("machine", definition)
        self.first, self.seconds = str(definition["StartAt"]), int(definition["TimeoutSeconds"])
        self.states: Mapping[str, State] = definition["States"]
        for state in self.states.values():
            checked(state)


class Execution:
    """One run of the machine under a simulated clock."""

    def __init__(self, machine: Machine, name: str, given: Any, outside: Outside) -> None:
        self.machine, self.name, self.given, self.outside = machine, name, given, outside
        self.status, self.state, self.data = "RUNNING", "", given
        self.transitions = 0
        self.waiting: str | None = None  # the token of a task that is waited for
        self._tried: dict[int, int] = {}  # of the state's retries, by their place

    def start(self) -> None:
        """Begin, now; a machine that times out catches nothing."""
        self._later(self.machine.seconds, lambda: self.end("TIMED_OUT"), awaited=False)
        self._later(0, lambda: self._enter(self.machine.first))

    def end(self, status: str) -> None:
        """Nothing happens any more."""
        if self.status == "RUNNING":
            self.status, self.waiting = status, None

    def wake(self, token: str) -> bool:
        """Answer the task that waits with this token; false when none does."""
        if self.waiting != token or self.status != "RUNNING":
            return False
        self.waiting = None
        self._later(0, lambda: self._leave({}))
        return True

    def _later(self, seconds: float, do: Callable[[], None], *, awaited: bool = True) -> None:
        self.outside.later(seconds, lambda: do() if self.status == "RUNNING" else None, awaited=awaited)

    def _enter(self, name: str) -> None:
        self.state, self._tried = name, {}
        self._count()
        if self.status != "RUNNING":
            return
        state = self.machine.states[name]
        match state["Type"]:
            case "Choice":
                self._later(0, lambda: self._enter(_chosen(state, self.data)))
            case "Wait":
                self._later(_get(state["SecondsPath"], self.data), lambda: self._enter(state["Next"]))
            case "Task":
                self._attempt(state)
            case "Succeed":
                self.end("SUCCEEDED")
            case "Fail":
                self.end("FAILED")

    def _count(self) -> None:
        self.transitions += 1
        self.outside.entered(self)

    def _attempt(self, state: State) -> None:
        """One try of a task: called and forgotten, called and waited for, or waited for by a token."""
        token = self.outside.token(self) if state["Resource"].endswith(".waitForTaskToken") else None
        told = _filled(state["Parameters"], self.data, token)
        function = str(told["FunctionName"]).rpartition(":")[2]
        if told.get("InvocationType") == "Event":
            self.outside.send(function, told["Payload"])
            self._later(0, lambda: self._leave({"StatusCode": 202}))
            return
        self.waiting = token
        if token:
            self._later(_limit(state, self.data), lambda: self._timed_out(token))
        try:
            answer = _json(self.outside.invoke(function, told["Payload"]))
        except Failed as problem:
            if token is None or self.waiting == token:  # else it was answered before the function died
                self.waiting = None
                error = problem.error
                self._later(TOOK_S, lambda: self._failed(error))
        else:
            if token is None:
                self._later(TOOK_S, lambda: self._leave({"StatusCode": 200, "Payload": answer}))

    def _timed_out(self, token: str) -> None:
        if self.waiting == token:
            self.waiting = None
            self._failed("States.Timeout")

    def _leave(self, result: Any) -> None:
        state = self.machine.states[self.state]
        if state.get("ResultPath", "$") is not None:
            self.data = result
        self.data = _json(_get(state.get("OutputPath", "$"), self.data))
        self._enter(state["Next"])

    def _failed(self, error: str) -> None:
        state = self.machine.states[self.state]
        for place, retry in enumerate(state.get("Retry", ())):
            if _matches(retry["ErrorEquals"], error):
                tried = self._tried.get(place, 0)
                if tried >= retry["MaxAttempts"]:
                    break
                self._tried[place] = tried + 1
                longest = min(retry["IntervalSeconds"] * retry["BackoffRate"] ** tried, retry["MaxDelaySeconds"])
                self._later(longest / 2, lambda: self._again(state))  # full jitter: from nothing to all of it
                return
        for caught in state.get("Catch", ()):
            if _matches(caught["ErrorEquals"], error):
                self._enter(caught["Next"])
                return
        self.end("FAILED")

    def _again(self, state: State) -> None:
        self._count()
        if self.status == "RUNNING":
            self._attempt(state)


def _chosen(state: State, data: Any) -> str:
    for rule in state["Choices"]:
        value = _get(rule["Variable"], data)
        if value == rule.get("BooleanEquals", rule.get("StringEquals")):
            return str(rule["Next"])
    return str(state["Default"])


def _limit(state: State, data: Any) -> float:
    return float(_get(state["TimeoutSecondsPath"], data))


def _filled(value: Any, data: Any, token: str | None) -> Any:
    """Parameters with every `.$` filled in."""
    if not isinstance(value, Mapping):
        return value
    made = {}
    for name, one in value.items():
        if name.endswith(".$"):
            made[name.removesuffix(".$")] = token if one == "$$.Task.Token" else _get(one, data)
        else:
            made[name] = _filled(one, data, token)
    return _json(made)


def _get(path: str, data: Any) -> Any:
    """What a path of plain names leads to."""
    start, *names = path.split(".")
    if start != "$" or not all(name.isidentifier() for name in names):
        raise Unknown(f"the path {path}")
    for name in names:
        data = data[name]
    return data


def _matches(wanted: Iterable[str], error: str) -> bool:
    """States.ALL catches neither of the two that no state may catch."""
    return error in wanted or ("States.ALL" in wanted and error not in ("States.DataLimitExceeded", "States.Runtime"))


def _json(value: Any) -> Any:
    """As it arrives on the other side: as JSON, and not too large."""
    text = json.dumps(value)
    if len(text) > LARGEST:
        raise Unknown("States.DataLimitExceeded")
    return json.loads(text)
