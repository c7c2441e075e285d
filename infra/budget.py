"""What the stack costs, from its own metrics: a day's use at list prices, as if every day of a month were like it.

Not AWS/Billing, which is the whole account's, in us-east-1 alone and hours late; nor AWS Budgets, which can tell one
stack from another only by tags that the payer's account has activated, and is a day late. This is an estimate of what
can run away: functions, state transitions and callbacks. What is stored, and metrics and alarms, do not.
"""

from collections.abc import Mapping

from cli.charges import dollars
from infra.rings import DAY, Metric, Parts, Ring, Sum
from lambdas.core.polling import END, ROUND

MONTH = 30  # days
COPY = 1  # the transition to the copying, as lambdas/copier.py counts it


def budget(parts: Parts, functions: Mapping[str, tuple[str, int]], most: float) -> Ring:
    """Rings when a day's use times thirty is over `most` dollars; each function by its name and megabytes."""
    return Ring(
        name="budget",
        entry="budget",
        means=f"At the pace of the last day a month costs over {most:g} USD by list prices: an estimate.",
        look="cdr cost",
        watches=_month(parts, functions),
        threshold=most,
        compare="GreaterThanThreshold",
        period=DAY,
    )


def _month(parts: Parts, functions: Mapping[str, tuple[str, int]]) -> Sum:
    """At most ten metrics in an alarm. What a function does beside its time is priced with its calls."""
    metrics, terms = dict[str, Metric](), list[str]()
    for word, (name, megabytes) in functions.items():
        calls, time = f"{word}_calls", f"{word}_ms"
        metrics |= {calls: parts.function(name, "Invocations"), time: parts.function(name, "Duration")}
        terms.append(_times(dollars("lambda") + _beside(word), calls))
        terms.append(_times(dollars("gb_s") * megabytes / 1024 / 1000, time))
    metrics["runs"] = parts.executions("ExecutionsStarted")
    terms.append(_times(dollars("transition") * (END + COPY), "runs"))
    return Sum(f"{MONTH} * SUM([{', '.join(terms)}])", metrics)


def _beside(function: str) -> float:
    """What comes with a call of a function: its schedule, the round of the state machine, the request to the API."""
    with_it = {"requester": dollars("tick"), "poller": dollars("transition", ROUND), "callback": dollars("callback")}
    return with_it.get(function, 0.0)


def _times(price: float, metric: str) -> str:
    # A metric that had no data all day must count as nothing, and not make the whole sum missing.
    return f"{price:.12f} * FILL({metric}, 0)"
