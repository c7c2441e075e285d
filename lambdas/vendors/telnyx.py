"""Telnyx: CDR Reports V1 (shared/seeds), polled, and its V2 twin with a Bearer key and an envelope."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from lambdas.core import filters
from lambdas.core.errors import Gone, Unclear
from lambdas.core.exports import Export
from lambdas.core.facts import Facts, Limits, Mistake, Options
from lambdas.core.mapping import MONEY, REAL, TEXT, TIME, WHOLE, WORD, Columns, From, Party
from lambdas.core.progress import File, Found, Progress, State
from lambdas.core.windows import Window
from lambdas.vendors.interface import Vendor
from lambdas.web import Web

CALL_TYPES = {"inbound": 1, "outbound": 2}
RECORD_TYPES = {"complete": 1, "incomplete": 2, "errors": 3}
SOURCES = ("calls", "call-control")
STATES = {1: State.PENDING, 2: State.READY, 3: State.FAILED, 4: State.EXPIRED}
PATH = "/reporting/cdr_requests"
# V2's own: the SDK and the OpenAPI document name the first, newer pages the second (shared/vendors.md).
PREFIXES = ("/legacy/reporting/batch_detail_records/voice", "/legacy_reporting/batch_detail_records/voice")
# Hangup causes (FreeSWITCH's names of Q.850) of calls that were not answered, by what became of the call.
CAUSES = {
    "busy": "user_busy",
    "no_answer": "no_answer no_user_response allotted_timeout progress_timeout recovery_on_timer_expire",
    "cancelled": "originator_cancel lose_race",
    "rejected": "call_rejected",
    "failed": "unallocated_number invalid_number_format no_route_destination network_out_of_order mandatory_ie_missing"
    " normal_temporary_failure normal_circuit_congestion switch_congestion destination_out_of_order gateway_down"
    " incompatible_destination service_unavailable user_not_registered subscriber_absent",
}
# "end_time ... must be less than 24 hours from now" has three readings: a latest end, a longest span, an oldest end.
# The first two are kept to at no cost. The third would forbid every backfill, so it is not assumed: a refusal tells.
LIMITS = Limits(longest=timedelta(days=1), latest_end=timedelta(days=1), oldest_end=None)
OURS = ("start_time", "end_time", "report_name")
PER_PAGE, PAGES = 1000, 10  # the most per page that V1 gives; so many pages are searched at a time


def _check(options: Options, api: str) -> list[Mistake]:
    wrong: list[Mistake] = [(name, "ours to set; remove it") for name in OURS if name in options]
    for name, words in (("call_types", CALL_TYPES), ("record_types", RECORD_TYPES)):
        if name in options and not _some(options[name], (*words, *words.values())):
            wrong.append((name, f"a list of {', '.join(words)}; leave it out for all of them"))
    if "source" in options and options["source"] not in SOURCES:
        wrong.append(("source", f"one of {', '.join(SOURCES)}; leave it out for both"))
    if "connections" in options and not _texts(options["connections"]):
        wrong.append(("connections", 'a list of connection ids in quotes, such as ["1234567890"]'))
    if "filters" in options:
        wrong += [("filters", what) for what in filters.check(options["filters"])]
    known = (*OURS, "call_types", "record_types", "connections", "source", "filters")
    return wrong + [
        (name, f"not a field of Telnyx's {api} request, or not yet built") for name in options if name not in known
    ]


def _some(value: Any, words: tuple[Any, ...]) -> bool:
    return isinstance(value, list) and bool(value) and all(word in words for word in value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)


def _sources(options: Options, _api: str) -> tuple[str, ...]:
    """One report covers one source, so all of an account takes one request for each (shared/vendors.md)."""
    return (str(options["source"]),) if "source" in options else SOURCES


def _narrows(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Which fields of a request leave calls out."""
    whole = {"call_types": CALL_TYPES, "record_types": RECORD_TYPES}
    found = [name for name, words in whole.items() if set(fields.get(name, ())) < set(words.values())]
    return (*found, *(name for name in ("connections", "filters") if fields.get(name)))


