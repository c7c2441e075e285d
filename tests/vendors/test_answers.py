"""The answers that the vendors' documents, SDKs and clients show, each as a file: read leniently, unknown words not."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lambdas.core.errors import Declined, Gone, Problem, Refused, TryAgain, Unclear
from lambdas.core.progress import Progress, State
from lambdas.vendors import Discards, Vendor
from tests.core.making import NOW
from tests.vendors.door import Door
from tests.vendors.making import flowroute, telnyx

FOLDER = Path(__file__).parent / "answers"
FILES = {file.name: file.read_bytes() for file in sorted(FOLDER.iterdir())}
TAG = "cdr1.wanted"
CALLS: Mapping[str, Callable[[Vendor], Any]] = {
    "create": lambda vendor: vendor.ask({}, TAG, None),
    "list": lambda vendor: vendor.find({}, TAG, NOW).report_id,
    "retrieve": lambda vendor: vendor.look("7"),
    "delete": lambda vendor: vendor.discard("7") if isinstance(vendor, Discards) else None,
}
LINK = "https://portal.telnyx.com/downloads/report.csv"
# File, call, and what is made of it: a state and the link; an id; nothing; each for the vendor that the name tells.
READ: list[tuple[str, str, Any]] = [
    ("telnyx-v1-pending.json", "create", "5c3d2b1a-0001"),
    ("telnyx-v1-pending.json", "retrieve", (State.PENDING, None)),
    ("telnyx-v1-integers.json", "create", "7001"),
    ("telnyx-v1-integers.json", "retrieve", (State.PENDING, None)),
    ("telnyx-v1-complete.json", "retrieve", (State.READY, LINK)),
    ("telnyx-v1-unknown-fields.json", "retrieve", (State.READY, LINK)),
    ("telnyx-v1-failed.json", "retrieve", (State.FAILED, None)),
    ("telnyx-v1-expired.json", "retrieve", (State.EXPIRED, None)),
    ("telnyx-v1-list.json", "list", "5001"),
    ("telnyx-v1-deleted.json", "delete", None),
    ("telnyx-v2-pending.json", "create", "5c3d2b1a-0001"),
    ("telnyx-v2-pending.json", "retrieve", (State.PENDING, None)),
    ("telnyx-v2-complete.json", "retrieve", (State.READY, LINK)),
    ("telnyx-v2-list.json", "list", "a-uuid"),
    ("telnyx-v2-list-without-meta.json", "list", "a-uuid"),
    ("telnyx-v2-deleted.json", "delete", None),
    ("flowroute-created.json", "create", "38647"),
    ("flowroute-created-integer.json", "create", "38647"),
    ("flowroute-created.json", "retrieve", (State.PENDING, None)),
    ("flowroute-completed.json", "retrieve", (State.READY, "38647.csv.gz")),
    ("flowroute-completed-numbers.json", "retrieve", (State.READY, "38647.csv.gz")),
    ("flowroute-completed-null-totals.json", "retrieve", (State.READY, "38647.csv.gz")),
    ("flowroute-unknown-fields.json", "retrieve", (State.READY, "38647.csv.gz")),
    ("flowroute-failed.json", "retrieve", (State.FAILED, None)),
    ("flowroute-list.json", "list", "38648"),
    ("flowroute-list-once-wrapped.json", "list", "38648"),
]
# File, its HTTP status, call, the reaction, and a part of what is told.
WRONG: list[tuple[str, int, str, type[Problem], str]] = [
    ("telnyx-v1-status-five.json", 200, "retrieve", Unclear, "telnyx: retrieve: unknown status 5"),
    ("telnyx-v1-status-text.json", 200, "retrieve", Unclear, "telnyx: retrieve: unknown status 'complete'"),
    ("telnyx-v1-complete-without-link.json", 200, "retrieve", Unclear, "without a report_url"),
    ("telnyx-v1-without-id.json", 200, "create", Unclear, "telnyx: create: an answer without an id"),
    ("telnyx-v1-list-enveloped.json", 200, "list", Unclear, "telnyx: list: not a list"),
    ("telnyx-v1-not-deleted.json", 200, "delete", Declined, "telnyx: delete: not done (Report of [number] is locked)"),
    ("telnyx-v1-400.json", 400, "create", Declined, "telnyx: create: HTTP 400 (end_time: must be less than 24 hours"),
    ("telnyx-v1-400-filters.json", 400, "create", Declined, "telnyx: create: HTTP 400 (filters[0]: the first must be"),
    ("telnyx-v1-401.json", 401, "list", Refused, "telnyx: list: HTTP 401"),
    ("telnyx-429.json", 429, "create", TryAgain, "telnyx: create: HTTP 429"),
    ("telnyx-v2-bare.json", 200, "retrieve", Unclear, "telnyx: retrieve: an answer without data"),
    ("telnyx-v2-422.json", 422, "create", Declined, "telnyx: create: HTTP 422 (end_time: is required)"),
    ("flowroute-completed-odd-totals.json", 200, "retrieve", Unclear, "flowroute: retrieve: totals that are not"),
    ("flowroute-completed-without-link.json", 200, "retrieve", Unclear, "without a download_url"),
    ("flowroute-status-expired.json", 200, "retrieve", Unclear, "flowroute: retrieve: unknown status 'expired'"),
    ("flowroute-attributes-list.json", 200, "retrieve", Unclear, "flowroute: retrieve: unknown status 'None'"),
    ("flowroute-without-id.json", 201, "create", Unclear, "flowroute: create: an answer without an id"),
    ("flowroute-list-object.json", 200, "list", Unclear, "flowroute: list: not a list"),
    ("flowroute-422.json", 422, "create", Declined, "HTTP 422 (Invalid value: start_call_start_time is improperly"),
    ("flowroute-400.json", 400, "create", Declined, "flowroute: create: HTTP 400 (Bad Request, in"),
    ("flowroute-401.json", 401, "create", Refused, "flowroute: create: HTTP 401"),
    ("flowroute-403.json", 403, "list", Refused, "flowroute: list: HTTP 403"),
    ("flowroute-404.json", 404, "list", Gone, "flowroute: list: HTTP 404"),
    ("flowroute-405.json", 405, "create", Declined, "flowroute: create: HTTP 405"),
    ("flowroute-415.json", 415, "create", Declined, "flowroute: create: HTTP 415"),
    ("flowroute-429.json", 429, "create", TryAgain, "flowroute: create: HTTP 429"),
    ("flowroute-500.json", 500, "create", TryAgain, "flowroute: create: HTTP 500"),
    ("flowroute-503.json", 503, "create", TryAgain, "flowroute: create: HTTP 503"),
]
NO_JSON = {
    "page.html": "a page",
    "empty.txt": "empty",
    "garbled.txt": "cut short or garbled",
}
GONE = [("telnyx-v1-404.json", "telnyx"), ("flowroute-404.json", "flowroute")]
# Documented fields that repeat the request, that nobody needs, or that only lead to a warning: nothing hangs on them.
REPEATED = "start_time end_time call_types record_types connections report_name filters created_at updated_at"
IDLE: Mapping[str, str] = {
    "telnyx-v1-complete.json": REPEATED,
    "telnyx-v2-complete.json": f"{REPEATED} record_type retry source timezone managed_accounts",
    "flowroute-completed.json": "type links number_aliases start_call_start_time start_call_end_time callback_url"
    " filter_parameters requested_at created_at usf_fees ccrf billed_minutes call_subtotal connect_fees"
    " cnamlookup_fees",
}


def vendor(file: str, door: Door) -> Vendor:
    """The adapter that a file is for."""
    if file.startswith("flowroute"):
        return flowroute(door)
    return telnyx(door, api='"v2"' if "v2" in file else '"v1"')


def test_every_file_is_read_by_a_test() -> None:
    """None lies there for nothing."""
    used = {*(one[0] for one in READ), *(one[0] for one in WRONG), *NO_JSON, *(file for file, _ in GONE)}
    assert used == set(FILES)


@pytest.mark.parametrize(("file", "call", "found"), READ)
def test_a_documented_answer_is_understood(door: Door, file: str, call: str, found: Any) -> None:
    """Strings or integers, lists or texts, fields more or fewer, in either wrapping."""
    door.says(FILES[file])
    made = CALLS[call](vendor(file, door))
    if call != "retrieve":
        assert made == found
        return
    state, link = found
    assert made.state is state
    assert [link in one.url for one in made.files] == ([True] if link else [])


def replaced(answer: Any, name: str, odd: Any) -> Any:
    """The answer with another value wherever it has a field of that name."""
    if not isinstance(answer, dict):
        return answer
    return {key: odd if key == name else replaced(value, name, odd) for key, value in answer.items()}


@pytest.mark.parametrize(("file", "name"), [(file, name) for file, names in IDLE.items() for name in names.split()])
def test_a_field_that_is_not_read_decides_nothing(door: Door, file: str, name: str) -> None:
    """Whatever stands there, the report is as ready as before, with the same file and totals."""
    whole = json.loads(FILES[file])
    odd = [replaced(whole, name, value) for value in (None, "odd", -1, [None], {"a": 1})]
    assert all(one != whole for one in odd)
    door.says(whole, *odd)
    first, *others = (deciding(vendor(file, door).look("7")) for _ in (whole, *odd))
    assert first.state is State.READY
    assert all(one == first for one in others)


def deciding(progress: Progress) -> Progress:
    """Without the sums that lead to a warning at most."""
    return replace(progress, totals=replace(progress.totals, sums={}))


def test_every_other_total_is_read_and_what_is_no_number_says_nothing(door: Door) -> None:
    """By the column that it adds up; null is skipped."""
    whole = json.loads(FILES["flowroute-completed.json"])
    door.says(whole, replaced(replaced(whole, "usf_fees", "odd"), "ccrf", None))
    first, second = (flowroute(door).look("7").totals.sums for _ in range(2))
    assert set(first) == {"cost_subtotal", "connect_fee", "cnam_fee", "usf_fee", "ccrf", "billed_minutes"}
    assert first["billed_minutes"] == Decimal("1166.35")
    assert set(first) - set(second) == {"usf_fee", "ccrf"}


def test_totals_and_times_are_read_in_any_form(door: Door) -> None:
    """Decimal strings and numbers, any offset; null is nothing."""
    for file, cost in (("flowroute-completed.json", "6.98387894"), ("flowroute-completed-numbers.json", "6.98387894")):
        door.answers.clear()
        door.says(FILES[file])
        progress = flowroute(door).look("38647")
        assert (progress.totals.rows, progress.totals.cost) == (380, Decimal(cost))
        assert progress.expires_at == datetime(2019, 3, 21, 16, 45, tzinfo=UTC)
    door.answers.clear()
    door.says(FILES["flowroute-completed-null-totals.json"])
    progress = flowroute(door).look("38647")
    assert (progress.totals.rows, progress.totals.cost, progress.expires_at) == (None, None, None)


@pytest.mark.parametrize(("file", "status", "call", "kind", "said"), WRONG)
def test_what_is_not_understood_is_a_reaction(
    door: Door, file: str, status: int, call: str, kind: type[Problem], said: str
) -> None:
    """Which vendor, which call, and what; never a link, a number, a filter or a key."""
    door.says(FILES[file], status=status)
    with pytest.raises(kind) as problem:
        CALLS[call](vendor(file, door))
    told = f"{problem.value} {problem.value.facts}"
    assert said in told
    assert not any(one in told for one in ("hush", "5550123", "of-mine", "portal.telnyx"))


def test_an_answer_that_is_not_understood_keeps_its_harmless_fields(door: Door) -> None:
    """For the log: when and what, not where and whom."""
    door.says(FILES["telnyx-v1-status-five.json"])
    with pytest.raises(Unclear) as problem:
        telnyx(door).look("7")
    kept = problem.value.facts["answer"]
    assert (kept["status"], kept["created_at"]) == ("5", "'2026-11-23T09:00:00+00:00'")
    assert not {"report_url", "filters", "connections", "report_name"} & kept.keys()


@pytest.mark.parametrize(("file", "name"), GONE)
def test_a_report_that_is_not_found_is_gone(door: Door, file: str, name: str) -> None:
    """A state, not an error."""
    door.says(FILES[file], status=404)
    assert CALLS["retrieve"](vendor(file, door)).state is State.GONE
    assert name in file


@pytest.mark.parametrize("call", ["create", "list", "retrieve", "delete"])
@pytest.mark.parametrize("name", ["telnyx-v1", "telnyx-v2", "flowroute"])
@pytest.mark.parametrize(("file", "said"), NO_JSON.items())
def test_a_body_that_is_no_json_names_vendor_call_and_status(
    door: Door, name: str, call: str, file: str, said: str
) -> None:
    """A proxy's page, nothing at all, a cut answer."""
    if name == "flowroute" and call == "delete":
        assert not isinstance(flowroute(door), Discards)  # it has none
        return
    door.says(FILES[file])
    with pytest.raises(Unclear) as problem:
        CALLS[call](vendor(name, door))
    assert str(problem.value) == f"{name.partition('-')[0]}: {call}: HTTP 200 without JSON: {said}"
