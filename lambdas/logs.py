"""The one logger and the few metrics; facts only, no key, no number, no link."""

import logging
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.core.errors import Problem
from lambdas.core.rows import Row


def quiet() -> None:
    """Silence the libraries that see URLs: at each retry urllib3 warns with path and query, the signed link's too."""
    for loud in ("urllib3", "botocore"):
        logging.getLogger(loud).setLevel(logging.ERROR)


@cache
def log() -> Logger:
    """The logger, made at the first use; service and level come from POWERTOOLS_* of the stack."""
    return Logger(use_rfc3339=True, utc=True)


@cache
def metrics() -> Metrics:
    """The metrics, flushed as they are told; without `service`, so that a figure is one metric whoever tells it."""
    return Metrics(service="")


def trouble(problem: Problem, **facts: Any) -> None:
    """Say that something expected went wrong."""
    log().warning(problem.what, extra={"kind": type(problem).__name__, **problem.facts, **facts})


def moved(old: Row, new: Row) -> None:
    """The history of a window, a line for each move to another state, attempt or run: `cdr show` reads these."""
    if (old.state, old.turn) != (new.state, new.turn):
        why = {"because": new.reason} if new.reason and new.reason != old.reason else {}
        facts = {"export": new.export, "window": new.window.sk, "from": str(old.state), "to": str(new.state)}
        log().info("moved", extra={**facts, "turn": new.turn, **why})


def because(error: Exception) -> str:
    """What failed, for the log: a problem by our words, AWS's error by its code alone."""
    response: dict[str, Any] = getattr(error, "response", {})
    code = response.get("Error", {}).get("Code") or getattr(error, "what", "")
    return f"{type(error).__name__} {code}"


def measure(export: str, **figures: tuple[MetricUnit, float]) -> None:
    """The figures of one export, by name, in one line; each name costs money for every export."""
    metrics().add_dimension("export", export)
    for name, (unit, value) in figures.items():
        metrics().add_metric(name, unit, value)
    metrics().flush_metrics()


def count(name: str, number: int = 1) -> None:
    """So many more of what is counted for the whole stack."""
    metrics().add_metric(name, MetricUnit.Count, number)
    metrics().flush_metrics()


def met(vendor: str, operation: str, seconds: float, **facts: Any) -> None:
    """A request to a vendor and what came of it, by operation; the URL is nobody's business."""
    log().info("vendor", extra={"vendor": vendor, "operation": operation, "ms": round(seconds * 1000), **facts})
