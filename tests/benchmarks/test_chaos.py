"""Side by side under the same nights: the script loses and doubles, cdr-exporter does not."""

from collections.abc import Mapping
from io import StringIO

import pytest
from rich.console import Console

from benchmarks.chaos import EVENTS, WHY, Judged, events, run, sums
from benchmarks.plan import EDGE, KILLED, LATE, NIGHTS

Sides = tuple[Mapping[str, Judged], Mapping[str, Judged]]


@pytest.fixture(scope="module")
def sides() -> Sides:
    """The script's and ours, by vendor."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "cdr-exporter")
        return run()


def test_the_script_loses_and_doubles(sides: Sides) -> None:
    """Without a state file what failed is lost; with one, what was begun stays beside what is made later."""
    telnyx, flowroute = sides[0]["telnyx"], sides[0]["flowroute"]
    assert telnyx.lost[KILLED]
    assert telnyx.lost["vendor down for 3 hours"]
    assert telnyx.double[EDGE]
    assert flowroute.double[KILLED]
    assert flowroute.lost[LATE]
    assert telnyx.twice == flowroute.twice == 1


def test_a_calm_night_does_no_harm(sides: Sides) -> None:
    """Whatever differs has one of the causes that the table names."""
    for one in sides[0].values():
        assert {*one.lost, *one.double} <= set(EVENTS)


def test_cdr_exporter_has_every_call_once(sides: Sides) -> None:
    """Though all of it befell it, too, and it asked for no report twice."""
    for one in sides[1].values():
        assert not one.ran.spared
        assert (one.lost.total(), one.double.total(), one.twice) == (0, 0, 0)
        assert len(one.had) == len(one.true) > 1000


def test_both_tables_tell_it(sides: Sides) -> None:
    """What each event did, and the sums beside the truth; each event is explained."""
    out = StringIO()
    console = Console(file=out, width=120)
    console.print(events(*sides))
    console.print(sums(*sides))
    told = out.getvalue()
    assert all(event in told for event in EVENTS)
    assert set(WHY) == set(EVENTS) == {*NIGHTS[1::2], "killed while copying", EDGE, LATE}
    assert told.count("cdr-exporter") == 3
