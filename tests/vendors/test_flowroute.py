"""Flowroute's own words: JSON:API wrapped twice, links that are never followed, a tag in the callback's path."""

import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lambdas.core.errors import Unclear
from lambdas.core.progress import State
from lambdas.vendors.flowroute import FILTERS, LIMIT, MEDIA
from lambdas.vendors.paging import PAGES
from tests.core.making import mistakes, table
from tests.vendors.door import Door
from tests.vendors.making import WINDOW, flowroute, wrapped

SINCE = datetime(2026, 11, 23, 9, tzinfo=UTC)
SPAN = {"start_call_start_time": "2026-11-20 00:00:00", "start_call_end_time": "2026-11-21 00:00:00"}
TAG = "cdr1.0a1b2c3d.main.20261120T000000Z.86400.calls.r0.a1.0a1b2c3d"
URL = f"https://example.com/callbacks/{TAG}/word"


def item(**attributes: Any) -> dict[str, Any]:
    """An item of the list: wrapped once more, its link on an inside host."""
    one = wrapped("processing", **attributes)
    return {**one, "links": {"self": "http://cdr-api/v2/cdrs/exports/38647"}}


def test_a_window_is_half_open_on_the_start_with_the_filters_that_were_set(door: Door) -> None:
    """And no others."""
    assert flowroute(door).fields(WINDOW) == SPAN
    narrowed = flowroute(door, 'direction = "inbound"\nexclude_cancelled = true\ncost_greater_than = 0.01')
    assert narrowed.fields(WINDOW) == {
        **SPAN, "direction": "inbound", "exclude_cancelled": True, "cost_greater_than": 0.01,
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    ['start_call_start_time = "x"', 'callback_url = "x"', 'direction = "both"', "duration_less_than = -1",
     "duration_less_than = true", 'tollfree_only = "yes"', "number_aliases = []", 'caller_ip = ""',
     "callerid_numbers = [12065550123]", 'number_alias = ["x"]', 'caller_ip = "1.2.3"',
     'destination_numbers = ["+1 (206)"]', 'destination_prefix = ["+"]', "cost_greater_than = nan",
     "cost_less_than = inf", 'destination_countries_included = ["1"]', 'number_aliases_contains = "x"',
     "exclude_cancelled = 1", 'duration_greater_than = "10"'],
)  # fmt: skip
def test_a_mistake_in_the_options_is_told(line: str) -> None:
    """Ours to set, of another shape, or not a filter that is known."""
    field = line.partition(" ")[0]
    text = table(vendor='"flowroute"')
    (told,) = mistakes(f"{text}\n[export.options]\n{line}")
    assert f": options.{field}: " in told


EVERY = """
number_aliases = ["Office 221"]
destination_numbers = ["+12065550100"]
callerid_numbers = ["12065550101", "+12065550101"]
custom_x_tag = ["campaign-1"]
caller_ip = "203.0.113.7"
duration_greater_than = 5
duration_less_than = 3600.5
cost_greater_than = 0.01
cost_less_than = 10
destination_countries_included = ["UNITED STATES", "CA"]
tollfree_only = true
direction = "outbound"
exclude_cancelled = true
destination_prefix = ["1206"]
callerid_prefix = ["+1"]
number_aliases_contains = ["Office"]
"""


def test_every_filter_is_sent_as_it_was_written(door: Door) -> None:
    """Under the document's own names; each one narrows."""
    vendor = flowroute(door, EVERY)
    given = tomllib.loads(EVERY)
    assert vendor.fields(WINDOW) == {**SPAN, **given}
    assert set(vendor.facts.narrows(vendor.fields(WINDOW))) == set(given)
    rest = {"custom_x_tags": ["a"], "destination_countries_excluded": ["UNITED STATES"]}
    assert set(given) | set(rest) == set(FILTERS)
    assert vendor.facts.check(rest, "v1") == []


