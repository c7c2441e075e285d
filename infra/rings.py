"""What rings: for each alarm the figure that it watches, from when on, for how long, and what silence means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from lambdas.core.exports import Export, Exports
from lambdas.core.facts import Facts

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# The words of CloudWatch for periods without data.
STAYS, WELL = "ignore", "notBreaching"
# Without any data the alarm goes to INSUFFICIENT_DATA, and that rings too. It begins in that state, and staying in it
# rings nothing: so nothing rings between the deploy and the first tick. `breaching` would ring at once.
RINGS = "missing"
NEAR = 48  # hours to loss: a day less than the requester's own urgency, so that it has had its try
FLOOD = 100  # callbacks refused in a quarter of an hour


@dataclass(frozen=True)
class Metric:
    """One metric, exactly as it is told: in which namespace, by what name, of what."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str


@dataclass(frozen=True)
class Sum:
    """An expression over several metrics, by the letters that it names them with."""

    expression: str
    metrics: Mapping[str, Metric]


@dataclass(frozen=True, kw_only=True)
class Ring:
    """One alarm: `enough` of the last `periods` over the threshold; `entry` is its heading in the runbook.

    `look` is the command that looks first, as the runbook has it.
    """

    name: str
    entry: str
    means: str
    look: str = "cdr status"
    watches: Metric | Sum
    threshold: float
    compare: str = "GreaterThanOrEqualToThreshold"
    period: timedelta
    periods: int = 1
    enough: int = 1
    missing: str = WELL

    def told(self, stage: str, runbook: str) -> str:
        """What the mail says: enough for a first look by whoever reads it on a phone."""
        return f"{self.means} First look: `{self.look} --stage {stage}`. What to do: {runbook}#{self.entry}"


@dataclass(frozen=True)
class Parts:
    """The names, as CloudFormation gives them, of what is watched."""

    namespace: str
    requester: str
    callback: str  # "" where nobody may call it
    machine: str  # its ARN
    failures: str

    def own(self, name: str, statistic: str, **of: str) -> Metric:
        """A metric that our own log tells."""
        return Metric(self.namespace, name, of, statistic)

    def function(self, of: str, name: str) -> Metric:
        """What Lambda counts of a function."""
        return Metric("AWS/Lambda", name, {"FunctionName": of}, "Sum")

    def executions(self, name: str) -> Metric:
        """What Step Functions counts of the machine."""
        return Metric("AWS/States", name, {"StateMachineArn": self.machine}, "Sum")


def rings(exports: Exports, vendors: Mapping[str, Facts], parts: Parts) -> Iterator[Ring]:
    """Every alarm but that of the cost. Of exports that are paused or retired nothing is expected, so nothing rings."""
    active = [one for one in exports.exports if one.state == "active"]
    for export in active:
        yield from _export(export, vendors[export.vendor], parts)
    yield from _vendor(active, parts)
    yield from _machinery(parts)
    yield _alive(exports, parts)


def late(export: Export, facts: Facts) -> timedelta:
    """How long a window may wait after `settle`: so long that its report was given up once and had another try.

    One report that is never ready heals by itself; two in a row, or a vendor that is down for a morning, do not.
    """
    return 2 * (facts.patience + export.tick) + HOUR


def silence(tick: timedelta) -> tuple[timedelta, int]:
    """The period, and how many of them without data are silence: three ticks, and an hour at least."""
    period = max(tick, 5 * MINUTE)
    return period, max(3, ceil(HOUR / period))


