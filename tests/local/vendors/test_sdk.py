"""Telnyx's own client, unchanged, against the simulated V2: what it sends is understood, what it gets is typed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from inspect import signature
from typing import Any

import pytest
import telnyx
from telnyx.resources.legacy.reporting.batch_detail_records.voice import VoiceResource
from telnyx.types.legacy.reporting.batch_detail_records import CdrDetailedReqResponse, VoiceRetrieveFieldsResponse

from lambdas.core.exports import parse
from lambdas.core.windows import Window
from lambdas.vendors import FACTS
from lambdas.vendors.telnyx import Telnyx as Adapter
from lambdas.web import Web
from local.vendors.telnyx import Telnyx as Simulator
from local.vendors.telnyx_file import HEADINGS
from tests.local.vendors.asking import WINDOW, rows
from tests.local.vendors.conftest import World

START, END = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
EVERYTHING: dict[str, Any] = {
    "start_time": START,
    "end_time": END,
    "call_types": [1, 2],
    "record_types": [1, 2, 3],
    "connections": [1293384261075731461, 17],
    "fields": ["unique_cdr_id", "start_timestamp", "cost"],
    "filters": [
        {"filter_type": "and", "cli": "+1206", "cli_filter": "starts_with"},
        {"filter_type": "or", "cld": "7", "cld_filter": "ends_with", "tags_list": "vip", "billing_group": "a-uuid"},
    ],
    "include_all_metadata": True,
    "managed_accounts": ["f47ac10b-58cc-4372-a567-0e02b2c3d479"],
    "report_name": "cdr1.tag",
    "select_all_managed_accounts": True,
    "source": "call-control",
    "timezone": "America/New_York",
}
NEEDED = ("start_timestamp_utc", "answer_timestamp", "end_timestamp", "cost")  # by our check of `fields`
UNTOLD = {"fields", "include_all_metadata", "select_all_managed_accounts"}  # no answer repeats them
ALL: dict[str, Any] = {name: EVERYTHING[name] for name in ("start_time", "end_time", "call_types", "record_types")}


def client(vendor: Simulator, key: str | None = None) -> telnyx.Telnyx:
    """As its documentation makes one, but strict: an answer that cannot be read as its declared types is an error."""
    return telnyx.Telnyx(
        api_key=key or vendor.credentials["key"],
        base_url=f"{vendor.root}/v2",
        max_retries=0,
        _strict_response_validation=True,
    )


@pytest.fixture
def voice(telnyx_vendor: Simulator) -> Iterator[VoiceResource]:
    with client(telnyx_vendor) as sdk:
        yield sdk.legacy.reporting.batch_detail_records.voice


def adapter(vendor: Simulator, options: str = "") -> Adapter:
    """Ours, on V2."""
    text = (
        '[[export]]\nname = "main"\nvendor = "telnyx"\napi = "v2"\nstart = 2026-11-01\n'
        f'base_url = "{vendor.address("v2")}"\ndownload_from = ["{vendor.download_from}"]\n[export.options]\n{options}'
    )
    return Adapter(parse(text, "dev", FACTS).exports[0], vendor.credentials, Web())


def told(answer: CdrDetailedReqResponse | None) -> CdrDetailedReqResponse:
    assert answer is not None
    return answer


def created(voice: VoiceResource, **more: Any) -> str:
    """The id of a new report."""
    id = told(voice.create(**{**ALL, **more}).data).id
    assert id is not None
    return id


def test_every_parameter_is_sent_and_every_field_is_told(voice: VoiceResource) -> None:
    """A newer client with another parameter or another field makes this fail, so that the simulator follows."""
    settings = {"extra_headers", "extra_query", "extra_body", "timeout"}
    assert set(signature(voice.create).parameters) - settings == set(EVERYTHING)
    answer = told(voice.create(**EVERYTHING).data)
    assert answer.model_fields_set == set(CdrDetailedReqResponse.model_fields)
    assert not answer.model_extra


def test_a_request_comes_back_in_typed_values(voice: VoiceResource) -> None:
    """By create, retrieve and the list alike; a connection of nineteen digits comes through whole."""
    made = told(voice.create(**EVERYTHING).data)
    assert made.id is not None
    heard = made.to_dict()
    sent = {name: value for name, value in EVERYTHING.items() if name not in UNTOLD}
    assert {name: heard[name] for name in sent} == {**sent, **WINDOW}
    assert (made.status, made.report_url, made.retry, made.record_type) == (1, None, 0, "cdr_detailed_report")
    assert made.created_at == made.updated_at == "2026-11-23T09:00:00+00:00"
    assert voice.retrieve(made.id).data == made
    assert voice.list().data == [made]


def test_a_report_completes_and_its_link_downloads(voice: VoiceResource, world: World) -> None:
    """Status 1, then 2 with a file that has the wanted columns in the wanted zone."""
    wanted = {"fields": EVERYTHING["fields"], "timezone": "America/New_York"}
    id = created(voice, **wanted)
    turns = 0
    while (report := told(voice.retrieve(id).data)).status == 1:
        world.after(seconds=1)
        turns += 1
    assert (report.status, 0 < turns < 10) == (2, True)
    assert report.report_url is not None
    found = rows(report.report_url)
    assert list(found[0]) == ["Unique CDR ID", "Cost", "Start Timestamp"]
    times = sorted(row["Start Timestamp"] for row in found)
    assert "2026-11-19 19:00:00" <= times[0] < times[-1] < "2026-11-20 19:00:00"


def test_the_list_is_paged_with_its_meta(voice: VoiceResource) -> None:
    """The client's own list takes no page, so the numbers go beside it."""
    made = [created(voice, report_name=f"n{n}") for n in range(3)]
    listed = voice.list(extra_query={"page[number]": 2, "page[size]": 2})
    assert [one.id for one in listed.data or []] == made[:1]
    assert listed.meta is not None
    assert listed.meta.to_dict() == {"page_number": 2, "page_size": 2, "total_pages": 2, "total_results": 3}


