"""The alarms: what each watches, when it rings, what silence means, and where its cure stands."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from cli.charges import dollars
from cli.commands import main as cdr
from infra.budget import budget
from infra.rings import DAY, HOUR, MINUTE, NEAR, Metric, Parts, Ring, Sum, late, rings, silence
from lambdas.core.exports import Exports, parse
from lambdas.vendors import FACTS
from tests.infra.conftest import EXPORTS, ROOT
from tests.infra.conftest import RUNBOOK as LINKED
from tests.infra.template import Resource, Template, text
from tests.pages import known

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
PARTS = Parts("cdr-exporter/dev", "requester", "callback", "machine", "failures")
ALL = parse(EXPORTS, "dev", FACTS)
SIZES = {"requester": 256, "poller": 256, "callback": 256, "copier": 1024}
USE = {name: (name, size) for name, size in SIZES.items()}
STACK = {
    *("refused", "callbacks-refused", "callback-errors", "failures", "requester", "budget"),
    *("executions-failed", "executions-aborted", "executions-timed-out"),
}
ACTIVE = {f"{what}-{name}" for what in ("lag", "aside", "loss") for name in ("telnyx-main", "telnyx-other")}
LOUD = {"requester", "lag-telnyx-main", "lag-telnyx-other"}  # silence rings them


def every(exports: Exports = ALL, parts: Parts = PARTS) -> dict[str, Ring]:
    return {one.name: one for one in (*rings(exports, FACTS, parts), budget(parts, USE, 25))}


def alarm(made: Template, name: str) -> Resource:
    (found,) = [one for one in made.of("CloudWatch::Alarm").values() if one["AlarmName"] == f"cdr-dev-{name}"]
    return found


def test_what_is_defined_is_deployed(made: Template, local: Template) -> None:
    """Of exports that are active; without a door none that watches it; no alarm is there twice."""
    found = [one["AlarmName"].removeprefix("cdr-dev-") for one in made.of("CloudWatch::Alarm").values()]
    assert sorted(found) == sorted(STACK | ACTIVE) == sorted(every())
    other = {one["AlarmName"].removeprefix("cdr-try-1-") for one in local.of("CloudWatch::Alarm").values()}
    assert other == (STACK | ACTIVE) - {"callbacks-refused", "callback-errors"}


@pytest.mark.parametrize("name", sorted(STACK | ACTIVE))
def test_an_alarm_is_deployed_as_it_is_defined(made: Template, name: str) -> None:
    """Metric, threshold, periods, silence, and its entry in the runbook."""
    one, ring = alarm(made, name), every()[name]
    assert (one["Threshold"], one["ComparisonOperator"]) == (ring.threshold, ring.compare)
    assert (one["EvaluationPeriods"], one["DatapointsToAlarm"]) == (ring.periods, ring.enough)
    assert one["TreatMissingData"] == ring.missing
    assert one["AlarmDescription"].endswith(f" What to do: docs/runbook.md#{ring.entry}")
    assert len(one["AlarmDescription"]) <= 1024
    if isinstance(ring.watches, Metric):
        told = (one["Namespace"], one["MetricName"], one["Statistic"], one["Period"])
        assert told == (ring.watches.namespace, ring.watches.name, ring.watches.statistic, ring.period.total_seconds())
        assert {row["Name"] for row in one.get("Dimensions", [])} == set(ring.watches.dimensions)


@pytest.mark.parametrize("name", sorted(STACK | ACTIVE))
def test_an_alarm_rings_the_topic_and_nothing_else(made: Template, name: str) -> None:
    """Silence rings where it must: by an action on having no data, for a new alarm begins in that state."""
    one = alarm(made, name)
    topic = [{"Ref": next(iter(made.of("SNS::Topic")))}]
    assert one["AlarmActions"] == topic and not one.get("OKActions")  # a new alarm goes to OK, and is no news
    assert one.get("InsufficientDataActions") == (topic if name in LOUD else None)
    assert (one["TreatMissingData"] == "missing") is (name in LOUD)
    assert one["TreatMissingData"] != "breaching"  # it would ring between the deploy and the first tick


@pytest.mark.parametrize("minutes", [1, 5, 15, 60, 360, 1440])
def test_silence_is_three_ticks_and_an_hour_at_least(minutes: int) -> None:
    """In periods that CloudWatch takes: multiples of a minute, a day in all, or a week in periods of hours."""
    tick = timedelta(minutes=minutes)
    period, periods = silence(tick)
    assert period % MINUTE == timedelta(0)
    assert period >= tick
    assert period * periods >= max(3 * tick, HOUR)
    assert period * periods <= (DAY if period < HOUR else 7 * DAY)


def test_no_alarm_looks_further_back_than_cloudwatch_does() -> None:
    """Whatever the schedule."""
    for schedule in ("rate(1 minute)", "rate(5 hours)", "rate(1440 minutes)"):
        slow = Exports(tuple(replace(one, schedule=schedule, tick=_tick(schedule)) for one in ALL.exports))
        for ring in every(slow).values():
            assert ring.period % MINUTE == timedelta(0)
            assert ring.period <= DAY
            assert ring.period * ring.periods <= (DAY if ring.period < HOUR else 7 * DAY), ring
            assert 1 <= ring.enough <= ring.periods


def _told(function: Resource) -> str:
    return str(function["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"])


def _tick(schedule: str) -> timedelta:
    number, unit = re.findall(r"\((\d+) (\w+?)s?\)", schedule)[0]
    return int(number) * {"minute": MINUTE, "hour": HOUR}[unit]


def test_a_report_that_is_given_up_once_is_not_late() -> None:
    """It is asked anew after the vendor's patience; another time would be too long."""
    export = ALL.get("telnyx-main")
    patience = FACTS[export.vendor].patience
    assert patience + export.tick < late(export, FACTS[export.vendor]) < 3 * patience
    assert late(replace(export, tick=DAY), FACTS[export.vendor]) > 2 * DAY


