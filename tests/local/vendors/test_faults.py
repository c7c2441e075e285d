"""The table of faults and the plans: what can be asked for, how often it strikes, and what is refused in words."""

import re
from pathlib import Path

import pytest

from local.vendors import SIMULATORS
from local.vendors.faults import FAULTS, OPERATIONS, Faults, at

PAGE = Path(__file__).resolve().parents[3] / "docs" / "simulators.md"


def test_the_page_has_the_table() -> None:
    """docs/simulators.md has a row for each fault, in the table's words and order, and no other."""
    rows = [
        f"| `{name}` | {fault.where} | {fault.does} | {'' if fault.seconds is None else f'{fault.seconds:g}'} |"
        for name, fault in FAULTS.items()
    ]
    told = [line for line in PAGE.read_text("utf-8").splitlines() if re.fullmatch(r"\| `[a-z]+` \|.*", line)]
    assert [line for line in told if line.split("`")[1] in FAULTS] == rows


@pytest.mark.parametrize("name", SIMULATORS)
def test_a_simulator_plays_what_the_table_has(name: str) -> None:
    """And has no operation that nobody else knows."""
    assert set(SIMULATORS[name].plays) <= set(FAULTS)
    assert set(SIMULATORS[name].operations) <= set(OPERATIONS)


def test_every_fault_is_played_by_somebody() -> None:
    """One that nobody plays would be a promise without a vendor."""
    assert set().union(*(one.plays for one in SIMULATORS.values())) == set(FAULTS)


@pytest.mark.parametrize("name", sorted(FAULTS.keys() - at("any operation")))
@pytest.mark.parametrize("vendor", ["telnyx", "flowroute"])
def test_what_a_vendor_cannot_play_is_refused_in_words(vendor: str, name: str) -> None:
    """With all that it can; and what it can is taken."""
    faults = Faults(SIMULATORS[vendor].plays, SIMULATORS[vendor].operations)
    if name in SIMULATORS[vendor].plays:
        faults.add(name)
        return
    with pytest.raises(ValueError, match=f"this vendor cannot play '{name}'; possible: unauthorized, .*dead") as wrong:
        faults.add(name)
    assert f" {name}" not in str(wrong.value).partition("possible:")[2]


def test_telnyx_never_calls_and_gives_no_totals_and_flowroute_has_no_sources() -> None:
    """What each leaves out, and no more."""
    left = {name: FAULTS.keys() - set(SIMULATORS[name].plays) for name in ("telnyx", "flowroute")}
    assert left == {"telnyx": {"count", "cents", *at("callback")}, "flowroute": {"both"}}


def test_an_unknown_fault_is_refused() -> None:
    """A misspelt fault would make a test that cannot fail."""
    with pytest.raises(ValueError, match=r"no such fault: 'droped'; possible: unauthorized, .*dropped"):
        Faults().add("droped")


@pytest.mark.parametrize("times", [0, -1, True, 1.0, "2"])
def test_times_is_a_whole_number(times: int) -> None:
    """At least one."""
    with pytest.raises(ValueError, match="times: a whole number, at least 1, not"):
        Faults().add("broken", times)


@pytest.mark.parametrize("seconds", [-1, True, "2", float("nan"), float("inf"), 10**10])
def test_seconds_are_a_number(seconds: float) -> None:
    """None below zero, and none that no date could hold."""
    with pytest.raises(ValueError, match="seconds: a number from 0 to"):
        Faults().add("slow", seconds=seconds)


def test_seconds_belong_to_those_that_take_some() -> None:
    """The others are told which do."""
    with pytest.raises(ValueError, match="seconds: 'broken' takes none; possible with seconds: throttled, "):
        Faults().add("broken", seconds=3)


def test_an_operation_belongs_to_those_that_strike_any() -> None:
    """And must be one that the vendor has."""
    with pytest.raises(ValueError, match="on: 'dropped' strikes where it always does; possible with on: unauthorized"):
        Faults().add("dropped", on="create")
    with pytest.raises(ValueError, match="on: no such operation: 'fetch'; possible: create, list, retrieve, delete"):
        Faults().add("broken", on="fetch")
    with pytest.raises(ValueError, match=r"on: no such operation: 'delete'; possible: create, list, retrieve$"):
        Faults(operations=SIMULATORS["flowroute"].operations).add("broken", on="delete")


def test_what_was_asked_for_first_strikes_first() -> None:
    """Each counted down on its own, with its own seconds; what is pending can be read."""
    faults = Faults()
    faults.add("slow", seconds=5)
    faults.add("slow", 2)
    faults.add("stuck")
    assert faults.sweep({"slow", "stuck", "failed"}) == {"slow": 5, "stuck": 0}
    assert faults.pending == [{"fault": "slow", "times": 2, "on": None, "seconds": 600}]
    assert [faults.take("slow") for _ in range(3)] == [True, True, False]
    assert faults.pending == []


def test_a_plan_for_one_operation_waits_for_it() -> None:
    """Another one passes it by, also where that was asked for later."""
    faults = Faults()
    faults.add("broken", on="list")
    faults.add("forbidden")
    names = ("broken", "forbidden")
    struck = [faults.first(names, operation) for operation in ("create", "create", "list", "list")]
    assert [plan and plan.fault for plan in struck] == ["forbidden", None, "broken", None]


def test_all_can_be_forgotten() -> None:
    """Whatever was planned."""
    faults = Faults()
    faults.add("broken", 9)
    faults.add("dead")
    faults.clear()
    assert not faults.pending
    assert not faults.take("broken")
