"""What a handler sees of the simulated world: its rooms, and the stand-in for the client of Step Functions."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas import callback, copier, poller, requester
from lambdas.aws.lake import Lake
from lambdas.aws.ledger import Ledger
from lambdas.aws.vault import Vault
from lambdas.aws.workflow import Workflow
from lambdas.rooms import Rooms
from lambdas.settings import Settings
from tests.dying.effects import Recorder, Tapped
from tests.dying.machine import Execution

if TYPE_CHECKING:
    from tests.dying.simulation import Simulation

ENV = {"CDR_STACK": "0a1b2c3d", "CDR_TABLE": "ledger", "CDR_BUCKET": "lake", "CDR_CAPABILITY_SECRET": "capability"}


class Inside(Rooms):
    """The rooms of one container of a function."""

    def __init__(self, sim: "Simulation", env: Mapping[str, str]) -> None:
        super().__init__(Settings({**ENV, **env}))
        self._sim, of = sim, sim.stage.clients
        self.__dict__ |= {
            "exports": sim.exports,
            "ledger": sim.parts.ledger(of["dynamodb"], "ledger"),
            "lake": sim.parts.lake(of["s3"], "lake"),
            "vault": Vault(of["secretsmanager"]),
            "workflow": Workflow(sim.states, "arn:aws:states:us-east-1:123456789012:stateMachine:m"),  # type: ignore[arg-type] # a stand-in
            "web": Tapped(sim.recorder, sim.stage.origins),
        }

    def now(self) -> datetime:
        """The simulated clock."""
        return self._sim.now

    def chance(self) -> float:
        """No chance at all: every run is the same."""
        return 0.5


@dataclass(frozen=True)
class Parts:
    """What the simulation is made of; a mutant replaces one of them."""

    rooms: type[Inside] = Inside
    ledger: type[Ledger] = Ledger
    lake: type[Lake] = Lake
    tick: Callable[[str, Rooms], Any] = requester.tick
    look: Callable[[dict[str, Any], Rooms], Any] = poller.look
    listen: Callable[[dict[str, Any], str, Rooms], Any] = poller.listen
    copy: Callable[[dict[str, Any], Rooms], Any] = copier.copy
    ear: type[callback.Ear] = callback.Ear


class States:
    """Stands for the client of Step Functions, with its own errors."""

    def __init__(self, sim: "Simulation") -> None:
        self._sim = sim

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: N803 # boto3's own names
        """Of a name that was used before, only the same running execution is answered."""
        with self._seen("StartExecution"):
            assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name), name
            there = self._sim.executions.get(name)
            if there is None:
                made = Execution(self._sim.stage.machine, name, json.loads(input), self._sim)
                self._sim.executions[name] = made
                made.start()
            elif there.status != "RUNNING" or there.given != json.loads(input):
                raise _error("ExecutionAlreadyExists", "StartExecution")
        return {"executionArn": f"{stateMachineArn}:{name}"}

    def send_task_success(self, *, taskToken: str, output: str) -> dict[str, str]:  # noqa: N803 # boto3's own names
        """A late wake is told why it is none."""
        with self._seen("SendTaskSuccess"):
            json.loads(output)
            waiting = self._sim.tokens.get(taskToken)
            if waiting is None:
                raise _error("InvalidToken", "SendTaskSuccess")
            if waiting.status != "RUNNING":
                raise _error("TaskDoesNotExist", "SendTaskSuccess")
            if not waiting.wake(taskToken):
                raise _error("TaskTimedOut", "SendTaskSuccess")
        return {}

    def _seen(self, name: str) -> "_Seen":
        return _Seen(self._sim.recorder, f"stepfunctions.{name}")


@dataclass
class _Seen:
    """Before and after a call, also one that is answered by an error."""

    recorder: Recorder
    name: str

    def __enter__(self) -> None:
        self.recorder.before(self.name)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, ClientError):
            self.recorder.after(self.name)


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