def test_a_deleted_report_is_shown_once_more_and_gone(voice: VoiceResource) -> None:
    """The answer to a delete is the report."""
    id = created(voice)
    assert told(voice.delete(id).data).id == id
    assert voice.list().data == []
    with pytest.raises(telnyx.NotFoundError, match="10005"):
        voice.retrieve(id)


def test_every_available_field_can_be_asked_for(voice: VoiceResource, world: World) -> None:
    """All four groups have names, and a report of all of them has all their columns."""
    groups = voice.retrieve_fields()
    assert groups.model_fields_set == set(VoiceRetrieveFieldsResponse.model_fields)
    assert not groups.model_extra
    lists = (groups.interaction_data, groups.number_information, groups.telephony_data, groups.billing)
    names = [name for group in lists for name in group or []]
    id = created(voice, fields=names)
    world.after(seconds=10)
    link = told(voice.retrieve(id).data).report_url
    assert link is not None
    assert set(rows(link)[0]) == {HEADINGS[name] for name in names}


def test_a_wrong_key_is_an_authentication_error(telnyx_vendor: Simulator) -> None:
    """In the client's own class, with the vendor's code."""
    with client(telnyx_vendor, "KEY-wrong") as sdk, pytest.raises(telnyx.AuthenticationError, match="10009"):
        sdk.legacy.reporting.batch_detail_records.voice.list()


def test_too_many_requests_are_a_rate_limit_error(telnyx_vendor: Simulator, voice: VoiceResource) -> None:
    """With the vendor's headers; the next request is answered."""
    telnyx_vendor.faults.add("throttled")
    with pytest.raises(telnyx.RateLimitError, match="10011") as error:
        voice.list()
    assert error.value.response.headers["x-ratelimit-reset"].isdigit()
    assert voice.list().data == []


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"end_time": telnyx.omit}, telnyx.UnprocessableEntityError),
        ({"end_time": None}, telnyx.UnprocessableEntityError),
        ({"timezone": "Mars/Olympus"}, telnyx.UnprocessableEntityError),
        ({"fields": ["cost", "colour"]}, telnyx.UnprocessableEntityError),
        ({"source": "carrier-pigeon"}, telnyx.BadRequestError),
    ],
)
def test_a_request_that_will_not_do_is_refused(
    telnyx_vendor: Simulator, voice: VoiceResource, change: dict[str, Any], error: type[telnyx.APIStatusError]
) -> None:
    """The error names the field, and nothing is created."""
    with pytest.raises(error, match=next(iter(change))):
        voice.create(**ALL, extra_body=change)
    assert telnyx_vendor.created == []


def test_what_our_adapter_asked_for_the_client_reads(telnyx_vendor: Simulator, voice: VoiceResource) -> None:
    """Under the tag as its report's name, and with all that was asked, in the types that the client declares."""
    ours = adapter(
        telnyx_vendor,
        """connections = ["1293384261075731461"]
        filters = [{ filter_type = "and", billing_group = "a-uuid" }, { filter_type = "or", tags_list = "vip" }]
        managed_accounts = ["f47ac10b-58cc-4372-a567-0e02b2c3d479"]""",
    )
    id = ours.ask(ours.fields(Window(START, 86_400, "call-control")), "cdr1.ours", None)
    report = told(voice.retrieve(id).data)
    assert (report.report_name, report.source, report.timezone) == ("cdr1.ours", "call-control", "UTC")
    assert {"start_time": report.start_time, "end_time": report.end_time} == WINDOW
    assert (report.call_types, report.record_types) == ([1, 2], [1, 2, 3])
    assert report.connections == [1293384261075731461]
    assert [one.to_dict() for one in report.filters or []] == [
        {"filter_type": "and", "billing_group": "a-uuid"},
        {"filter_type": "or", "tags_list": "vip"},
    ]
    assert report.managed_accounts == ["f47ac10b-58cc-4372-a567-0e02b2c3d479"]


def test_our_adapter_sends_what_the_clients_types_allow(telnyx_vendor: Simulator, voice: VoiceResource) -> None:
    """The same request by both is the same body, down to the integers."""
    ours = adapter(telnyx_vendor, f'connections = ["17"]\nfields = {["sip_call_id", *NEEDED]}')
    window = Window(START, 86_400, "calls")
    ours.ask(ours.fields(window), "cdr1.same", None)
    fields = ["sip_call_id", *NEEDED]
    voice.create(**ALL, connections=[17], fields=fields, source="calls", timezone="UTC", report_name="cdr1.same")
    first, second = (one.body for one in telnyx_vendor.created)
    assert first == second


def test_what_the_client_asked_for_our_adapter_finds(
    telnyx_vendor: Simulator, voice: VoiceResource, world: World
) -> None:
    """By its name, among others; then it looks at it and discards it as its own."""
    ours = adapter(telnyx_vendor)
    id = created(voice, report_name="cdr1.theirs")
    created(voice, report_name="another")
    found = ours.find({}, "cdr1.theirs", world.now)
    assert found.report_id == id
    world.after(seconds=10)
    (file,) = ours.look(id).files
    assert rows(file.url)
    ours.discard(id)
    with pytest.raises(telnyx.NotFoundError):
        voice.retrieve(id)
