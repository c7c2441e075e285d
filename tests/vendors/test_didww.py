"""DIDWW's own words: a pinned version, a tag of at most 100 characters, a file that needs the key."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from lambdas.core.errors import Declined, Unclear
from lambdas.core.progress import State
from lambdas.core.tags import SHAPE
from lambdas.core.windows import Window
from lambdas.vendors.didww import LONGEST, MEDIA, SIZE, VERSION, Didww, reference
from lambdas.vendors.paging import PAGES
from lambdas.web import Web
from tests.core.making import export as silent
from tests.core.making import mistakes, table
from tests.core.making import window as span
from tests.vendors.door import Door
from tests.vendors.making import export

KEY = "key-of-mine"
SINCE = datetime(2026, 11, 23, 9, tzinfo=UTC)
SPAN = {"from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z"}
FIELDS = {"export_type": "cdr_in", "filters": SPAN}
TAG = "cdr1.0a1b2c3d.main.20261120T000000Z.86400.inbound.r0.a1.0a1b2c3d"
TRUNK = "457bf47d-446d-41cd-91c3-dfbda7bf0753"
URL = f"https://example.com/callbacks/{TAG}/word"


def didww(door: Door, options: str = "") -> Didww:
    return Didww(export("didww", door.url, options), {"key": KEY}, Web())


def window(source: str) -> Window:
    return span(20, source=source)


def shown(status: Any = "completed", **attributes: Any) -> dict[str, Any]:
    """DIDWW's answer about one export."""
    return {"data": {"type": "exports", "id": "77ebb57f", "attributes": {"status": status, **attributes}}}


def item(reference: str | None) -> dict[str, Any]:
    """An item of the list."""
    one: dict[str, Any] = shown(external_reference_id=reference)["data"]
    return one


def test_without_a_word_the_vendor_s_own_addresses_are_asked() -> None:
    """At the pinned version; its files come from there alone."""
    made = silent(vendor='"didww"')
    assert (made.api, made.base_url) == (VERSION, "https://api.didww.com/v3")
    assert made.download_from == ("https://api.didww.com/v3/exports/",)


def test_each_direction_is_a_report_of_its_own(door: Door) -> None:
    """Half-open, UTC, with nothing but the window."""
    assert didww(door).fields(window("inbound")) == FIELDS
    assert didww(door).fields(window("outbound")) == {"export_type": "cdr_out", "filters": SPAN}
    assert export("didww", door.url).sources == ("inbound", "outbound")


def test_the_retention_is_the_shortest_that_two_whole_months_mean() -> None:
    """Counted on every day of some years: what lies in the current month or the two before it."""
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(4 * 365)]
    spans = [one - date(one.year - (one.month < 3), (one.month + 9) % 12 + 1, 1) for one in days]
    assert min(spans) == Didww.facts.retention