def test_a_filter_that_is_switched_off_narrows_nothing(door: Door) -> None:
    """Nor does the window itself."""
    vendor = flowroute(door, "tollfree_only = false\nexclude_cancelled = false")
    assert vendor.facts.narrows(vendor.fields(WINDOW)) == ()


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ("duration_greater_than = 60\nduration_less_than = 60", "duration_less_than"),
        ("cost_greater_than = 2\ncost_less_than = 1.5", "cost_less_than"),
        ('custom_x_tag = ["a"]\ncustom_x_tags = ["a"]', "custom_x_tags"),
        (
            'destination_countries_included = ["CANADA"]\ndestination_countries_excluded = ["CANADA"]',
            "destination_countries_excluded",
        ),
    ],
)
def test_filters_that_contradict_each_other_are_told(lines: str, field: str) -> None:
    """An export that can hold nothing is a slip."""
    text = table(vendor='"flowroute"')
    (told,) = mistakes(f"{text}\n[export.options]\n{lines}")
    assert f": options.{field}: " in told


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("given", ["38647", 38647])
def test_an_export_is_created(door: Door, status: int, given: Any) -> None:
    """Any 2xx is a yes; the id is kept as text, whatever it comes as."""
    door.says({"data": {"id": given}}, status=status)
    assert flowroute(door).ask(SPAN, TAG, URL) == "38647"
    (heard,) = door.heard
    assert (heard.method, heard.path) == ("POST", "/cdrs/exports")
    assert heard.headers["Content-Type"] == heard.headers["Accept"] == MEDIA
    assert heard.headers["Authorization"].startswith("Basic ")
    attributes = {"filter_parameters": SPAN, "callback_url": URL}
    assert heard.body == {"data": {"type": "cdrexport", "attributes": attributes}}


def test_without_a_door_of_ours_no_callback_is_asked_for(door: Door) -> None:
    """The field is left out."""
    door.says({"data": {"id": 1}})
    flowroute(door).ask(SPAN, TAG, None)
    assert "callback_url" not in door.heard[0].body["data"]["attributes"]


def test_a_completed_export_has_its_file_and_its_totals(door: Door) -> None:
    """The file's link takes no key."""
    door.says(wrapped(download_url="https://host/a.gz?sig", num_calls=12, total_cost="1.23456789",
                      expires_at="2026-11-26T09:00:00+03:00"))  # fmt: skip
    progress = flowroute(door).look("38647")
    assert progress.state is State.READY
    assert [(file.url, dict(file.headers)) for file in progress.files] == [("https://host/a.gz?sig", {})]
    assert (progress.totals.rows, progress.totals.cost) == (12, Decimal("1.23456789"))
    assert progress.expires_at == datetime(2026, 11, 26, 6, tzinfo=UTC)
    assert "sig" not in repr(progress)


@pytest.mark.parametrize("expires", [None, "soon", 7, "2026-11-26T09:00:00"])
def test_an_odd_time_spoils_nothing(door: Door, expires: Any) -> None:
    """The export is ready all the same; without a zone it is UTC."""
    door.says(wrapped(download_url="https://host/a", expires_at=expires))
    progress = flowroute(door).look("1")
    assert progress.state is State.READY
    assert progress.expires_at in (None, datetime(2026, 11, 26, 9, tzinfo=UTC))
    assert progress.totals.rows is None and progress.totals.cost is None


@pytest.mark.parametrize(("status", "state"), [("processing", State.PENDING), ("failed", State.FAILED)])
def test_an_export_that_is_not_completed_has_no_file(door: Door, status: str, state: State) -> None:
    """Nor totals."""
    door.says(wrapped(status, download_url=None, num_calls=None))
    progress = flowroute(door).look("1")
    assert (progress.state, progress.files) == (state, ())


@pytest.mark.parametrize("status", ["expired", "Completed", "", None, 2])
def test_any_other_status_is_unclear(door: Door, status: Any) -> None:
    """Never a guess."""
    door.says(wrapped(status))
    with pytest.raises(Unclear, match="flowroute: retrieve: unknown status"):
        flowroute(door).look("1")


@pytest.mark.parametrize(
    "attributes",
    [{"download_url": None}, {"download_url": ""}, {"download_url": "https://host/a", "num_calls": "many"},
     {"download_url": "https://host/a", "total_cost": "free"}],
)  # fmt: skip
def test_a_completed_export_that_makes_no_sense_is_unclear(door: Door, attributes: dict[str, Any]) -> None:
    """Without a link, or with totals that are no numbers."""
    door.says(wrapped(**attributes))
    with pytest.raises(Unclear, match="flowroute: retrieve: "):
        flowroute(door).look("1")


@pytest.mark.parametrize("body", [[], {}, {"data": []}, {"data": {"attributes": {}}}])
def test_an_answer_without_an_id_is_unclear(door: Door, body: Any) -> None:
    """Of a create as of a look."""
    door.says(body)
    for call in (lambda: flowroute(door).ask(SPAN, TAG, None), lambda: flowroute(door).look("1")):
        with pytest.raises(Unclear, match=r"flowroute: (create|retrieve): "):
            call()