def _export(export: Export, facts: Facts, parts: Parts) -> Iterator[Ring]:
    name, of = export.name, {"export": export.name}
    period, periods = silence(export.tick)
    most = late(export, facts)
    yield Ring(
        name=f"lag-{name}",
        entry="lag",
        means=f"{name}: a window waits for over {most / HOUR:g} h since it could be asked for; or no tick tells.",
        watches=parts.own("Lag", "Maximum", **of),
        threshold=most.total_seconds(),
        period=period,
        periods=periods,
        missing=RINGS,
    )
    yield Ring(
        name=f"aside-{name}",
        entry="aside",
        means=f"{name}: at least one window is quarantined, stuck or lost, and waits for you.",
        watches=parts.own("Aside", "Maximum", **of),
        threshold=1,
        period=period,
        missing=STAYS,  # each tick tells; what it told last holds until the next
    )
    if facts.retention is not None:
        hours = max(HOUR, export.tick)
        yield Ring(
            name=f"loss-{name}",
            entry="loss",
            means=f"{name}: {facts.name} forgets calls within {NEAR} h that are not copied yet.",
            watches=parts.own("HoursToLoss", "Minimum", **of),
            threshold=NEAR,
            compare="LessThanThreshold",
            period=hours,
            periods=(many := ceil(6 * HOUR / hours)),
            enough=many,  # what an export begins with may be as old as this: it is copied first, within hours
            missing=WELL,  # absent while nothing is missing
        )


def _vendor(active: list[Export], parts: Parts) -> Iterator[Ring]:
    """What only the account's owner can mend; and what comes in by the door, where there is one."""
    slowest = max((export.tick for export in active), default=HOUR)
    yield Ring(
        name="refused",
        entry="refused",
        means="A vendor refused our key twice in a row, or a rule of ours what it answers: it goes on when you act.",
        watches=parts.own("Refused", "Sum"),
        threshold=1,  # the first refusal is not counted: it may pass by itself
        period=min(DAY, max(HOUR, 2 * slowest)),  # told at each try, so that it stays while it lasts
    )
    if parts.callback:
        yield from _strangers(parts)


def _strangers(parts: Parts) -> Iterator[Ring]:
    yield Ring(
        name="callbacks-refused",
        entry="callbacks-refused",
        means=f"Over {FLOOD} callbacks in a quarter of an hour had no valid capability, half an hour long.",
        look="cdr tail --since 6h --level WARNING --once",
        watches=parts.own("CallbacksRefused", "Sum"),
        threshold=FLOOD,
        compare="GreaterThanThreshold",
        period=15 * MINUTE,
        periods=2,
        enough=2,
    )
    yield Ring(
        name="callback-errors",
        entry="callback-errors",
        means="The callback fails in three of the last six hours. Reports are polled meanwhile: later, not less.",
        look="cdr tail --since 6h --level ERROR --once",
        watches=parts.function(parts.callback, "Errors"),
        threshold=1,
        period=HOUR,
        periods=6,
        enough=3,
    )


def _machinery(parts: Parts) -> Iterator[Ring]:
    """A poller or a copier that fails is an execution that fails; a requester that fails is a tick in the queue."""
    yield Ring(
        name="failures",
        entry="failures",
        means="A tick failed and lies in the queue of failures: nothing that a vendor does brings it there.",
        look="cdr tail --since 1d --level ERROR --once",
        watches=Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": parts.failures}, "Maximum"),
        threshold=1,
        period=5 * MINUTE,
        missing=STAYS,  # SQS tells nothing of a queue that nobody used for six hours
    )
    for what, word in (("Failed", "failed"), ("Aborted", "were stopped by somebody")):
        yield Ring(
            name=f"executions-{what.lower()}",
            entry="executions",
            look="cdr tail --since 6h --level ERROR --once",
            means=f"Executions {word} in three of the last six hours: each time the next run takes over, in vain.",
            watches=parts.executions(f"Executions{what}"),
            threshold=1,
            period=HOUR,
            periods=6,
            enough=3,
        )
    yield Ring(
        name="executions-timed-out",
        entry="executions",
        means="An execution took a whole day, though each report is given up after hours.",
        look="cdr tail --since 1d --level ERROR --once",
        watches=parts.executions("ExecutionsTimedOut"),
        threshold=1,  # a defect or an outage of AWS: by our own rules it never happens
        period=HOUR,
    )


def _alive(exports: Exports, parts: Parts) -> Ring:
    going = [one for one in exports.exports if one.state != "retired"]
    period, periods = silence(min((one.tick for one in going), default=DAY))
    return Ring(
        name="requester",
        entry="requester",
        means="The requester is not called any more: nothing is planned, asked or watched.",
        look="cdr doctor",
        watches=parts.function(parts.requester, "Invocations"),
        threshold=1,
        compare="LessThanThreshold",
        period=period,
        periods=periods,
        enough=periods,
        missing=RINGS,
    )
