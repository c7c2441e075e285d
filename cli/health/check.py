"""A check: what was looked at, whether it is as it should be, and what to do if not."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.stack import Stack
from cli.tables import clean
from cli.wrong import DENIED, Wrong, advice
from lambdas.core.veil import veil


class Level(StrEnum):
    """How it is, worst first."""

    FAIL = "FAIL"
    WARN = "warn"
    OK = "ok"


@dataclass(frozen=True)
class Check:
    """One line of the doctor."""

    what: str
    level: Level
    said: str
    do: str = ""

    def plain(self) -> dict[str, Any]:
        """For a program."""
        return {"what": self.what, "level": str(self.level), "said": clean(self.said), "do": clean(self.do) or None}


def ok(what: str, said: str) -> Check:
    """As it should be."""
    return Check(what, Level.OK, said)


def warn(what: str, said: str, do: str) -> Check:
    """Worth a look, or not to be told."""
    return Check(what, Level.WARN, said, do)


def fail(what: str, said: str, do: str) -> Check:
    """Something does not work, or will not."""
    return Check(what, Level.FAIL, said, do)


def again(stack: Stack) -> str:
    """What deploys this stack as it is: with the stage's settings, for without one of them it would be undone."""
    told = stack.outputs.get("Deploy")
    return told or f"npx cdk deploy -c stage={stack.place.stage} and the settings it was deployed with"


Look = Callable[[], Iterable[Check]]


def looked(what: str, look: Look) -> Iterator[Check]:
    """The checks of one look; where it may not look, or AWS does not answer, that is its only line."""
    found = list[Check]()
    try:
        for one in look():
            found.append(one)  # what was found before something went wrong is told as well
    except (BotoCoreError, ClientError) as error:
        found.append(untold(what, error))
    except Wrong as error:
        found.append(fail(what, error.message, ""))
    except Exception as error:  # noqa: BLE001 # a mistake of one check must not hide the others
        said = f"it could not be told ({type(error).__name__}: {veil(str(error))})"
        found.append(fail(what, said, "is this cdr as new as the stack? Else please report it"))
    return iter(found)


def denied(error: Exception) -> bool:
    """Whether the operator's credentials lack a right."""
    return isinstance(error, ClientError) and error.response["Error"].get("Code") in DENIED


def untold(what: str, error: Exception) -> Check:
    """What AWS does not tell us: no right is a warning, for the stack may be well all the same."""
    if denied(error):
        return warn(what, f"it cannot be told: {advice(error)}", "docs/cdr.md lists the rights")
    return fail(what, advice(error), "")