class Telnyx:
    """One Telnyx account; `api` of the export chooses V1 or V2."""

    facts: ClassVar[Facts] = Facts(
        name="telnyx",
        calls_back=False,
        retention=timedelta(days=30),  # "CDRs are available for 30 days"
        list_grace=timedelta(minutes=15),
        selects_by="unknown",  # by a call's start, end or record time: no document says
        record_lag=timedelta(hours=1),
        limits=LIMITS,
        first_wait=60,
        patience=timedelta(hours=4),
        apis={"v1": "https://api.telnyx.com", "v2": "https://api.telnyx.com/v2"},
        secret={"v1": ("user", "token"), "v2": ("key",)},
        download_from=("https://portal.telnyx.com/",),
        check=_check,
        sources=_sources,
        narrows=_narrows,
        discards=True,
        prefixes={"v2": PREFIXES},
    )
    columns: ClassVar[Columns] = Columns(
        fields={
            "row_id": From(TEXT, ("unique cdr id",)),
            "call_id": From(TEXT, ("call uuid",)),
            "sip_call_id": From(TEXT, ("sip call id",)),
            "account_id": From(TEXT, ("account id",)),
            "direction": From(WORD, ("direction",)),
            "started_at": From(TIME, ("start timestamp utc", "start timestamp")),
            "answered_at": From(TIME, ("answer timestamp utc", "answer timestamp")),
            "ended_at": From(TIME, ("end timestamp utc", "end timestamp")),
            "duration_s": From(WHOLE, ("call duration",)),
            "billed_s": From(WHOLE, ("billable time",)),
            "hangup_cause": From(TEXT, ("hangup cause",)),
            "result": From(WORD, ("hangup cause",)),
            "rate": From(MONEY, ("rate",)),
            "cost": From(MONEY, ("cost",)),
            "route": From(TEXT, ("route",)),
            "connection_id": From(TEXT, ("connection id",)),
            "billing_group": From(TEXT, ("billing group",)),
            "tags": From(TEXT, ("tags",)),
            "mos": From(REAL, ("mos",)),
            "from_state": From(TEXT, ("originating state",)),
            "to_state": From(TEXT, ("terminating state",)),
            "from_lata": From(TEXT, ("originating lata",)),
            "to_lata": From(TEXT, ("terminating lata",)),
        },
        caller=Party(("originating number",)),
        callee=Party(("terminating number", "full terminating number")),
        words={
            "direction": {"inbound": "inbound", "outbound": "outbound"},
            "result": {cause: result for result, causes in CAUSES.items() for cause in causes.split()},
        },
        answered="time",
        cause_code="hangup code",
        # PDD's unit is nowhere documented; the countries come as names.
        left=("pdd", "billing group id", "originating country", "terminating country"),
    )

    def __init__(self, export: Export, secret: Mapping[str, str], web: Web) -> None:
        self._export, self._web = export, web
        self._v2 = export.api == "v2"
        self._url = export.base_url + (export.prefix or PATH)
        # V1 takes the portal's user and token, neither Basic nor Bearer (shared/vendors.md).
        self._headers = (
            {"Authorization": f"Bearer {secret['key']}"}
            if self._v2
            else {"x-api-user": secret["user"], "x-api-token": secret["token"]}
        )

    def fields(self, window: Window) -> dict[str, Any]:
        """Both directions and all record types unless narrowed: Telnyx's own defaults leave calls out."""
        options = self._export.options
        asked: dict[str, Any] = {
            "start_time": _time(window.start),
            "end_time": _time(window.end),
            "call_types": _numbers(options.get("call_types"), CALL_TYPES),
            "record_types": _numbers(options.get("record_types"), RECORD_TYPES),
            "source": window.source,
        }
        asked |= {name: options[name] for name in ("connections", "filters") if name in options}
        return asked | ({"timezone": "UTC"} if self._v2 else {})

    def ask(self, fields: Mapping[str, Any], tag: str, callback_url: str | None) -> str:
        """Create the report; the tag is its `report_name`, and there is no callback (shared/vendors.md)."""
        body = self._call("create", "POST", json={**fields, "report_name": tag})
        return str(_object(self._open(body), "create")["id"])

    def find(self, fields: Mapping[str, Any], tag: str, since: datetime, page: int = 0) -> Found:
        """Search the list for the tag; so many pages at a time, and only an empty one is surely the last."""
        names = ("page[number]", "page[size]") if self._v2 else ("page", "per_page")
        for number in range(page + 1, page + 1 + PAGES):
            body = self._call("list", "GET", params={names[0]: number, names[1]: PER_PAGE})
            rows = self._open(body)
            if not isinstance(rows, list):
                raise Unclear("telnyx: list: not a list of requests")
            for row in rows:
                if isinstance(row, Mapping) and row.get("report_name") == tag:
                    return Found(str(row["id"]), complete=True)
            if not rows or (self._v2 and number >= _pages(body)):
                return Found(None, complete=True)
        return Found(None, complete=False, page=page + PAGES)

    def look(self, report_id: str) -> Progress:
        """Status 1 to 4; any other is an error, for nobody knows what it means."""
        try:
            row = _object(self._open(self._call("retrieve", "GET", f"/{report_id}")), "retrieve")
        except Gone:
            return Progress(State.GONE)
        said = row.get("status")
        if not isinstance(said, int) or said not in STATES:
            raise Unclear(f"telnyx: retrieve: unknown status {said!r:.40}", status=str(said)[:40])
        state = STATES[said]
        url = row.get("report_url")
        if state is State.READY and not url:
            raise Unclear("telnyx: retrieve: complete, but without a report_url")
        return Progress(state, files=(File(_secure(str(url))),) if state is State.READY else ())

    def discard(self, report_id: str) -> None:
        """Delete the request at the vendor; one that is gone already is as good as deleted."""
        try:
            self._call("delete", "DELETE", f"/{report_id}")
        except Gone:
            return

    def _call(self, what: str, method: str, path: str = "", **how: Any) -> Any:
        return self._web.call("telnyx", what, method, self._url + path, headers=self._headers, **how).body

    def _open(self, body: Any) -> Any:
        """What is in V2's envelope; V1 has none."""
        if not self._v2:
            return body
        if not isinstance(body, Mapping) or "data" not in body:
            raise Unclear("telnyx: an answer without data")
        return body["data"]


def _pages(body: Mapping[str, Any]) -> float:
    """How many pages V2 says there are; without a word of it, only an empty one ends the list."""
    pages = (body.get("meta") or {}).get("total_pages")
    return pages if isinstance(pages, int) else float("inf")


def _numbers(words: list[Any] | None, known: Mapping[str, int]) -> list[int]:
    return sorted({known.get(word, word) for word in words}) if words else list(known.values())


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _secure(url: str) -> str:
    """The documented example of a link is plain http; the same host serves https, and only that is fetched."""
    return url.replace("http://portal.telnyx.com/", "https://portal.telnyx.com/", 1)


def _object(body: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(body, Mapping) or "id" not in body:
        raise Unclear(f"telnyx: {what}: an answer without an id")
    return body


VENDOR: type[Vendor] = Telnyx
