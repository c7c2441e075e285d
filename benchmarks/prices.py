"""What the counts of `benchmarks.scale` come to in dollars, by the list prices of cli/charges.py."""

from collections.abc import Mapping

from cli.charges import dollars

# How long a function runs is not measured here but assumed, in seconds; its memory in GB is infra/functions.py's.
ASSUMED = {"requester": (1.0, 0.25), "poller": (0.5, 0.25), "copier": (3.0, 1.0), "callback": (0.1, 0.25)}
ALTOGETHER = "altogether"


def runs(function: str, invocations: float) -> float:
    """The price of so many invocations."""
    seconds, memory = ASSUMED[function]
    return invocations * (dollars("lambda") + dollars("gb_s", seconds * memory))


def bill(counts: Mapping[str, float]) -> dict[str, float]:
    """What they cost; what an export costs whatever it does (a secret, metrics, alarms) is not in it."""
    ran = {name: counts[f"runs of the {name}"] for name in ASSUMED}
    looked = ran["requester"] + ran["poller"] + ran["copier"]
    found = {
        "DynamoDB, reads": dollars("read", counts["read units"]),
        "DynamoDB, writes": dollars("write", counts["write units"]),
        "Lambda, with assumed durations": sum(runs(name, number) for name, number in ran.items()),
        "Step Functions": dollars("transition", counts["state transitions"]),
        "S3, requests": dollars("put", counts["S3: PUT"]) + dollars("get", counts["S3: HEAD"]),
        "Scheduler, Secrets Manager's calls, callbacks": dollars("tick", counts["ticks of the schedule"])
        + dollars("lookup", looked) + dollars("callback", ran["callback"]),
    }  # fmt: skip
    return {**found, ALTOGETHER: sum(found.values())}