def test_what_the_vendor_keeps_for_ever_is_not_watched_for_loss() -> None:
    """Nor is there a metric of it to pay."""
    exports = Exports((replace(ALL.get("flowroute-main"), state="active"),))
    assert {"lag-flowroute-main", "aside-flowroute-main"} <= set(every(exports))
    assert "loss-flowroute-main" not in every(exports)


def test_a_stack_of_exports_that_rest_watches_only_itself() -> None:
    """And its requester's silence by the slowest tick there is."""
    resting = Exports(tuple(replace(one, state="retired") for one in ALL.exports))
    assert set(every(resting)) == STACK
    assert every(resting)["requester"].period == DAY


def test_loss_rings_before_it_is_too_late() -> None:
    """A day and a half are left to act, when it has been tried first for a day and some hours."""
    ring = every()["loss-telnyx-main"]
    assert ring.compare == "LessThanThreshold"
    assert NEAR - ring.period * ring.periods / HOUR >= 36


def test_no_two_stages_share_a_metric(made: Template, local: Template) -> None:
    """The namespace has the stage, in what the functions are told and in what the alarms watch."""
    for one, name in ((made, "cdr-exporter/dev"), (local, "cdr-exporter/try-1")):
        told = {
            row["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
            for row in one.of("Lambda::Function").values()
        }
        watched = {row.get("Namespace", "AWS/") for row in one.of("CloudWatch::Alarm").values()}
        assert told == {name} == {space for space in watched if not space.startswith("AWS/")}


def test_every_alarm_has_its_entry_in_the_runbook_and_every_entry_its_alarm() -> None:
    """Each with what it means, a first look, a cure."""
    found = re.findall(r"^## ([a-z-]+)\n(.*?)(?=^## )", RUNBOOK, re.MULTILINE | re.DOTALL)
    entries = dict(found)
    assert set(entries) == {ring.entry for ring in every().values()}
    for title, body in entries.items():
        assert re.findall(r"^\*\*(.+?)\*\*", body, re.MULTILINE) == ["Means", "First look", "Cure"], title


def test_the_mail_has_a_first_look_that_is_the_runbook_s_and_a_command() -> None:
    """Whoever reads it has a telephone and no clone: with the stage, and quoted in the entry."""
    entries = dict(re.findall(r"^## ([a-z-]+)\n(.*?)(?=^## )", RUNBOOK, re.MULTILINE | re.DOTALL))
    for ring in every().values():
        (look,) = re.findall("First look: `(cdr .+?)`", ring.told("prod", "docs/runbook.md"))
        known(cdr, look.split()[1:])
        assert look.endswith(" --stage prod")
        first = entries[ring.entry].partition("**First look**")[2].partition("**Cure**")[0]
        assert f"`{ring.look}`" in first or (ring.name, "`1d`" in first) == ("executions-timed-out", True), ring.name


def test_the_mail_links_the_runbook_where_the_setting_says_it_is(hidden: Template) -> None:
    """A relative path is no link."""
    told = [one["AlarmDescription"] for one in hidden.of("CloudWatch::Alarm").values()]
    assert all(f"What to do: {LINKED}#" in one for one in told)
    assert LINKED in text(hidden.one("CloudWatch::Dashboard")["DashboardBody"])


def test_the_thresholds_in_the_runbook_are_those_of_the_alarms() -> None:
    """The figures that its sentences quote."""
    found, export = every(), ALL.get("telnyx-main")
    assert f"{late(export, FACTS[export.vendor]) / HOUR:g} h at the default schedule" in RUNBOOK
    assert f"forgets within {NEAR} h" in RUNBOOK and found["loss-telnyx-main"].periods == 6
    assert f"over {found['callbacks-refused'].threshold:g} callbacks in a quarter of an hour" in RUNBOOK


def test_the_price_of_watching_is_the_runbook_s() -> None:
    """Metrics of our own and metrics watched, at list prices; at most three metrics for an export."""
    found = every()
    watched = [one for ring in found.values() for one in _watched(ring) if one.namespace == PARTS.namespace]
    own = {(one.name, *one.dimensions.values()) for one in watched}
    each = {name for name, *of in own if of == ["telnyx-main"]}
    assert each == {"Lag", "Aside", "HoursToLoss"}
    export = 3 * dollars("metric") + 3 * dollars("alarm")
    stack = sum(len(_watched(found[name])) for name in STACK) * dollars("alarm") + 2 * dollars("metric")
    told = f"the\nstack costs {stack:.2f} USD, each export {export:.2f} USD more ({export * 2 / 3:.2f} USD where"
    assert told in RUNBOOK


def _watched(ring: Ring) -> list[Metric]:
    return [ring.watches] if isinstance(ring.watches, Metric) else list(ring.watches.metrics.values())


def test_the_budget_is_of_what_the_stack_does(made: Template) -> None:
    """Each function's calls and time, and the executions: ten metrics are the most that an alarm takes."""
    one, ring = alarm(made, "budget"), every()["budget"]
    assert isinstance(ring.watches, Sum)
    figure, *rest = one["Metrics"]
    assert figure["ReturnData"] is True and not any(row["ReturnData"] for row in rest)
    assert len(rest) == 9 <= 10
    assert {row["MetricStat"]["Period"] for row in rest} == {86_400}
    assert {row["Id"] for row in rest} == set(re.findall(r"FILL\((\w+), 0\)", figure["Expression"]))
    functions = {text(row["MetricStat"]["Metric"]["Dimensions"][0]["Value"]) for row in rest}
    assert functions >= {f"<{name}>" for name in made.of("Lambda::Function")}


def test_the_budget_is_a_month_of_the_day(hidden: Template) -> None:
    """As reckoned by hand: a thousand ticks of a second, at list prices, thirty times; and the setting's threshold."""
    ring = every()["budget"]
    assert isinstance(ring.watches, Sum)
    day = dict.fromkeys(ring.watches.metrics, 0.0) | {"requester_calls": 1000.0, "requester_ms": 1_000_000.0}
    script = re.sub(r"FILL\((\w+), 0\)", r"day['\1']", ring.watches.expression).replace("SUM", "sum")
    cost = eval(script, {"day": day})  # noqa: S307  # our own expression
    by_hand = 1000 * (dollars("lambda") + dollars("tick")) + 250 * dollars("gb_s")
    assert cost == pytest.approx(30 * by_hand, rel=1e-3)
    assert alarm(hidden, "budget")["Threshold"] == 7.5


def test_a_mail_goes_where_the_setting_says(made: Template, hidden: Template) -> None:
    """And nowhere without it."""
    assert not made.of("SNS::Subscription")
    assert hidden.one("SNS::Subscription")["Endpoint"] == "you@example.com"
    assert text(hidden.body["Outputs"]["Alarms"]["Value"]).startswith("<WatchTopic")


def test_exports_that_sound_alike_have_alarms_of_their_own() -> None:
    """`a-1` and `a1` are two exports: the name as it stands is the alarm's name, and its place in the stack."""
    text = "".join(f'[[export]]\nname = "{name}"\nvendor = "telnyx"\nstart = 2026-10-01\n' for name in ("a-1", "a1"))
    names = [ring.name for ring in rings(parse(text, "dev", FACTS), FACTS, Parts("n", "r", "c", "m", "f"))]
    assert len(set(names)) == len(names) and {"lag-a-1", "lag-a1"} <= set(names)