@pytest.mark.parametrize(
    ("source", "options", "filters"),
    [
        ("inbound", 'export_type = "cdr_in"\ndid_number = "12065550100"', {"did_number": "12065550100"}),
        ("outbound", f'export_type = "cdr_out"\n"voice_out_trunk.id" = "{TRUNK}"', {"voice_out_trunk.id": TRUNK}),
    ],
)
def test_a_filter_narrows_one_direction(door: Door, source: str, options: str, filters: dict[str, str]) -> None:
    """The other one is not asked for, and the request says by which filter calls are left out."""
    fields = didww(door, options).fields(window(source))
    assert fields["filters"] == {**SPAN, **filters}
    assert export("didww", door.url, options).sources == (source,)
    assert Didww.facts.narrows(fields) == tuple(filters)
    assert Didww.facts.narrows(FIELDS) == Didww.facts.narrows({}) == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('from = "2026-11-20"', "ours to set"),
        ('external_reference_id = "x"', "ours to set"),
        ('callback_method = "get"', "ours to set"),
        ('export_type = "sms_in"', "one of cdr_in, cdr_out; leave it out for both"),
        ("did_number = 12065550100", 'such as "12065550100"'),
        ('did_number = "12065550100"', 'add export_type = "cdr_in"'),
        (f'"voice_out_trunk.id" = "{TRUNK}"', 'add export_type = "cdr_out"'),
        (f'voice_out_trunk.id = "{TRUNK}"', '"voice_out_trunk.id" = "..."'),
        ('"voice_out_trunk.id" = "main"', f'such as "{TRUNK}"'),
        ('direction = "inbound"', "not a field of DIDWW's request"),
    ],
)
def test_a_mistake_in_the_options_is_told_with_what_to_write(line: str, told: str) -> None:
    """Ours to set, of another shape, of the other direction, or no field at all."""
    text = table(vendor='"didww"')
    assert any(told in one for one in mistakes(f"{text}\n[export.options]\n{line}"))


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("given", ["77ebb57f", 77])
def test_an_export_is_created_at_the_pinned_version(door: Door, status: int, given: Any) -> None:
    """Any 2xx is a yes, whatever the id is; the key stands alone, and the tag is the reference."""
    door.says({"data": {"id": given}, "meta": {"api_version": "2027-01-01"}}, status=status)
    assert didww(door).ask(FIELDS, TAG, URL) == str(given)
    (heard,) = door.heard
    assert (heard.method, heard.path) == ("POST", "/exports")
    assert heard.headers["Content-Type"] == heard.headers["Accept"] == MEDIA
    assert (heard.headers["Api-Key"], heard.headers["X-Didww-Api-Version"]) == (KEY, VERSION)
    told = {"callback_url": URL, "callback_method": "post", "external_reference_id": TAG}
    assert heard.body == {"data": {"type": "exports", "attributes": {**FIELDS, **told}}}


def test_without_a_door_of_ours_no_callback_is_asked_for(door: Door) -> None:
    """Neither where to nor how."""
    door.says({"data": {"id": "1"}})
    didww(door).ask(FIELDS, TAG, None)
    assert set(door.heard[0].body["data"]["attributes"]) == {*FIELDS, "external_reference_id"}


def test_a_request_that_is_not_taken_is_declined_in_the_vendors_words(door: Door) -> None:
    """The date range, say."""
    door.says({"errors": [{"title": "x", "detail": "filters - is invalid", "code": "100"}]}, status=422)
    with pytest.raises(Declined, match=r"didww: create: HTTP 422 \(filters - is invalid\)"):
        didww(door).ask(FIELDS, TAG, None)


def test_a_tag_that_is_too_long_becomes_a_recognisable_digest() -> None:
    """The longest name of an export makes tags of over 100 characters; each keeps a reference of its own."""
    long = [TAG.replace("main", "e" * 40).replace("inbound.r0", f"outbound.r{n}") for n in range(10, 12)]
    assert all(SHAPE.fullmatch(one) and len(one) > LONGEST for one in long)
    made = {reference(one) for one in long}
    assert len(made) == 2 and all(one.startswith("cdr1.") and len(one) <= LONGEST for one in made)
    assert reference(TAG) == TAG and reference("x" * LONGEST) == "x" * LONGEST


def test_an_export_is_found_by_its_reference_compared_exactly(door: Door) -> None:
    """The vendor's filter is asked for and not believed."""
    near = [item(TAG + "0"), item(TAG[:-1]), item(None), {"id": "9"}, None]
    door.says({"data": [*near, item(TAG)]})
    assert didww(door).find(FIELDS, TAG, SINCE).report_id == "77ebb57f"
    assert door.heard[0].query == {
        "filter[external_reference_id]": TAG, "page[number]": "1", "page[size]": str(SIZE),
    }  # fmt: skip
    door.answers.clear()
    door.says({"data": near}, {"data": []})
    found = didww(door).find(FIELDS, TAG, SINCE)
    assert (found.report_id, found.complete) == (None, True)


def test_a_long_tag_is_found_by_its_digest(door: Door) -> None:
    """As it was sent."""
    long = TAG + "0" * LONGEST
    door.says({"data": [item(reference(long))]})
    assert didww(door).find(FIELDS, long, SINCE).report_id == "77ebb57f"


