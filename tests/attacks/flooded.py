"""The callback's handler in a process of its own, flooded: `python -m tests.attacks.flooded COUNT` tells the cost."""

import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import psutil
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas import callback
from lambdas.core import tags
from lambdas.core.rows import Row
from lambdas.core.windows import DAY, Window
from lambdas.signet import Signet
from local.forgers import forged
from tests.test_callback import event
from tests.world import KEY, NOW, Keys

URL = "https://localhost/prod/callbacks"
WARM = 1000  # before these it has not seen everything once


BETWEEN = timedelta(milliseconds=10)  # two callbacks, by the clock that the handler sees


@dataclass
class Clock:
    """Goes on by itself, as far as the flood has come."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


class Untouched:
    """Stands for the ledger and the workflow; counts who reaches for them."""

    def __init__(self) -> None:
        self.reached = 0

    def __getattr__(self, name: str) -> Any:
        self.reached += 1
        raise AssertionError(f"a stranger reached {name}")


def genuine(count: int) -> list[str]:
    """Addresses that a vendor may have been given."""
    made = [
        tags.tag("0a1b2c3d", Row("one", Window(NOW.replace(hour=0) - n * DAY, 86_400, "calls")), {})
        for n in range(count)
    ]
    return [f"{URL}/{tag}/{tags.capability(KEY, tag)}" for tag in made]


def events(seed: int) -> Iterator[dict[str, Any]]:
    """Forged ones without end, as the gateway would pass them on."""
    for one in forged(genuine(20), seed):
        path = one.path.removeprefix("/prod")
        yield event(path, one.method, one.body.decode("latin-1"))


def main(count: int) -> dict[str, Any]:
    """Flood it; what was answered, and what it cost."""
    ledger, workflow, keys, clock = Untouched(), Untouched(), Keys(), Clock()
    signet = Signet(keys, "capability", clock)
    app = callback.app(callback.Ear(ledger, workflow, signet, clock))  # type: ignore[arg-type] # stand-ins
    made, answers, process = events(7), Counter[int](), psutil.Process()
    for one in islice(made, WARM):
        app.resolve(one, LambdaContext())
    gc.collect()
    held, objects, slowest, began = process.memory_info().rss, len(gc.get_objects()), 0.0, time.process_time()
    for one in islice(made, count):
        clock.now += BETWEEN
        since = time.process_time()
        answers[app.resolve(one, LambdaContext())["statusCode"]] += 1
        slowest = max(slowest, time.process_time() - since)
    spent = time.process_time() - began
    del one
    gc.collect()
    return {
        "answers": answers,
        "reached": ledger.reached + workflow.reached,
        "reads": keys.reads,
        "minutes": (clock() - NOW) / timedelta(minutes=1),
        "grown": process.memory_info().rss - held,
        "objects": len(gc.get_objects()) - objects,
        "mean": spent / count,
        "slowest": slowest,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))), file=sys.stderr)  # noqa: T201 # what it is for; stdout is the log's
