"""Alarms as AWS evaluates them, expressions over metrics, and alarms on expressions.

MiniStack takes no alarm with `Metrics`, answers no expression, looks at all dimensions of a name at once, knows no
missing data, no `DatapointsToAlarm`, and looks only when a metric is put. Here an alarm is looked at when somebody asks
for it: its last periods, the current one among them. Nobody can wait for hours of silence: the last value of the metric
`Ahead` says how many seconds later it is for the alarms.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import ast
import operator
import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

AHEAD = ("local/emulator", "Ahead", "")  # as MiniStack keeps a metric without dimensions
Series = dict[int, float]  # the beginning of each period that has data, and its value
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
ARITHMETIC: Mapping[type, Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip

_record = provisioners._cw_metric_alarm_record
_describe = cloudwatch._describe_alarms
_data = cloudwatch._get_metric_data


def apply() -> None:
    provisioners._cw_metric_alarm_record = record
    cloudwatch._evaluate_alarm = later
    cloudwatch._describe_alarms = describe
    cloudwatch._get_metric_data = data


def later(_alarm: Any) -> None:
    """Whenever a metric is put upstream looks; here who asks for the alarm does."""


def record(name: str, props: dict[str, Any]) -> dict[str, Any]:
    """A template's alarm, on an expression too."""
    if not props.get("Metrics"):
        return dict(_record(name, props))
    told: dict[str, Any] = _record(name, {**props, "Metrics": None, "MetricName": "-", "Namespace": "-"})
    left = {key: one for key, one in told.items() if key not in ("MetricName", "Namespace", "Statistic", "Period")}
    return {**left, "Metrics": props["Metrics"]}


def describe(params: Any, told: Any, cbor: bool, json: bool = False) -> Any:
    for alarm in cloudwatch._alarms.values():
        turn(alarm, *judged(alarm, now()))
    return _describe(params, told, cbor, json)


def now() -> float:
    """For the alarms alone."""
    told = (cloudwatch._metrics.get(AHEAD) or [])[-1:]
    return time.time() + (cloudwatch._stat_value(cloudwatch._calc_stats(told), "Maximum", told) if told else 0.0)


def turn(alarm: dict[str, Any], state: str, why: str) -> None:
    """To another state, with what it rings; a state that stays rings nothing."""
    old = alarm["StateValue"]
    if state == old:
        return
    alarm |= {"StateValue": state, "StateReason": why, "StateUpdatedTimestamp": int(time.time())}
    cloudwatch._record_history(alarm["AlarmName"], old, state, why)
    cloudwatch._dispatch_alarm_actions(alarm, old, state, why)


def judged(alarm: Mapping[str, Any], now: float) -> tuple[str, str]:
    """The state by the last periods, and why."""
    queries = alarm.get("Metrics") or [_query(alarm)]
    period, periods = _period(queries), int(alarm["EvaluationPeriods"])
    last = int(now // period) * period
    found = series(queries, last - (periods - 1) * period, now)
    values = [found.get(last - back * period) for back in range(periods)]
    silent, missing = all(value is None for value in values), alarm.get("TreatMissingData") or "missing"
    if silent and missing in ("missing", "ignore"):
        return ("INSUFFICIENT_DATA", "no data") if missing == "missing" else (alarm["StateValue"], "no data")
    bad = COMPARE[alarm["ComparisonOperator"]]
    over = [missing == "breaching" if one is None else bad(one, float(alarm["Threshold"])) for one in values]
    enough = int(alarm.get("DatapointsToAlarm") or periods)
    return "ALARM" if sum(over) >= enough else "OK", f"{sum(over)} of {periods} periods: {values}"


def _query(alarm: Mapping[str, Any]) -> dict[str, Any]:
    metric = {one: alarm[one] for one in ("Namespace", "MetricName", "Dimensions")}
    return {"Id": "m", "MetricStat": {"Metric": metric, "Period": alarm["Period"], "Stat": alarm["Statistic"]}}


def _period(queries: list[dict[str, Any]]) -> int:
    return max(int(one["MetricStat"]["Period"]) for one in queries if one.get("MetricStat"))


def series(queries: list[dict[str, Any]], since: float, until: float) -> Series:
    """Of the one query that returns data."""
    (wanted,) = [one for one in queries if str(one.get("ReturnData", True)).lower() == "true"]
    return values(wanted, queries, since, until)


def values(query: dict[str, Any], queries: list[dict[str, Any]], since: float, until: float) -> Series:
    if not query.get("Expression"):
        return measured(query["MetricStat"], since, until)
    known = {one["Id"]: measured(one["MetricStat"], since, until) for one in queries if one.get("MetricStat")}
    period = _period(queries)
    times = range(int(since // period) * period, int(until) + 1, period)
    tree = ast.parse(query["Expression"], mode="eval").body
    # An expression has a value where one of its metrics has: of nothing at all there is nothing to fill.
    found = {at: evaluated(tree, known, at) for at in times if any(at in one for one in known.values())}
    return {at: value for at, value in found.items() if value is not None}


def measured(stat: Mapping[str, Any], since: float, until: float) -> Series:
    """One metric, of exactly these dimensions."""
    metric, period = stat["Metric"], int(stat["Period"])
    of = cloudwatch._dims_key(cloudwatch._dims_from_list(metric.get("Dimensions") or []))
    points: dict[int, list[Any]] = {}
    for point in cloudwatch._metrics.get((metric["Namespace"], metric["MetricName"], of)) or []:
        if since <= point["Timestamp"] <= until:
            points.setdefault(int(point["Timestamp"] // period) * period, []).append(point)
    return {at: cloudwatch._stat_value(cloudwatch._calc_stats(some), stat["Stat"], some) for at, some in points.items()}


def evaluated(node: Any, known: Mapping[str, Series], at: int) -> float | None:
    """The part of metric math that ours is written in: numbers, metrics, + - * /, FILL(m, n) and SUM([...])."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return known[name].get(at)
        case ast.BinOp(left=left, op=op, right=right):
            one, other = evaluated(left, known, at), evaluated(right, known, at)
            return None if one is None or other is None else ARITHMETIC[type(op)](one, other)
        case ast.Call(func=ast.Name(id="FILL"), args=[metric, number]):
            found = evaluated(metric, known, at)
            return evaluated(number, known, at) if found is None else found
        case ast.Call(func=ast.Name(id="SUM"), args=[ast.List(elts=parts)]):
            return sum(one for one in (evaluated(part, known, at) for part in parts) if one is not None)
    raise ValueError(f"metric math that the local cloud does not know: {ast.unparse(node)}")


def data(params: Any, told: Any, cbor: bool, json: bool = False) -> Any:
    """GetMetricData with expressions; without any it is upstream's."""
    queries = (told or {}).get("MetricDataQueries", [])
    if not any(one.get("Expression") for one in queries):
        return _data(params, told, cbor, json)
    since, until = (cloudwatch._parse_ts(told[one]) for one in ("StartTime", "EndTime"))
    results = []
    for one in queries:
        if one.get("ReturnData", True):
            found = values(one, queries, since, until)
            times = [cloudwatch._ts_iso(at) for at in found]
            answer = {"Id": one["Id"], "Label": one["Id"], "StatusCode": "Complete", "Timestamps": times}
            results.append({**answer, "Values": list(found.values())})
    if cbor:
        return cloudwatch._cbor_ok({"MetricDataResults": [cloudwatch._cbor_metric_data_result(one) for one in results]})
    return cloudwatch._json_ok({"MetricDataResults": results})