def test_pages_are_turned_by_number_and_links_are_never_followed(door: Door) -> None:
    """Until a page is empty, or the same again."""
    full = {"data": [item(None)] * SIZE, "links": {"next": f"{door.url}/elsewhere"}}
    door.says(full, {"data": [item("other")]}, {"data": [item(TAG)]})
    assert didww(door).find(FIELDS, TAG, SINCE).report_id == "77ebb57f"
    assert {one.path for one in door.heard} == {"/exports"}
    assert [one.query["page[number]"] for one in door.heard] == ["1", "2", "3"]
    door.answers.clear()
    door.says(full)
    assert didww(door).find(FIELDS, TAG, SINCE).complete


def test_a_search_has_a_budget_and_goes_on_where_it_stopped(door: Door) -> None:
    """A list that never ends is searched on at another tick."""
    door.says(*({"data": [item(f"other{n}")]} for n in range(PAGES + 1)))
    found = didww(door).find(FIELDS, TAG, SINCE)
    assert (found.report_id, found.complete, found.page) == (None, False, PAGES)
    didww(door).find(FIELDS, TAG, SINCE, found.page)
    assert door.heard[PAGES].query["page[number]"] == str(PAGES + 1)


def test_a_list_that_is_none_is_unclear(door: Door) -> None:
    """Absent is something else."""
    door.says({"data": {}})
    with pytest.raises(Unclear, match="list: not a list"):
        didww(door).find(FIELDS, TAG, SINCE)


@pytest.mark.parametrize("status", ["completed", "Completed"])
def test_a_completed_export_has_a_file_that_needs_the_key(door: Door, status: str) -> None:
    """In the file's headers, and in no text of it."""
    link = "https://api.didww.com/v3/exports/a4f6b765.csv.gz"
    door.says(shown(status, url=link))
    progress = didww(door).look("77ebb57f")
    assert progress.state is State.READY
    assert [(file.url, dict(file.headers)) for file in progress.files] == [(link, {"Api-Key": KEY})]
    assert KEY not in repr(progress) and link not in repr(progress)


@pytest.mark.parametrize("status", ["pending", "processing", "Pending", "Processing"])
def test_an_export_that_is_not_completed_is_pending(door: Door, status: str) -> None:
    """In any case."""
    door.says(shown(status, url=None))
    progress = didww(door).look("77ebb57f")
    assert (progress.state, progress.files) == (State.PENDING, ())


def test_an_export_that_is_completed_without_a_file_is_unclear(door: Door) -> None:
    """The link may come a moment later; DIDWW has no word for a failure."""
    door.says(shown(url=None))
    with pytest.raises(Unclear, match="didww: retrieve: completed, but without a url"):
        didww(door).look("77ebb57f")


@pytest.mark.parametrize("status", ["failed", "deleted", "", None, 2])
def test_any_other_status_is_unclear(door: Door, status: Any) -> None:
    """Never a guess, however plain the word."""
    door.says(shown(status, url="https://host/a?sig"))
    with pytest.raises(Unclear, match="didww: retrieve: unknown status") as unclear:
        didww(door).look("77ebb57f")
    assert "sig" not in str(unclear.value.facts)


@pytest.mark.parametrize("body", [[], {}, {"data": []}, {"data": {"attributes": {}}}])
def test_an_answer_without_an_id_is_unclear(door: Door, body: Any) -> None:
    """Of a create as of a look."""
    door.says(body)
    for call in (lambda: didww(door).ask(FIELDS, TAG, None), lambda: didww(door).look("1")):
        with pytest.raises(Unclear, match=r"didww: (create|retrieve): "):
            call()


def test_an_id_is_quoted_in_the_path(door: Door) -> None:
    """Whatever it holds, it climbs nowhere."""
    door.says(shown("pending"))
    didww(door).look("a/../b?c")
    (heard,) = door.heard
    assert (heard.path, heard.query) == ("/exports/a/../b?c", {})