def test_an_export_is_found_by_the_tag_in_its_callback_s_path(door: Door) -> None:
    """As a whole segment of it, in either wrapping; the query is no part of the path."""
    near = [item(callback_url=URL.replace(TAG, TAG + "0")), item(callback_url=f"https://example.com/?{TAG}")]
    door.says({"data": [*near, item(callback_url=URL)]})
    assert flowroute(door).find(SPAN, TAG, SINCE).report_id == "38647"
    door.answers.clear()
    door.says({"data": near})
    assert flowroute(door).find(SPAN, TAG, SINCE).report_id is None
    door.answers.clear()
    door.says({"data": [item(callback_url=URL)["data"]]})
    assert flowroute(door).find(SPAN, TAG, SINCE).report_id == "38647"


def test_pages_are_turned_by_number_and_links_are_never_followed(door: Door) -> None:
    """They point at a host that nobody outside can reach."""
    full = {"data": [item()] * LIMIT, "links": {"next": f"{door.url}/inside"}}
    door.says(full, {"data": [item(callback_url=URL)]})
    assert flowroute(door).find(SPAN, TAG, SINCE).report_id == "38647"
    assert {one.path for one in door.heard} == {"/cdrs/exports"}
    assert [one.query for one in door.heard] == [{"limit": "200", "offset": str(n)} for n in (0, 200)]


def test_a_search_has_a_budget(door: Door) -> None:
    """A list that never ends is searched on at another tick."""
    door.says(*({"data": [item(n=n)] * LIMIT} for n in range(PAGES)))
    found = flowroute(door).find(SPAN, TAG, SINCE)
    assert (found.report_id, found.complete) == (None, False)
    assert len(door.heard) == PAGES <= 20


def test_a_page_that_is_shorter_than_asked_for_skips_nothing(door: Door) -> None:
    """The next one begins after what came, not after what was asked for."""
    door.says({"data": [item(n=1)] * 10}, {"data": [item(n=2)] * 10}, {"data": []})
    found = flowroute(door).find(SPAN, TAG, SINCE)
    assert (found.report_id, found.complete) == (None, True)
    assert [one.query["offset"] for one in door.heard] == ["0", "10", "20"]


def test_an_id_stays_within_the_vendor_s_own_path(door: Door) -> None:
    """Whatever a vendor calls an export."""
    door.says(wrapped("processing"))
    for odd in ("../../other", "7?x=1", "//evil.example/"):
        flowroute(door).look(odd)
    assert all(one.path.startswith("/cdrs/exports/") and not one.query for one in door.heard)


def test_a_list_that_is_none_is_unclear(door: Door) -> None:
    """Absent is something else."""
    door.says({"data": {}})
    with pytest.raises(Unclear, match="list: not a list"):
        flowroute(door).find(SPAN, TAG, SINCE)


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ({"requested_at": SINCE.isoformat(), "filter_parameters": SPAN}, True),
        ({"requested_at": SINCE.isoformat(), **SPAN, "filter_parameters": {}}, True),
        ({"requested_at": (SINCE - timedelta(minutes=4)).isoformat(), **SPAN}, True),  # their clock is another
        ({"requested_at": (SINCE - timedelta(minutes=6)).isoformat(), **SPAN}, False),
        ({"requested_at": SINCE.isoformat(), **SPAN, "start_call_end_time": "2026-11-20 12:00:00"}, False),
        ({"requested_at": "now", **SPAN}, False),
        ({**SPAN}, False),
        ({"requested_at": SINCE.isoformat(), **SPAN, "callback_url": "https://example.com/callbacks/x/y"}, False),
    ],
)
def test_without_a_callback_the_echoed_window_tells(door: Door, attributes: dict[str, Any], found: bool) -> None:
    """Asked for since we did, for the same span, and with no callback of somebody else."""
    door.says({"data": [item(**attributes)]})
    assert (flowroute(door).find(SPAN, TAG, SINCE).report_id is not None) is found


@pytest.mark.parametrize(("echoed", "found"), [(["Office 221"], True), (None, True), (["Office 888"], False)])
def test_an_echoed_filter_that_contradicts_is_of_another_export(door: Door, echoed: Any, found: bool) -> None:
    """Two exports of one account may ask for the same window; what is not echoed contradicts nothing."""
    door.says({"data": [item(requested_at=SINCE.isoformat(), **SPAN, number_aliases=echoed)]})
    asked = {**SPAN, "number_aliases": ["Office 221"]}
    assert (flowroute(door).find(asked, TAG, SINCE).report_id is not None) is found
