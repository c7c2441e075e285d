"""The dashboard: is everything in, and if not, why; one page for a stage, of its metrics and of its log."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.rings import Metric, Parts, Ring, Sum
from infra.settings import Settings

Widget = dict[str, Any]
WIDE, HALF, HIGH = 24, 12, 6
ALARMS = 100  # in one widget, at most
TEXT = """# {name}: is everything in, and if not, why
Red alarm? Its description names the entry of `{runbook}` that has the cure. At a terminal:
`cdr status --stage {stage}` says the same in a second, `cdr show EXPORT WINDOW --stage {stage}` why one window is not
there, `cdr doctor --stage {stage}` what is not set up as it should be."""
# What the log's lines are asked. A tick's line tells the state of its export: the latest one holds.
TITLES = {"Lag": "How long a window waits", "Aside": "Windows put aside", "HoursToLoss": "Hours to loss"}
STATES = ("planned", "asking", "asked", "copying", "quarantined", "stuck", "lost")
OPEN = (
    'filter message = "tick" and ispresent(open)'
    f" | stats latest(open) as missing, {', '.join(f'latest({one}) as {one}_' for one in STATES)} by export"
    " | sort missing desc"
)
WAITS = (
    'filter message = "tick" and ispresent(open)'
    " | stats latest(deadline) as oldest_deadline, latest(overdue) as overdue_s, latest(hours_to_loss) as lost_in_h,"
    " latest(blocked) as vendor_says by export | sort overdue_s desc"
)
# First copies alone: a re-export that found something new would count its whole day again.
ROWS = (
    'filter message = "copied" and revision = 0 | stats sum(rows) as calls, sum(cost) as costs by day, export'
    " | sort day desc | limit 200"
)
VENDORS = (
    'filter message = "vendor" | stats count(*) as requests, count(kind) as errors, pct(ms, 50) as median_ms,'
    " pct(ms, 95) as p95_ms, max(ms) as longest_ms by vendor, operation | sort vendor, operation"
)
ERRORS = (
    'filter message = "vendor" and ispresent(kind)'
    " | stats count(*) as errors by vendor, operation, kind, status | sort errors desc"
)
COPIES = (
    'filter message = "copied" | stats max(peak_mib) as peak_mib_, max(seconds.download) as download_s,'
    " max(rows) as most_rows, count(*) as copies by bin(1h)"
)
ASIDE = (
    'filter message = "moved" and `to` in ["quarantined", "stuck", "lost"]'
    " | display @timestamp, export, window, `to`, because | sort @timestamp desc | limit 30"
)


class Dashboard(Construct):
    """One, for CloudWatch gives three away and charges for each more."""

    def __init__(
        self, scope: Construct, name: str, *, rings: Sequence[Ring], parts: Parts, logs: Mapping[str, str],
        copier: str, settings: Settings,
    ) -> None:  # fmt: skip
        super().__init__(scope, name)
        everywhere, requester, copies = list(logs.values()), [logs["requester"]], [logs["copier"]]
        rows = [
            [_text(settings)],
            *_alarms(rings, settings, Stack.of(self)),
            _figures(rings),
            [_log("Open windows by state", OPEN, requester), _log("What they wait for", WAITS, requester)],
            [_log("Calls and cost by day", ROWS, copies), _log("Put aside: what, when, why", ASIDE, everywhere)],
            [_log("The vendors: how fast", VENDORS, everywhere), _log("The vendors: errors", ERRORS, everywhere)],
            [_executions(parts), _copier(copier, parts)],
            [_log("The copier: memory and time", COPIES, copies), _refusals(parts)],
            [_cost(rings)],
        ]
        body = Stack.of(self).to_json_string({"start": "-P3D", "widgets": _placed(rows)})
        cloudwatch.CfnDashboard(self, "Page", dashboard_name=settings.name, dashboard_body=body)


def _placed(rows: Iterable[Sequence[Widget]]) -> list[Widget]:
    """Row below row, each as high as its highest."""
    found, y = list[Widget](), 0
    for row in rows:
        width = WIDE // len(row)
        found += [{"x": x * width, "y": y, "width": width, **one} for x, one in enumerate(row)]
        y += max(one["height"] for one in row)
    return found


def _text(settings: Settings) -> Widget:
    return _text_of(TEXT.format(name=settings.name, stage=settings.stage, runbook=settings.runbook_url))


def _text_of(words: str) -> Widget:
    return {"type": "text", "height": 3, "properties": {"markdown": words}}


def _alarms(rings: Sequence[Ring], settings: Settings, stack: Stack) -> list[list[Widget]]:
    """The state of every alarm, in as many widgets as it takes."""
    arn = f"arn:{Aws.PARTITION}:cloudwatch:{stack.region}:{stack.account}:alarm:{settings.name}-"
    named = [f"{arn}{one.name}" for one in rings]
    each = [named[at : at + ALARMS] for at in range(0, len(named), ALARMS)]
    return [
        [{"type": "alarm", "height": 2 + len(some) // 6, "properties": {"title": "Alarms", "alarms": some}}]
        for some in each
    ]


def _figures(rings: Sequence[Ring]) -> list[Widget]:
    """What each export tells, as its alarms watch it, with the threshold of the first."""
    found = list[Widget]()
    for name, title in TITLES.items():
        some = [one for one in rings if isinstance(one.watches, Metric) and one.watches.name == name]
        if some:
            found.append(_graph(title, [_line(one.watches) for one in some], some[0].threshold))
    return found or [_text_of("No export is active.")]


def _executions(parts: Parts) -> Widget:
    words = ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")
    return _graph("Executions", [_line(parts.executions(f"Executions{word}")) for word in words], period=3600)


def _copier(copier: str, parts: Parts) -> Widget:
    lines = [_line(parts.function(copier, "Duration"), "Maximum"), _line(parts.function(copier, "Errors"), right=True)]
    return _graph("The copier: longest run (ms), errors", lines, period=3600)


def _refusals(parts: Parts) -> Widget:
    lines = [_line(parts.own("Refused", "Sum")), _line(parts.own("CallbacksRefused", "Sum"), right=True)]
    return _graph("Refused: by the vendors, and callbacks by us", lines, period=3600)


def _cost(rings: Sequence[Ring]) -> Widget:
    """The expression of its alarm, day by day."""
    (ring,) = [one for one in rings if one.name == "budget"]
    assert isinstance(ring.watches, Sum)  # noqa: S101  # for the type checker
    hidden = [
        [*_line(one)[:-1], {"stat": one.statistic, "id": word, "visible": False}]
        for word, one in ring.watches.metrics.items()
    ]
    shown = [{"expression": ring.watches.expression, "label": "USD a month at this day's pace", "id": "month"}]
    return _graph("What it costs: an estimate", [shown, *hidden], ring.threshold, period=86_400)


def _line(one: Metric | Sum, statistic: str = "", *, right: bool = False) -> list[Any]:
    """A metric as a dashboard writes it: namespace, name, its dimensions, and how it is shown."""
    assert isinstance(one, Metric)  # noqa: S101  # for the type checker
    pairs = [word for pair in one.dimensions.items() for word in pair]
    shown = {"stat": statistic or one.statistic, **({"yAxis": "right"} if right else {})}
    label = {"label": one.dimensions["export"]} if "export" in one.dimensions else {}
    return [one.namespace, one.name, *pairs, {**shown, **label}]


def _graph(title: str, lines: list[list[Any]], threshold: float | None = None, *, period: int = 900) -> Widget:
    mark = {"annotations": {"horizontal": [{"label": "alarm", "value": threshold}]}} if threshold is not None else {}
    told = {"title": title, "view": "timeSeries", "region": Aws.REGION, "metrics": lines, "period": period, **mark}
    return {"type": "metric", "height": HIGH, "properties": told}


def _log(title: str, query: str, groups: Sequence[str]) -> Widget:
    sources = " | ".join(f"SOURCE '{one}'" for one in groups)
    told = {"title": title, "view": "table", "region": Aws.REGION, "query": f"{sources} | {query}"}
    return {"type": "log", "height": HIGH, "properties": told}
