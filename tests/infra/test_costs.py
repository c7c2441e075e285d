"""docs/costs.md tells the prices, counts and alarms of today, and every kind of thing that a deploy makes."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from benchmarks import costs
from cli.charges import CHARGES
from cli.price import TERABYTE
from tests.infra.template import Template

TEXT = costs.PAGE.read_text("utf-8")
# What CDK writes for itself.
SILENT = {"CDK::Metadata"}


def test_the_page_s_tables_are_today_s() -> None:
    """`python -m benchmarks.costs` would change nothing."""
    assert costs.renewed(TEXT) == TEXT
    assert all(table in TEXT for table in costs.tables().values())


def test_each_resource_is_told(made: Template, hidden: Template) -> None:
    """Each type of the template has its place in the table, and none that no deploy makes."""
    told = set(re.findall(r"`([A-Za-z0-9]+::[A-Za-z]+)`", TEXT))
    there = {one["Type"].removeprefix("AWS::") for stack in (made, hidden) for one in stack.resources.values()}
    assert there - SILENT == told


def test_the_alarms_that_are_priced_are_those_of_the_template(made: Template) -> None:
    """Two active exports of a vendor that forgets, and the stage's; each metric that an alarm watches is paid for."""
    watched = sum(map(_metrics, made.of("CloudWatch::Alarm").values()))
    monthly = costs.standing()["its alarms, the budget's among them"] + 2 * costs.kept()["its alarms"]
    assert monthly == pytest.approx(watched * CHARGES["alarm"].dollars)


def _metrics(alarm: Mapping[str, Any]) -> int:
    return sum("MetricStat" in one for one in alarm["Metrics"]) if "Metrics" in alarm else 1


def test_windows_of_a_day_are_the_cheapest() -> None:
    """What the page says in words holds of its figures."""
    day, hour, quarter = (costs.used(one)["altogether"] for one in ("1d", "1h", "15m"))
    assert day < hour < quarter
    assert day < sum(costs.kept().values())
    dear = {name: amount for name, amount in costs.used("15m").items() if name != "altogether"}
    assert sorted(dear, key=dear.__getitem__)[-2:] == ["DynamoDB, reads", "Step Functions"]


def test_every_price_has_a_page_and_is_a_price() -> None:
    """A price of nothing would hide what it is for."""
    assert all(0 < one.dollars <= 25 and one.many in (1, 10**6) for one in CHARGES.values())
    assert all(re.fullmatch(r"[a-z0-9-]+/pricing(/on-demand)?", one.page) for one in CHARGES.values())


def test_a_query_s_price_is_the_list_s() -> None:
    """`cdr query` tells it to the last cent."""
    assert Decimal(str(CHARGES["scan"].dollars)) == TERABYTE


def test_the_readme_says_the_same() -> None:
    """In round figures."""
    export = costs.used("1d")["altogether"] + sum(costs.kept().values())
    told = f"costs some {export:.0f} USD a month, a stack some {sum(costs.standing().values()):.0f} beside it"
    assert told in " ".join((costs.ROOT / "README.md").read_text("utf-8").split())
